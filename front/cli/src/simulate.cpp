// `mains simulate`: the scheduler on virtual time.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>

#include <simulate/report.hpp>

#include "leaf.hpp"
#include "table.hpp"

namespace cli {
namespace {

struct SimulateWords {
  std::string load;
  std::vector<std::string> traces;
  std::vector<std::string> policies;
  std::string machine = "a10g";
  std::string out;
  double minutes = 10;
  double per_minute = 600;
  double speed = 1;
  std::uint32_t tenants = 1000;
  std::uint64_t seed = 1;
  std::optional<std::uint32_t> kv_tokens;
  std::optional<std::uint32_t> lanes;
  simulate::Options house;
};

base::Result<simulate::Load, std::string> load_of(const SimulateWords& options) {
  if (options.load == "overload") {
    return simulate::overload(options.minutes);
  }
  if (options.load == "on-off") {
    return simulate::on_off(options.minutes);
  }
  if (options.load == "light-heavy" || options.load == "light-alone") {
    return simulate::light_heavy(options.minutes, options.load == "light-alone");
  }
  if (options.load == "many") {
    return simulate::many(options.tenants, options.minutes, options.per_minute, options.seed);
  }
  simulate::Load load{"trace", {}, {}, 0};
  if (options.traces.empty()) {
    return base::Fail{std::string("a trace is replayed with --trace FILE")};
  }
  for (const std::string& path : options.traces) {
    if (const auto added = simulate::add_trace(load, path, options.speed); !added.ok()) {
      return base::Fail{added.error()};
    }
  }
  return load;
}

std::vector<simulate::Policy> policies_of(const SimulateWords& options) {
  std::vector<simulate::Policy> policies;
  for (const simulate::Policy policy :
       {simulate::Policy::fcfs, simulate::Policy::vtc, simulate::Policy::ours}) {
    const auto found = std::ranges::find(options.policies, simulate::name(policy));
    if (options.policies.empty() || found != options.policies.end()) {
      policies.push_back(policy);
    }
  }
  return policies;
}

/// False: it could not be written.
bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return !file.fail();
}

bool write_all(const std::string& folder, const simulate::Load& load, const json::object& numbers,
               const std::vector<simulate::Outcome>& outcomes) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::vector<simulate::Line> accumulated;
  std::vector<simulate::Line> windowed;
  double apart_s = 1;
  for (const simulate::Outcome& outcome : outcomes) {
    const std::string name(simulate::name(outcome.policy));
    accumulated.push_back({name, simulate::accumulated_difference(outcome)});
    windowed.push_back({name, simulate::windowed_difference(outcome)});
    apart_s = static_cast<double>(accumulated.back().values.size()) / 100;
  }
  const std::filesystem::path path(folder);
  return write(path / (load.name + ".json"), json::serialize(numbers) + "\n") &&
         write(path / (load.name + "-difference.svg"),
               simulate::chart(load.name + ": most served minus least served tenant", "seconds",
                               "service since the beginning", 1, accumulated)) &&
         write(
             path / (load.name + "-window.svg"),
             simulate::chart(load.name + ": behind the best served, summed over tenants", "seconds",
                             "service a second, in a window of 60 s", apart_s, windowed));
}

std::string short_number(const json::value& value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value.to_number<double>());
  return text.data();
}

void show_run(const json::object& numbers, std::ostream& out) {
  out << text_of(numbers, "load") << ": " << text_of(numbers, "requests") << " requests, "
      << text_of(numbers, "tenants") << " tenants, " << text_of(numbers, "engines")
      << " engine(s) like " << text_of(numbers.at("machine").as_object(), "name") << "\n";
  Table table({"POLICY", "MAX DIFF>", "AVG DIFF>", "END DIFF>", "TOKENS/S>", "TTFT P50 S>",
               "TTFT P99 S>", "ITL P99 MS>", "RECOMPUTED>"});
  for (const json::value& value : numbers.at("policies").as_array()) {
    const json::object& policy = value.as_object();
    const json::object& first = policy.at("first_token_s").as_object();
    const json::object& between = policy.at("between_tokens_ms").as_object();
    table.add({text_of(policy, "policy"), short_number(policy.at("window_difference_max")),
               short_number(policy.at("window_difference_average")),
               short_number(policy.at("difference_at_end")),
               short_number(policy.at("tokens_per_s")), short_number(first.at("p50")),
               short_number(first.at("p99")), short_number(between.at("p99")),
               text_of(policy, "recomputed_tokens")});
  }
  table.print(out);
  if (numbers.at("tenants").to_number<std::size_t>() > 4) {
    return;
  }
  Table tenants({"POLICY", "TENANT", "SERVED WHILE ASKED>", "TTFT P50 S>", "TTFT P99 S>",
                 "ITL P50 MS>", "ITL P99 MS>"});
  for (const json::value& value : numbers.at("policies").as_array()) {
    for (const json::value& one : value.as_object().at("tenants").as_array()) {
      const json::object& tenant = one.as_object();
      const json::object& first = tenant.at("first_token_s").as_object();
      const json::object& between = tenant.at("between_tokens_ms").as_object();
      tenants.add({text_of(value.as_object(), "policy"), text_of(tenant, "tenant"),
                   short_number(tenant.at("served_while_asked")), short_number(first.at("p50")),
                   short_number(first.at("p99")), short_number(between.at("p50")),
                   short_number(between.at("p99"))});
    }
  }
  tenants.print(out);
}

