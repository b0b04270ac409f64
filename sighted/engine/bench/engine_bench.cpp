// What the engine itself costs: engine_bench [--tiny] [--model FILE] [--threads N]
//   scripted   jobs and tokens per second, no model behind them
//   render     microseconds for a chat, with and without a tool
//   prefill, decode   tokens per second on FILE (else a generated model), by llama and natively in
//              turns, and how many times as fast the native engine is; by processor time, too,
//              which neighbours disturb less (with several threads it counts their waiting)
//   --threads N   of both (0 = as when serving)
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <engine/native.hpp>
#include <engine/scripted.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "random_model/random_model.hpp"

namespace {

using Seconds = std::chrono::duration<double>;

/// The median, least and most seconds of `rounds` runs.
struct Spread {
  double median, least, most;
};

Spread timed(int rounds, const std::function<void()>& run) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    times.push_back(Seconds(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.front(), times.back()};
}

void report(const std::string& name, double amount, const char* unit, const Spread& spread) {
  std::printf("%-34s %12.0f %s/s  (%.0f .. %.0f)\n", name.c_str(), amount / spread.median, unit,
              amount / spread.most, amount / spread.least);
}

/// Opens `lanes` jobs, prefills them and decodes `tokens` tokens each, all lanes in every step.
void run_jobs(engine::Engine& engine, std::uint32_t lanes, std::uint32_t prompt,
              std::uint32_t tokens, const std::function<void()>& prefilled = {}) {
  for (std::uint64_t id = 1; id <= lanes; ++id) {
    engine::JobSpec spec;
    spec.job = {id};
    spec.prompt.assign(prompt, 'a');
    spec.sampling.temperature = 0;
    spec.sampling.ignore_eos = true;
    if (!engine.open(std::move(spec))) {
      std::fputs("a job was refused\n", stderr);
    }
    engine::StepOutput output;
    const std::uint32_t chunk = engine.facts().step_tokens_max;
    for (std::uint32_t at = 0; at < prompt; at += chunk) {
      terms::StepPlan plan;
      plan.run.push_back({{{id}, 0}, {std::min(chunk, prompt - at)}, {at}});
      output = engine.step(plan);
    }
  }
  if (prefilled) {
    prefilled();
  }
  for (std::uint32_t i = 0; i + 1 < tokens; ++i) {
    terms::StepPlan plan;
    for (std::uint64_t id = 1; id <= lanes; ++id) {
      plan.run.push_back({{{id}, 0}, {1}, {prompt + i}});
    }
    engine.step(plan);
  }
  for (std::uint64_t id = 1; id <= lanes; ++id) {
    engine.close({id});
  }
}

void bench_scripted(bool tiny) {
  const auto engine = engine::make_scripted({});
  const std::uint32_t tokens = tiny ? 10 : 1000;
  report("scripted, 64 lanes, tokens", 64.0 * tokens, "tok",
         timed(5, [&] { run_jobs(*engine, 64, 100, tokens); }));
  report("scripted, 100 in / 16 out, jobs", 64, "job",
         timed(tiny ? 3 : 51, [&] { run_jobs(*engine, 64, 100, 16); }));
}

void bench_render(const engine::Engine& engine, bool tiny) {
  content::Chat chat;
  chat.messages.push_back({"system", "You are a helpful assistant.", {}, {}, {}, {}});
  chat.messages.push_back({"user", std::string(400, 'w'), {}, {}, {}, {}});
  const auto render = [&] { static_cast<void>(engine.render(chat).ok()); };
  report("render a chat", 1, "chat", timed(tiny ? 3 : 101, render));
  chat.tools.push_back({"weather", "Tells the weather.",
                        R"({"type":"object","properties":{"city":{"type":"string"}}})"});
  report("render a chat with a tool", 1, "chat", timed(tiny ? 3 : 101, render));
}

/// Seconds since somewhen: on the clock, and of processors.
struct Time {
  double clock, processor;

  static Time now() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return {Seconds(std::chrono::steady_clock::now().time_since_epoch()).count(),
            static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9};
  }
  [[nodiscard]] Time since(const Time& start) const {
    return {clock - start.clock, processor - start.processor};
  }
};

