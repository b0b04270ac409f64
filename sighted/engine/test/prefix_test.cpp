// Prompts that begin alike, on engines that keep what they computed: what is found, by whom, and
// that it changes no answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <engine/native.hpp>
#include <engine/scripted.hpp>
#include <functional>
#include <numeric>
#include <random>

#include "drive.hpp"
#include "tiny_model.hpp"

namespace engine {
namespace {

using test::entry;
using test::job;
using test::lane;

constexpr std::uint64_t ours = 1;
constexpr std::uint64_t theirs = 2;

content::TokenIds prompt_of(std::size_t tokens, int first = 0) {
  content::TokenIds prompt(tokens);
  std::iota(prompt.begin(), prompt.end(), first);
  std::ranges::transform(prompt, prompt.begin(), [](auto id) { return id * 7 % 250; });
  return prompt;
}

/// What one lane did until it had said `answer` tokens.
struct Told {
  content::TokenIds tokens;
  std::vector<float> logprobs;
  std::uint32_t reused = 0;
  std::uint32_t computed = 0;
  terms::Prefix prefix;
};

Told tell(Engine& engine, std::uint64_t space, const content::TokenIds& prompt, int answer,
          std::uint32_t chunk = 256, std::uint64_t id = 1, const Opened& beginning = {}) {
  Told told;
  JobSpec spec = job(id, prompt);
  spec.prefix_space = space;
  spec.opened = beginning;
  spec.sampling.top_logprobs = 5;
  spec.sampling.ignore_eos = true;
  const auto opened = engine.open(std::move(spec));
  EXPECT_TRUE(opened.ok());
  told.prefix = opened.value();
  std::uint32_t resident = 0;
  while (told.tokens.size() < static_cast<std::size_t>(answer)) {
    const auto known = static_cast<std::uint32_t>(prompt.size() + told.tokens.size());
    terms::StepPlan plan;
    plan.run.push_back(entry(lane(id), std::min(chunk, known - resident), resident));
    const StepOutput output = engine.step(plan);
    EXPECT_FALSE(output.out_of_kv || output.lanes[0].failed);
    told.reused += output.lanes[0].reused;
    told.computed += output.lanes[0].computed;
    resident += output.lanes[0].reused + output.lanes[0].computed;
    if (output.lanes[0].token) {
      told.tokens.push_back(*output.lanes[0].token);
    }
    if (const auto& logprob = output.lanes[0].logprob) {
      for (const auto& [piece, value] : logprob->top) {
        told.logprobs.push_back(value);
      }
    }
  }
  engine.close({id});
  return told;
}

using Make = std::unique_ptr<Engine> (*)(std::uint32_t kv_tokens);

std::unique_ptr<Engine> native(std::uint32_t kv_tokens) {
  return test::load_tiny(kv_tokens, 8, load_native);
}
std::unique_ptr<Engine> scripted(std::uint32_t kv_tokens) {
  return make_scripted({.kv_tokens = kv_tokens, .lanes_max = 8, .keeps_prefixes = true});
}

class Keeping : public testing::TestWithParam<Make> {
 protected:
  std::unique_ptr<Engine> engine = GetParam()(2048);
};

INSTANTIATE_TEST_SUITE_P(By, Keeping, testing::Values(&native, &scripted),
                         [](const auto& make) { return make.index == 0 ? "Native" : "Scripted"; });

TEST_P(Keeping, TheSamePromptIsComputedOnce) {
  const auto prompt = prompt_of(203);
  const Told first = tell(*engine, ours, prompt, 4);
  EXPECT_EQ(first.reused, 0U);
  EXPECT_EQ(first.computed, 206U);
  const Told second = tell(*engine, ours, prompt, 4);
  EXPECT_EQ(second.reused, 192U) << "whole blocks of 16";
  EXPECT_EQ(second.computed, 14U);
  EXPECT_EQ(second.prefix.at_hand, base::Tokens{192}) << "what is said beforehand is so";
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens) << "what is kept is in nobody's way";
}

TEST_P(Keeping, TheLastTokenIsAlwaysComputed) {
  const auto prompt = prompt_of(64);
  tell(*engine, ours, prompt, 1);
  const Told again = tell(*engine, ours, prompt, 1);
  EXPECT_EQ(again.reused, 48U);
  EXPECT_EQ(again.computed, 16U);
}

TEST_P(Keeping, NobodyFindsWhatIsAnothers) {
  const auto prompt = prompt_of(203);
  tell(*engine, ours, prompt, 4);
  const Told other = tell(*engine, theirs, prompt, 4);
  EXPECT_EQ(other.reused, 0U);
  EXPECT_EQ(other.computed, 206U);
  EXPECT_EQ(other.prefix.at_hand, base::Tokens{0});
  EXPECT_EQ(tell(*engine, 0, prompt, 4).reused, 0U) << "nor who is in no space";
  EXPECT_EQ(tell(*engine, 0, prompt, 4).reused, 0U) << "and leaves nothing there";
}

TEST_P(Keeping, WhatComesTogetherIsToldApart) {
  const auto prompt = prompt_of(203);
  JobSpec first = job(8, prompt);
  first.prefix_space = ours;
  ASSERT_TRUE(engine->open(first).ok());
  JobSpec second = job(9, prompt);
  second.prefix_space = ours;
  const auto prefix = engine->open(second);
  ASSERT_TRUE(prefix.ok());
  EXPECT_EQ(prefix.value().from, terms::JobId{8});
  EXPECT_EQ(prefix.value().coming, base::Tokens{192});
  JobSpec third = job(10, prompt);
  third.prefix_space = theirs;
  EXPECT_EQ(engine->open(third).value().from, terms::JobId{}) << "nobody waits for another's";
}

TEST_P(Keeping, AnOpenedBeginningIsFoundByWhoNamesIt) {
  const auto beginning = prompt_of(100);
  const Opened open{ours, 1, 100};
  const auto prompt = [&](int last) {
    auto all = beginning;
    all.resize(all.size() + 60, last);
    return all;
  };
  const Told first = tell(*engine, ours, prompt(1), 2, 256, 1, open);
  EXPECT_EQ(first.reused, 0U);
  EXPECT_EQ(tell(*engine, theirs, prompt(2), 2, 256, 1, open).reused, 96U) << "whole blocks of it";
  EXPECT_EQ(tell(*engine, ours, prompt(2), 2, 256, 1, open).reused, 96U);
  EXPECT_EQ(tell(*engine, theirs, prompt(1), 2, 256, 1, open).reused, 96U)
      << "what another said after it nobody finds";
  EXPECT_EQ(tell(*engine, theirs, prompt(2), 2, 256, 1, open).reused, 144U) << "one's own is";
  EXPECT_EQ(tell(*engine, theirs, prompt(1), 2).reused, 0U) << "who does not name it has no part";
  const Told again = tell(*engine, ours, prompt(1), 2, 256, 1, open);
  EXPECT_EQ(again.tokens, first.tokens);
  EXPECT_EQ(again.logprobs, first.logprobs);
  engine->forget(ours);
  EXPECT_EQ(tell(*engine, theirs, prompt(2), 2, 256, 1, open).reused, 0U);
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
}

TEST_P(Keeping, WhatIsForgottenIsComputedAgain) {
  const auto prompt = prompt_of(203);
  tell(*engine, ours, prompt, 4);
  tell(*engine, theirs, prompt, 4);
  engine->forget(ours);
  EXPECT_EQ(tell(*engine, ours, prompt, 4).reused, 0U);
  EXPECT_EQ(tell(*engine, theirs, prompt, 4).reused, 192U);
}

TEST_P(Keeping, EmbeddingsReadEverythingThemselves) {
  const auto prompt = prompt_of(100);
  tell(*engine, ours, prompt, 1);
  JobSpec spec = job(3, prompt);
  spec.kind = terms::WorkKind::embed;
  spec.prefix_space = ours;
  ASSERT_TRUE(engine->open(spec).ok());
  terms::StepPlan plan;
  plan.run.push_back(entry(lane(3), 100, 0));
  const auto output = engine->step(plan);
  EXPECT_EQ(output.lanes[0].reused, 0U);
  EXPECT_FALSE(output.lanes[0].embedding.empty());
}

/// A cache that is full of what is kept has room for whoever comes.
TEST_P(Keeping, WhatIsKeptGivesWay) {
  const auto small = GetParam()(512);
  for (int i = 0; i < 40; ++i) {
    const Told told = tell(*small, ours, prompt_of(200, i * 1000 + i), 3);
    EXPECT_EQ(told.computed + told.reused, 202U);
    EXPECT_EQ(small->kv_free(), small->facts().kv_tokens);
  }
  EXPECT_EQ(tell(*small, ours, prompt_of(500), 4).computed, 503U);
}

/// Where there is no room beside what others were promised, less is found, or nothing.
TEST_P(Keeping, WhatIsFoundFitsBesideWhatIsPlanned) {
  const auto small = GetParam()(512);
  tell(*small, ours, prompt_of(200), 1);
  JobSpec big = job(2, prompt_of(400, 3));
  ASSERT_TRUE(small->open(big).ok());
  JobSpec again = job(3, prompt_of(200));
  again.prefix_space = ours;
  ASSERT_TRUE(small->open(again).ok());
  terms::StepPlan plan;
  plan.run = {entry(lane(2), 200, 0), entry(lane(3), 8, 0)};
  EXPECT_EQ(small->step(plan).lanes[1].reused, 192U);
  plan.run = {entry(lane(2), 112, 200)};
  EXPECT_FALSE(small->step(plan).out_of_kv);
  EXPECT_EQ(small->kv_free(), 0U);
}

TEST_P(Keeping, WhatLanesHoldTogetherCountsOnce) {
  const auto small = GetParam()(1024);
  const auto prompt = prompt_of(801);
  for (std::uint64_t id = 1; id <= 5; ++id) {
    JobSpec spec = job(id, prompt);
    spec.prefix_space = ours;
    spec.sampling.ignore_eos = true;
    ASSERT_TRUE(small->open(spec).ok());
  }
  terms::StepPlan plan;
  for (std::uint32_t done = 0; done < 801; done += 89) {
    plan.run = {entry(lane(1), 89, done)};
    ASSERT_FALSE(small->step(plan).out_of_kv);
  }
  EXPECT_EQ(small->sharing().pooled, base::Tokens{0});
  plan.run = {entry(lane(2), 1, 0), entry(lane(3), 1, 0), entry(lane(4), 1, 0)};
  for (const LaneOutput& output : small->step(plan).lanes) {
    EXPECT_EQ(output.reused, 800U);
  }
  EXPECT_EQ(small->kv_free(), 1024U - 800 - 4);
  const terms::Sharing sharing = small->sharing();
  EXPECT_EQ(sharing.pooled, base::Tokens{800});
  ASSERT_EQ(sharing.lanes.size(), 4U);
  EXPECT_EQ(sharing.lanes[3].tokens, base::Tokens{800});
  small->close({1});
  plan.evict = {lane(3)};
  plan.run = {entry(lane(5), 1, 0)};
  EXPECT_EQ(small->step(plan).lanes[0].reused, 800U) << "whoever holds it";
  EXPECT_EQ(small->kv_free(), 1024U - 800 - 3);
  small->close({2});
  small->close({4});
  EXPECT_EQ(small->sharing().pooled, base::Tokens{0});
  EXPECT_EQ(small->kv_free(), 1024U - 801);
  small->close({5});
  EXPECT_EQ(small->kv_free(), 1024U);
}

/// Lanes of a few prompts come, grow, give way and leave at random. What fits by the count
/// fits, to the last token; the count is what each holds alone and what they hold together; and
/// everyone says what it says undisturbed.
class Crowd {
 public:
  Crowd(Engine& engine, std::uint32_t seed, bool same_answers) : engine_(engine), dice_(seed) {
    for (int i = 0; i < 3; ++i) {
      auto prompt = prompt_of(150, i < 2 ? 0 : 77);  // Two begin alike.
      prompt.resize(prompt.size() + static_cast<std::size_t>(20 * i), 9);
      said_.push_back(same_answers ? tell(engine, 0, prompt, 40, 256, 900).tokens
                                   : content::TokenIds{});
      prompts_.push_back(std::move(prompt));
    }
  }
  void turn() {
    terms::StepPlan plan;
    Lane& one = lanes_[dice_() % lanes_.size()];
    if (one.known > 0 && dice_() % 8 == 0) {
      end(one);
    } else if (one.resident > 0 && dice_() % 6 == 0) {
      plan.evict.push_back(one.name);
      one.resident = 0;
    }
    run(plan);
    for (Lane& lane : lanes_) {
      if (lane.known == 0) {
        come(lane);
      }
    }
    plan = {};
    std::uint32_t room = std::min(engine_.kv_free(), 128U);
    for (Lane& lane : lanes_) {
      const std::uint32_t missing = lane.known - lane.resident;
      const auto some = static_cast<std::uint32_t>(1 + dice_() % 40);
      const std::uint32_t all = dice_() % 3 == 0 ? room : std::min(room, some);
      if (const std::uint32_t tokens = std::min(missing, all); tokens > 0 && dice_() % 3 != 0) {
        plan.run.push_back(entry(lane.name, tokens, lane.resident));
        room -= tokens;
      }
    }
    tight += room == 0 && engine_.kv_free() < 128 ? 1 : 0;
    run(plan);
    count();
  }
  void leave() {
    for (Lane& lane : lanes_) {
      end(lane);
    }
  }
  std::size_t tight = 0;
  std::size_t found = 0;

