// What the engine that `mains serve` would choose does without HTTP and without books, under the
// same scheduler: what the whole house is measured against.
//
//   engine_alone_bench [--tiny] [--model FILE] [--engine KIND] [--threads N] [--json]
//     [--prefill TOKENS]                    one prompt in as few steps as it takes
//     [--decode PROMPT:TOKENS:LANES,...]    all lanes in every step, after their prompts
//     [--closed CLIENTS:PROMPT:OUTPUT:S]    each asks again when it is answered; by the scheduler
//
// Nothing asked for: some of each, with the model that comes with Mains. --json: one line.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <schedule/scheduler.hpp>

#include "engines.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double since_s(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

struct Asked {
  std::uint32_t prefill = 0;
  std::vector<std::uint32_t> decode;  // prompt, tokens, then numbers of lanes
  std::vector<std::uint32_t> closed;  // clients, prompt, output, seconds
};

struct Closed {
  double in_per_s = 0;
  double out_per_s = 0;
};

/// Jobs on an engine, from opening to closing.
class Alone {
 public:
  explicit Alone(engine::Engine& engine) : engine_(engine) {}

  terms::JobId open(std::uint32_t prompt) {
    engine::JobSpec spec;
    spec.job = {++last_};
    // Prompts by chance, so that no prefix is shared.
    for (std::uint32_t i = 0; i < prompt; ++i) {
      spec.prompt.push_back(
          static_cast<content::TokenId>(3 + random_() % (engine_.facts().vocabulary - 3)));
    }
    spec.sampling.temperature = 0;
    spec.sampling.ignore_eos = true;
    const terms::JobId job = spec.job;
    if (!engine_.open(std::move(spec))) {
      stop("a job was refused");
    }
    return job;
  }

  engine::StepOutput step(const terms::StepPlan& plan) {
    engine::StepOutput output = engine_.step(plan);
    const bool failed = std::ranges::any_of(output.lanes, &engine::LaneOutput::failed);
    if (output.out_of_kv || failed) {
      stop("a step failed");
    }
    return output;
  }

  void prefill(terms::JobId job, std::uint32_t prompt) {
    const std::uint32_t chunk = engine_.facts().step_tokens_max;
    for (std::uint32_t at = 0; at < prompt; at += chunk) {
      terms::StepPlan plan;
      plan.run.push_back({{job, 0}, {std::min(chunk, prompt - at)}, {at}});
      step(plan);
    }
  }

  /// Tokens a second of one prompt; the median of some.
  double prefill_rate(std::uint32_t prompt, int rounds) {
    std::vector<double> rates;
    for (int round = 0; round < rounds; ++round) {
      const terms::JobId job = open(prompt);
      const auto began = Clock::now();
      prefill(job, prompt);
      rates.push_back(prompt / since_s(began));
      engine_.close(job);
    }
    std::ranges::sort(rates);
    return rates[rates.size() / 2];
  }

  /// Tokens a second of all lanes together.
  double decode_rate(std::uint32_t prompt, std::uint32_t tokens, std::uint32_t lanes) {
    std::vector<terms::JobId> jobs;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      jobs.push_back(open(prompt));
      prefill(jobs.back(), prompt);
    }
    const auto began = Clock::now();
    for (std::uint32_t token = 0; token < tokens; ++token) {
      terms::StepPlan plan;
      for (const terms::JobId job : jobs) {
        plan.run.push_back({{job, 0}, {1}, {prompt + token}});
      }
      step(plan);
    }
    const double took_s = since_s(began);
    for (const terms::JobId job : jobs) {
      engine_.close(job);
    }
    return lanes * tokens / took_s;
  }

  Closed closed(std::uint32_t clients, std::uint32_t prompt, std::uint32_t output, double warmup_s,
                double seconds) {
    const engine::ModelFacts& facts = engine_.facts();
    schedule::Scheduler scheduler({facts.kv_tokens, facts.lanes_max, facts.step_tokens_max,
                                   facts.embed_whole_max, facts.can_fork},
                                  {});
    const auto submit = [&] {
      terms::WorkItem item;
      item.job = open(prompt);
      item.tenant = {1};
      item.prompt = {prompt};
      item.output_max = {output};
      item.prices = {{1}, {1}, {4}};
      if (scheduler.submit(item) != schedule::Admission::queued) {
        stop("the scheduler refused a job");
      }
    };
    for (std::uint32_t client = 0; client < clients; ++client) {
      submit();
    }
    std::map<std::uint64_t, std::uint32_t> sampled;
    Closed done;
    const auto began = Clock::now();
    const auto counted = [&] { return since_s(began) >= warmup_s; };
    while (since_s(began) < warmup_s + seconds) {
      const terms::StepPlan plan = scheduler.plan();
      const auto step_began = Clock::now();
      const engine::StepOutput out = step(plan);
      const base::SpanNs took{static_cast<std::int64_t>(since_s(step_began) * 1e9)};
      terms::StepReport report;
      std::vector<terms::JobId> over;
      for (const engine::LaneOutput& lane : out.lanes) {
        std::uint32_t& tokens = sampled[lane.lane.job.value];
        tokens += lane.token.has_value() ? 1 : 0;
        terms::LaneReport told;
        told.lane = lane.lane;
        told.reused = {lane.reused};
        told.computed = {lane.computed};
        told.sampled = lane.token.has_value() ? 1 : 0;
        told.finished = tokens >= output;
        report.lanes.push_back(told);
        done.out_per_s += counted() && lane.token.has_value() ? 1 : 0;
        done.in_per_s += counted() && lane.token.has_value() && tokens == 1 ? prompt : 0;
        if (tokens >= output) {
          over.push_back(lane.lane.job);
        }
      }
      scheduler.report(report, took);
      for (const terms::JobId job : over) {
        scheduler.remove(job);
        engine_.close(job);
        sampled.erase(job.value);
        submit();
      }
    }
    const double took_s = since_s(began) - warmup_s;
    for (std::uint64_t job = 1; job <= last_; ++job) {
      engine_.close({job});
    }
    return {done.in_per_s / took_s, done.out_per_s / took_s};
  }

 private:
  [[noreturn]] static void stop(const char* why) {
    std::fprintf(stderr, "engine_alone_bench: %s\n", why);
    std::exit(1);
  }

  engine::Engine& engine_;
  std::mt19937_64 random_{1};
  std::uint64_t last_ = 0;
};