/// What one prefill or one run of decodes takes.
Time prefill_time(engine::Engine& engine, std::uint32_t tokens) {
  const Time start = Time::now();
  run_jobs(engine, 1, tokens, 1);
  return Time::now().since(start);
}

Time decode_time(engine::Engine& engine, std::uint32_t lanes, std::uint32_t tokens) {
  Time start{};
  run_jobs(engine, lanes, 128, tokens, [&] { start = Time::now(); });
  return Time::now().since(start);
}

/// The median and the least of one engine's times, by the clock and by processor.
struct Column {
  std::vector<double> clock, processor;

  void add(const Time& time) {
    clock.push_back(time.clock);
    processor.push_back(time.processor);
  }
  void sort() {
    std::sort(clock.begin(), clock.end());
    std::sort(processor.begin(), processor.end());
  }
};

/// Both engines in turns, so that a neighbour's noise meets both.
void compare(const std::string& name, double amount, int rounds, engine::Engine& llama,
             engine::Engine& native, const std::function<Time(engine::Engine&)>& time) {
  std::array<Column, 2> columns;
  for (int round = 0; round < rounds; ++round) {
    columns[0].add(time(llama));
    columns[1].add(time(native));
  }
  std::printf("%-18s", name.c_str());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].sort();
    const Column& column = columns[i];
    std::printf(" %s %6.0f (best %.0f, by processor %.0f)", i == 0 ? "llama" : "native",
                amount / column.clock[column.clock.size() / 2], amount / column.clock[0],
                amount / column.processor[column.processor.size() / 2]);
  }
  const auto times = [](const std::vector<double>& a, const std::vector<double>& b) {
    return a[a.size() / 2] / b[b.size() / 2];
  };
  std::printf(" tok/s  x %.2f (by processor %.2f)\n", times(columns[0].clock, columns[1].clock),
              times(columns[0].processor, columns[1].processor));
  std::fflush(stdout);
}

void bench_models(engine::Engine& llama, engine::Engine& native, bool tiny) {
  const int rounds = tiny ? 1 : 5;
  const std::uint32_t prompt = tiny ? 32 : 512;
  compare("prefill " + std::to_string(prompt), prompt, rounds, llama, native,
          [&](engine::Engine& engine) { return prefill_time(engine, prompt); });
  const std::uint32_t tokens = tiny ? 4 : 33;
  for (const std::uint32_t lanes : {1U, 2U, 4U, 8U, 16U, 32U}) {
    compare("decode, batch " + std::to_string(lanes), lanes * (tokens - 1.0), rounds, llama, native,
            [&](engine::Engine& engine) { return decode_time(engine, lanes, tokens); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool tiny = false;
  std::string model;
  std::uint32_t threads = 0;
  for (int i = 1; i < argc; ++i) {
    tiny = tiny || std::strcmp(argv[i], "--tiny") == 0;
    if (std::strcmp(argv[i], "--model") == 0 && i + 1 < argc) {
      model = argv[++i];
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = static_cast<std::uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    }
  }
  bench_scripted(tiny);
  std::string made;
  if (model.empty()) {
    made = (std::filesystem::temp_directory_path() /
            ("engine_bench_" +
             std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()) + ".gguf"))
               .string();
    const auto fault = engine::random_model::write({}, made);
    if (!fault.empty()) {
      std::fprintf(stderr, "engine_bench: %s\n", fault.c_str());
      return 1;
    }
    model = made;
  }
  const engine::LlamaOptions options{.path = model,
                                     .kv_tokens = 8192,
                                     .lanes_max = 32,
                                     .step_tokens_max = 512,
                                     .threads = threads};
  const auto llama = engine::load_llama(options);
  const auto native = engine::load_native(options);
  std::error_code ignored;
  if (!made.empty()) {
    std::filesystem::remove(made, ignored);
  }
  if (!llama.ok() || !native.ok()) {
    std::fprintf(stderr, "engine_bench: %s\n",
                 (llama.ok() ? native : llama).error().detail.c_str());
    return 1;
  }
  bench_render(*llama.value(), tiny);
  bench_models(*llama.value(), *native.value(), tiny);
  return 0;
}