 private:
  struct Lane {
    terms::Lane name;
    std::size_t prompt = 0;
    std::uint32_t known = 0;
    std::uint32_t resident = 0;
    content::TokenIds tokens;
  };
  void come(Lane& lane) {
    lane = {};
    lane.name = test::lane(++last_job_);
    lane.prompt = dice_() % prompts_.size();
    lane.known = static_cast<std::uint32_t>(prompts_[lane.prompt].size());
    JobSpec spec = job(last_job_, prompts_[lane.prompt]);
    spec.prefix_space = ours;
    spec.sampling.ignore_eos = true;
    ASSERT_TRUE(engine_.open(spec).ok());
  }
  void end(Lane& lane) {
    engine_.close(lane.name.job);
    lane = {};
  }
  void run(const terms::StepPlan& plan) {
    const StepOutput output = engine_.step(plan);
    ASSERT_FALSE(output.out_of_kv) << "what fits by the count fits";
    for (const LaneOutput& done : output.lanes) {
      ASSERT_FALSE(done.failed);
      Lane& lane = *std::ranges::find(lanes_, done.lane, &Lane::name);
      lane.resident += done.reused + done.computed;
      found += done.reused;
      if (done.token) {
        lane.tokens.push_back(*done.token);
        ++lane.known;
        const std::size_t spoken = lane.tokens.size();
        if (spoken <= said_[lane.prompt].size()) {
          ASSERT_EQ(lane.tokens.back(), said_[lane.prompt][spoken - 1]);
        }
      }
    }
  }
  void count() {
    const terms::Sharing sharing = engine_.sharing();
    std::uint32_t used = sharing.pooled.value;
    for (const Lane& lane : lanes_) {
      used += lane.resident;
    }
    for (const terms::SharedLane& shared : sharing.lanes) {
      used -= shared.tokens.value;
    }
    ASSERT_EQ(engine_.facts().kv_tokens - used, engine_.kv_free());
  }