int simulate_it(const Session& session, SimulateWords& options) {
  options.house.machine = *simulate::machine(options.machine);
  options.house.machine.kv_tokens = options.kv_tokens.value_or(options.house.machine.kv_tokens);
  options.house.machine.lanes = options.lanes.value_or(options.house.machine.lanes);
  const auto load = load_of(options);
  if (!load.ok()) {
    return fail(session, load.error());
  }
  std::vector<simulate::Outcome> outcomes;
  for (const simulate::Policy policy : policies_of(options)) {
    outcomes.push_back(simulate::run(load.value(), policy, options.house));
  }
  const json::object numbers = simulate::to_json(load.value(), options.house, outcomes);
  if (!options.out.empty() && !write_all(options.out, load.value(), numbers, outcomes)) {
    return fail(session, "cannot write to the folder " + options.out);
  }
  if (session.json) {
    print_json(session, numbers);
  } else {
    show_run(numbers, session.world.out);
  }
  return 0;
}

void add_machine_options(CLI::App& command, SimulateWords& options) {
  command.add_option("--machine", options.machine, "The engine's costs")
      ->check(CLI::IsMember({"a10g", "cpu"}))
      ->capture_default_str();
  command
      .add_option("--kv-tokens", options.kv_tokens, "KV tokens of an engine; else the machine's")
      ->check(CLI::Range(1U, 1U << 30U));
  command.add_option("--lanes", options.lanes, "Requests at once in an engine, likewise")
      ->check(CLI::Range(1U, 4096U));
  command.add_option("--engines", options.house.engines, "How many engines")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  command
      .add_option("--quantum", options.house.quantum_tokens,
                  "How far our tenants may get ahead, in tokens of the dearest price")
      ->capture_default_str();
}

}  // namespace

void add_simulate(CLI::App& app, Session& session) {
  auto options = std::make_shared<SimulateWords>();
  CLI::App* command = app.add_subcommand(
      "simulate", "The scheduler on virtual time, beside two reference policies; runs no model");
  command
      ->add_option("load", options->load,
                   "overload: two tenants, 90 and 180 requests a minute; on-off; light-heavy, "
                   "light-alone; many: Poisson; trace: replayed")
      ->required()
      ->check(CLI::IsMember({"overload", "on-off", "light-heavy", "light-alone", "many", "trace"}));
  command
      ->add_option("--trace", options->traces,
                   "A trace to replay; may be repeated: what has no clients is one tenant a file")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  command->add_option("--speed", options->speed, "Replays traces so many times as fast")
      ->check(CLI::Range(0.001, 1000.0));
  command->add_option("--policy", options->policies, "Of fcfs, vtc, ours; else all three")
      ->check(CLI::IsMember({"fcfs", "vtc", "ours"}))
      ->expected(1)
      ->take_all();
  command->add_option("--minutes", options->minutes, "How long a synthetic load asks")
      ->check(CLI::Range(0.01, 10'000.0))
      ->capture_default_str();
  command->add_option("--tenants", options->tenants, "Of `many`")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  command->add_option("--per-minute", options->per_minute, "Requests of `many`, all together")
      ->check(CLI::Range(0.1, 1e7))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of `many`")->capture_default_str();
  add_machine_options(*command, *options);
  command->add_option("--out", options->out, "Writes LOAD.json and two pictures (SVG) here")
      ->type_name("DIR");
  command->add_flag("--json", session.json, "Print the numbers as one line of JSON");
  command->footer(
      "Examples:\n"
      "  mains simulate overload --out pictures\n"
      "  mains simulate light-heavy --machine cpu --minutes 2\n"
      "  mains simulate trace --trace requests.csv --json\n"
      "  mains simulate many --tenants 5000 --engines 20 --per-minute 5000 --policy ours\n"
      "\nService is in weighted tokens: 1 an input token, 2 an output token. docs/fairness.md\n"
      "explains the columns.");
  command->callback([&session, options] {
    session.action = [&session, options] { return simulate_it(session, *options); };
  });
}

}  // namespace cli