/// Numbers with : or , between them.
std::vector<std::uint32_t> numbers(std::string text) {
  std::ranges::replace(text, ',', ':');
  std::vector<std::uint32_t> result;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ':');) {
    result.push_back(static_cast<std::uint32_t>(std::strtoul(part.c_str(), nullptr, 10)));
  }
  return result;
}

/// Room for everything that is asked for.
std::uint32_t kv_tokens(const Asked& asked) {
  std::uint32_t most = asked.prefill + 1;
  for (std::size_t i = 2; i < asked.decode.size(); ++i) {
    most = std::max(most, asked.decode[i] * (asked.decode[0] + asked.decode[1] + 1));
  }
  if (!asked.closed.empty()) {
    most = std::max(most, asked.closed[0] * (asked.closed[1] + asked.closed[2] + 1));
  }
  return (most + 255) / 256 * 256;
}

struct Options {
  bool tiny = false;
  bool json = false;
  std::string kind = "auto";
  std::uint32_t threads = 0;
  config::Model model{"bench", MAINS_ROOM_DIR "/../../models/default/mains-default.gguf"};
  Asked asked;
};

bool read(int argc, char** argv, Options& options) {
  Asked& asked = options.asked;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--tiny" || name == "--json") {
      (name == "--tiny" ? options.tiny : options.json) = true;
      continue;
    }
    if (++i == argc) {
      return false;
    }
    const std::string value = argv[i];
    if (name == "--model") {
      options.model.file = value;
    } else if (name == "--engine") {
      options.kind = value;
    } else if (name == "--threads") {
      options.threads = static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10));
    } else if (name == "--prefill") {
      asked.prefill = static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10));
    } else if (name == "--decode") {
      asked.decode = numbers(value);
    } else if (name == "--closed") {
      asked.closed = numbers(value);
    } else {
      return false;
    }
  }
  if (asked.prefill == 0 && asked.decode.empty() && asked.closed.empty()) {
    asked = {512, {128, 32, 1, 4, 16}, {16, 100, 64, 3}};
  }
  if (options.tiny) {
    asked = {32, {8, 2, 1, 2}, {2, 8, 4, 0}};
  }
  return (asked.decode.empty() || asked.decode.size() > 2) &&
         (asked.closed.empty() || asked.closed.size() == 4);
}

void show(const Options& options, const char* form, const std::string& name, double value) {
  if (options.json) {
    std::printf(",\"%s\":%.2f", name.c_str(), value);
  } else {
    std::printf(form, name.c_str(), value);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read(argc, argv, options)) {
    std::fputs("engine_alone_bench: see the head of front/app/bench/engine_alone_bench.cpp\n",
               stderr);
    return 2;
  }
  // As the server reads it, so that the kinds of engines are the server's.
  auto config = config::parse("[engine]\nkind = \"" + options.kind + "\"\n", "--engine");
  if (!config.ok()) {
    std::fprintf(stderr, "engine_alone_bench: %s\n", config.error().c_str());
    return 2;
  }
  config->engine.threads = options.threads;
  config->engine.kv_tokens = kv_tokens(options.asked);
  auto loaded = app::load_models(config->engine, {options.model});
  if (!loaded.ok()) {
    std::fprintf(stderr, "engine_alone_bench: %s\n", loaded.error().c_str());
    return 1;
  }
  engine::Engine& engine = *loaded.value().engines.front();
  Alone alone(engine);
  const Asked& asked = options.asked;
  if (options.json) {
    std::printf("{\"weight_bytes\":%llu",
                static_cast<unsigned long long>(engine.facts().weight_bytes));
  }
  if (asked.prefill > 0) {
    show(options, "%-24s %10.1f t/s\n", "prefill_" + std::to_string(asked.prefill),
         alone.prefill_rate(asked.prefill, options.tiny ? 1 : 3));
  }
  for (std::size_t i = 2; i < asked.decode.size(); ++i) {
    show(options, "%-24s %10.1f t/s\n", "decode_" + std::to_string(asked.decode[i]),
         alone.decode_rate(asked.decode[0], asked.decode[1], asked.decode[i]));
  }
  if (!asked.closed.empty()) {
    const Closed done = alone.closed(asked.closed[0], asked.closed[1], asked.closed[2],
                                     options.tiny ? 0 : 1, options.tiny ? 0.05 : asked.closed[3]);
    show(options, "%-24s %10.1f t/s\n", "closed_in", done.in_per_s);
    show(options, "%-24s %10.1f t/s\n", "closed_out", done.out_per_s);
  }
  std::puts(options.json ? "}" : "");
  return 0;
}