  Engine& engine_;
  std::mt19937 dice_;
  std::vector<content::TokenIds> prompts_;
  std::vector<content::TokenIds> said_;  ///< Undisturbed.
  std::vector<Lane> lanes_ = std::vector<Lane>(6);
  std::uint64_t last_job_ = 1000;
};

TEST_P(Keeping, WhatFitsByTheCountFits) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto small = GetParam()(416);
  const bool native_one = small->facts().architecture != "scripted";
  Crowd crowd(*small, seed, native_one);
  for (int i = 0; i < 1500 && !HasFatalFailure(); ++i) {
    crowd.turn();
  }
  crowd.leave();
  EXPECT_EQ(small->kv_free(), small->facts().kv_tokens);
  EXPECT_GT(crowd.tight, 50U) << "or this tested nothing";
  EXPECT_GT(crowd.found, 5'000U);
}

/// Bits, not likenesses: hits change nothing in any type, chunk, preemption or fork.
TEST(Prefix, HitsChangeNoAnswer) {
  for (const auto type : {random_model::Type::f32, random_model::Type::f16,
                          random_model::Type::q8_0, random_model::Type::q4_0}) {
    test::TemporaryFolder folder;
    const std::string path = folder.file("model.gguf");
    ASSERT_EQ(random_model::write({.type = type}, path), "");
    const auto loaded =
        load_native({.path = path, .kv_tokens = 1024, .lanes_max = 4, .threads = 1});
    ASSERT_TRUE(loaded.ok());
    Engine& engine = *loaded.value();
    const auto prompt = prompt_of(300);
    const Told without = tell(engine, 0, prompt, 60);
    tell(engine, ours, content::TokenIds(prompt.begin(), prompt.begin() + 170), 9, 7);
    for (const std::uint32_t chunk : {256U, 11U, 1U}) {
      const Told with = tell(engine, ours, prompt, 60, chunk);
      EXPECT_GT(with.reused, 100U);
      EXPECT_EQ(with.tokens, without.tokens);
      EXPECT_EQ(with.logprobs, without.logprobs);
    }
  }
}

/// The next turn of a conversation finds the answer of this one.
TEST(Prefix, AnswersAreKeptToo) {
  const auto engine = native(2048);
  auto prompt = prompt_of(100);
  const Told turn = tell(*engine, ours, prompt, 60);
  prompt.insert(prompt.end(), turn.tokens.begin(), turn.tokens.end());
  prompt.insert(prompt.end(), 20, 'q');
  EXPECT_EQ(tell(*engine, ours, prompt, 1).reused, 144U) << "159 were computed";
}

TEST(Prefix, WhoGaveWayFindsItsOwn) {
  const auto engine = native(2048);
  JobSpec spec = job(1, prompt_of(100));
  spec.prefix_space = ours;
  ASSERT_TRUE(engine->open(spec).ok());
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 100, 0)};
  ASSERT_TRUE(engine->step(plan).lanes[0].token);
  plan.evict = {lane(1)};
  plan.run = {entry(lane(1), 101, 0)};
  const auto output = engine->step(plan);
  EXPECT_EQ(output.lanes[0].reused, 96U);
  EXPECT_EQ(output.lanes[0].computed, 5U);
  EXPECT_TRUE(output.lanes[0].token);
}

