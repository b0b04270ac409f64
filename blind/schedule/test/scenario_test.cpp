// Runs the stories in test/*.scenario: what users do, line by line, and what they must see.
//
//   # a story in words                         at the top; required
//   engine kv 4000 lanes 8 step 64             once, before all else
//   prices 1 4                                 of what is submitted from here on: input, output
//   quantum 200 | target_ms 60 | queue 10      the policy, before the first submit
//   submit heavy 30 prompt 200 output 100      so many jobs of a tenant; `choices 4` may follow
//   submit_refused light too_large prompt 9 output 9
//   steps 5                                    of 1 ms each; `until light 1` = it has that many
//                                              tokens out; with `at_most 9` steps
//   expect WHAT OPERATOR NUMBER [TENANT]       evictions, lanes, tokens_out, billed, open, run
//   end 500                                    everything ends within so many steps
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bench.hpp"

namespace schedule::testing {
namespace {

class Story {
 public:
  void line(const std::string& text) {
    std::istringstream words(text);
    std::string verb;
    words >> verb;
    if (verb == "engine") {
      std::string name;
      words >> name >> capacity_.kv_tokens >> name >> capacity_.lanes_max >> name >>
          capacity_.step_tokens_max;
    } else if (verb == "prices") {
      words >> prices_.input.value >> prices_.output.value;
    } else if (verb == "quantum") {
      words >> policy_.quantum_tokens;
    } else if (verb == "target_ms") {
      words >> policy_.step_target.value;
      policy_.step_target.value *= 1'000'000;
    } else if (verb == "queue") {
      words >> policy_.queue_jobs_max;
    } else if (verb == "submit") {
      submit(words);
    } else if (verb == "submit_refused") {
      submit_refused(words);
    } else if (verb == "steps") {
      steps(words);
    } else if (verb == "expect") {
      expect(words);
    } else if (verb == "end") {
      int most = 0;
      words >> most;
      bench().run_all(most);
    } else {
      ADD_FAILURE() << "no such word: " << verb;
      return;
    }
    EXPECT_FALSE(words.bad() || words.fail()) << "not understood";
  }

 private:
  Bench& bench() {
    if (bench_ == nullptr) {
      bench_ = std::make_unique<Bench>(capacity_, policy_);
    }
    return *bench_;
  }
  std::uint64_t tenant(const std::string& name) {
    return tenants_.try_emplace(name, tenants_.size() + 1).first->second;
  }
  static terms::WorkItem lengths(std::istringstream& words) {
    terms::WorkItem item;
    std::string name;
    words >> name >> item.prompt.value >> name >> item.output_max.value;
    if (words >> name) {
      words >> item.choices;
    } else {
      words.clear();
    }
    return item;
  }
  terms::WorkItem next(const std::string& name, terms::WorkItem item) {
    return job(++jobs_, tenant(name), item.prompt.value, item.output_max.value, item.choices,
               prices_);
  }
  void submit(std::istringstream& words) {
    std::string name;
    int count = 0;
    words >> name >> count;
    const terms::WorkItem item = lengths(words);
    for (int i = 0; i < count; ++i) {
      bench().submit(next(name, item));
      tokens_out_[name];
    }
  }
  void submit_refused(std::istringstream& words) {
    std::string name;
    std::string why;
    words >> name >> why;
    const Admission expected = why == "too_large" ? Admission::too_large : Admission::queue_full;
    EXPECT_EQ(bench().scheduler.submit(next(name, lengths(words))), expected) << why;
  }
  void step() {
    run_ = bench().scheduler.plan();
    const terms::StepReport report = bench().engine.run(run_);
    for (const terms::LaneReport& done : report.lanes) {
      const std::uint64_t owner = bench().engine.item(done.lane.job).tenant.value;
      for (auto& [name, tokens] : tokens_out_) {
        tokens += tenant(name) == owner ? done.sampled : 0;
      }
    }
    EXPECT_TRUE(bench().scheduler.report(report, {1'000'000}).empty());
    std::erase_if(bench().open, [this](terms::JobId id) {
      const bool over = bench().engine.finished(id);
      if (over) bench().leave(id);
      return over;
    });
  }
  void steps(std::istringstream& words) {
    std::string first;
    words >> first;
    if (first != "until") {
      for (int left = std::stoi(first); left > 0; --left)
        step();
      return;
    }
    std::string name;
    std::string at_most;
    std::uint64_t tokens = 0;
    int most = 0;
    words >> name >> tokens >> at_most >> most;
    while (tokens_out_[name] < tokens && most-- > 0)
      step();
    EXPECT_GE(tokens_out_[name], tokens) << name << " waits longer than that";
  }
  std::uint64_t seen(const std::string& what, const std::string& name) {
    if (what == "evictions") return bench().engine.evictions(tenant(name));
    if (what == "lanes") return bench().engine.lanes_of(tenant(name));
    if (what == "tokens_out") return tokens_out_[name];
    if (what == "billed") return bench().engine.billed(tenant(name));
    if (what == "run") {  // Tokens of its lanes in the last step.
      std::uint64_t tokens = 0;
      for (const terms::StepEntry& entry : run_.run) {
        const bool own = bench().engine.item(entry.lane.job).tenant.value == tenant(name);
        tokens += own ? entry.tokens.value : 0;
      }
      return tokens;
    }
    EXPECT_EQ(what, "open");
    return static_cast<std::uint64_t>(std::ranges::count_if(bench().open, [&](terms::JobId id) {
      return bench().engine.item(id).tenant.value == tenant(name);
    }));
  }
  void expect(std::istringstream& words) {
    std::string what;
    std::string compare;
    std::string name;
    std::uint64_t number = 0;
    words >> what >> compare >> number >> name;
    const std::uint64_t value = seen(what, name);
    if (compare == "=") {
      EXPECT_EQ(value, number);
    } else if (compare == "<=") {
      EXPECT_LE(value, number);
    } else {
      EXPECT_EQ(compare, ">=");
      EXPECT_GE(value, number);
    }
  }

  Capacity capacity_ = capacity(4'000, 8, 64);
  Policy policy_;
  terms::Prices prices_{{1}, {0}, {1}};
  std::unique_ptr<Bench> bench_;
  std::map<std::string, std::uint64_t> tenants_;
  std::map<std::string, std::uint64_t> tokens_out_;
  terms::StepPlan run_;
  std::uint64_t jobs_ = 0;
};

TEST(scenario, all_stories_come_true) {
  int stories = 0;
  for (const auto& entry : std::filesystem::directory_iterator("test")) {
    if (entry.path().extension() != ".scenario") {
      continue;
    }
    ++stories;
    std::ifstream file(entry.path());
    Story story;
    std::string text;
    for (int number = 1; std::getline(file, text); ++number) {
      if (number == 1) {
        EXPECT_TRUE(text.starts_with("# ")) << "a story begins with what it tells";
      }
      if (text.empty() || text.starts_with("#")) {
        continue;
      }
      SCOPED_TRACE(entry.path().filename().string() + ":" + std::to_string(number) + ": " + text);
      story.line(text);
    }
  }
  EXPECT_GE(stories, 8);
}

}  // namespace
}  // namespace schedule::testing
