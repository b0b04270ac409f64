// mains_load: loads any OpenAI-compatible server, in closed and open loops, and says what it saw.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "arrivals.hpp"
#include "disk.hpp"
#include "report.hpp"
#include "run.hpp"
#include "spec.hpp"

namespace {

struct Options {
  load::Plan plan;
  std::vector<std::string> groups;
  std::vector<std::string> traces;
  load::Replay replay;
  std::string keys;
  std::string prices;
  std::string limits;
  std::string label = "load";
  std::string disk;
  std::string json;
  bool head = false;
  bool completions = false;
};

int refuse(const std::string& what) {
  std::fprintf(stderr, "mains_load: %s\n", what.c_str());
  return 2;
}

int measure_disk(const std::string& folder, double seconds) {
  const load::DiskCost cost = load::disk_cost(folder, seconds);
  if (!cost.measured) {
    return refuse("cannot write and sync in " + folder);
  }
  std::printf("disk: append of 4 KiB + fdatasync: p50 %.2f ms, p99 %.2f ms, %.0f a second\n",
              cost.p50_ms, cost.p99_ms, cost.syncs_per_s);
  return 0;
}

void add_server_options(CLI::App& app, Options& options) {
  load::Plan& plan = options.plan;
  app.add_option("--host", plan.host, "of the server, without TLS")->capture_default_str();
  app.add_option("--port", plan.port, "of the server")->capture_default_str();
  app.add_option("--model", plan.model, "the model asked for");
  app.add_flag("--stream", plan.stream, "ask for streams");
  app.add_flag("--completions", options.completions,
               "/v1/completions instead of /v1/chat/completions");
  app.add_flag("--plain", plan.plain, "nothing that only some servers know (ignore_eos)");
  app.add_option("--server-pid", plan.server_pid, "measures this process's time and memory");
}

void add_load_options(CLI::App& app, Options& options) {
  load::Plan& plan = options.plan;
  app.add_option("--group", options.groups,
                 "NAME:CLIENTS:WORDS_IN:TOKENS_OUT[:KEY][,rate=R][,shared=W][,times=N][,after=S]; "
                 "may be repeated, each is a tenant. rate: an open loop of so many requests a "
                 "second; shared: words that all prompts begin with; times: requests of each "
                 "client; after: seconds into the window. A missing key is taken from $LOAD_KEY");
  app.add_option("--trace", options.traces, "replays a trace; may be repeated")->type_name("FILE");
  app.add_option("--speed", options.replay.speed, "of traces: times as fast")
      ->check(CLI::Range(0.001, 1000.0));
  app.add_option("--shrink", options.replay.shrink, "divides the lengths of traces")
      ->check(CLI::Range(1.0, 1000.0));
  app.add_option("--keys", options.keys, "a file of API keys, one a line, for a trace's tenants");
  app.add_option("--seconds", plan.measured_s, "measured window")->check(CLI::Range(0.1, 3600.0));
  app.add_option("--warmup", plan.warmup_s, "seconds before it")->check(CLI::Range(0.0, 600.0));
  app.add_option("--drain", plan.drain_s, "seconds after it")->check(CLI::Range(0.0, 600.0));
  app.add_flag("--until-done", plan.until_done, "ends when groups with times have their answers");
  app.add_option("--seed", plan.seed, "of prompts and arrivals");
}

void add_report_options(CLI::App& app, Options& options) {
  app.add_option("--prices", options.prices,
                 "IN:CACHED:OUT per million tokens, the measure of service (0.20:0.10:0.80)");
  app.add_option("--good", options.limits, "TTFT_MS:TPOT_MS that count as good; 0: no limit");
  app.add_option("--label", options.label, "first column of the table");
  app.add_option("--json", options.json, "a file that gets lines of JSON, too");
  app.add_flag("--head", options.head, "the table's head above it");
  app.add_option("--disk", options.disk,
                 "measures nothing but what fdatasync costs in this folder");
}

/// 0, or the exit status.
int fill(Options& options) {
  load::Plan& plan = options.plan;
  const char* key = std::getenv("LOAD_KEY");
  plan.api = options.completions ? load::Api::completions : load::Api::chat;
  for (const std::string& text : options.groups) {
    std::optional<load::Group> group = load::group_of(text);
    if (!group) {
      return refuse("'" + text + "' is no group (see --help)");
    }
    plan.groups.push_back(std::move(*group));
  }
  load::set_arrivals(plan);
  std::ifstream keys(options.keys);
  for (std::string line; std::getline(keys, line);) {
    options.replay.keys.push_back(line);
  }
  options.replay.seconds = plan.warmup_s + plan.measured_s;
  for (const std::string& path : options.traces) {
    if (const auto added = load::add_trace(plan, path, options.replay); !added.ok()) {
      return refuse(added.error());
    }
  }
  for (load::Group& group : plan.groups) {
    if (group.key.empty() && key != nullptr) {
      group.key = key;
    }
  }
  if (!options.prices.empty()) {
    const auto prices = load::prices_of(options.prices);
    if (!prices) {
      return refuse("--prices takes IN:CACHED:OUT");
    }
    plan.prices = *prices;
  }
  if (!options.limits.empty()) {
    const auto limits = load::limits_of(options.limits);
    if (!limits) {
      return refuse("--good takes TTFT_MS:TPOT_MS");
    }
    plan.limits = *limits;
  }
  if (plan.groups.empty() || plan.model.empty()) {
    return refuse("needs --model, and at least one --group or --trace");
  }
  return 0;
}

/// 1 where a group had errors or nothing at all happened.
int verdict(const load::Outcome& outcome) {
  bool alive = false;
  for (const load::Tally& tally : outcome.tallies) {
    alive = alive || tally.requests + tally.tokens_out + tally.unanswered > 0;
    if (tally.error_count() > 0) {
      return 1;
    }
  }
  return alive ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Loads an OpenAI-compatible server and says what it saw.");
  Options options;
  add_server_options(app, options);
  add_load_options(app, options);
  add_report_options(app, options);
  CLI11_PARSE(app, argc, argv);
  if (!options.disk.empty()) {
    return measure_disk(options.disk, options.plan.measured_s);
  }
  if (const int status = fill(options); status != 0) {
    return status;
  }
  base::Result<load::Outcome, std::string> ran = load::run(options.plan);
  if (!ran.ok()) {
    return refuse(ran.error());
  }
  load::Outcome& outcome = ran.value();
  if (options.head) {
    std::fputs(load::table_head().c_str(), stdout);
  }
  std::fputs(load::table_rows(options.plan, outcome, options.label).c_str(), stdout);
  if (!options.json.empty()) {
    std::ofstream(options.json, std::ios::app)
        << load::json_rows(options.plan, outcome, options.label);
  }
  return verdict(outcome);
}