/// Who does not keep says so.
TEST(Prefix, LibllamaKeepsNothing) {
  const auto engine = test::load_tiny();
  const auto prompt = prompt_of(100);
  tell(*engine, ours, prompt, 2);
  EXPECT_EQ(tell(*engine, ours, prompt, 2).reused, 0U);
}

/// How likely it is that times like these come from one clockwork: the rank sum of the first among
/// both, in standard deviations (Mann and Whitney, 1947).
double apart(const std::vector<double>& a, const std::vector<double>& b) {
  double above = 0;
  for (const double x : a) {
    for (const double y : b) {
      above += x > y ? 1.0 : x == y ? 0.5 : 0.0;
    }
  }
  const auto n = static_cast<double>(a.size());
  const auto m = static_cast<double>(b.size());
  return (above - n * m / 2) / std::sqrt(n * m * (n + m + 1) / 12);
}

/// What a tenant can measure: how long its first token takes. A prompt that it sent before answers
/// sooner; one that another sent does not. Three kinds in turns, so that noise meets all alike.
TEST(Prefix, TimesTellAboutOnesOwnPromptsOnly) {
  const auto engine = native(4096);
  const auto seconds = [&](std::uint64_t space, const content::TokenIds& prompt) {
    const auto start = std::chrono::steady_clock::now();
    tell(*engine, space, prompt, 1);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::vector<double> own, of_another, of_nobody;
  for (int i = 0; i < 40; ++i) {
    const auto mine = prompt_of(1000, 1 + 3 * i);
    const auto others = prompt_of(1000, 2 + 3 * i);
    seconds(ours, mine);
    seconds(theirs, others);
    own.push_back(seconds(ours, mine));
    if (i % 2 == 0) {  // So that neither always comes first.
      of_another.push_back(seconds(ours, others));
      of_nobody.push_back(seconds(ours, prompt_of(1000, 3 + 3 * i)));
    } else {
      of_nobody.push_back(seconds(ours, prompt_of(1000, 3 + 3 * i)));
      of_another.push_back(seconds(ours, others));
    }
  }
  EXPECT_LT(apart(own, of_nobody), -6) << "the cache works";
  EXPECT_LT(std::abs(apart(of_another, of_nobody)), 4.5) << "and tells nobody of others";
  RecordProperty("across", std::to_string(apart(of_another, of_nobody)));
}

}  // namespace
}  // namespace engine
