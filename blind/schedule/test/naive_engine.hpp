// A naive model beside the scheduler: an engine that remembers what each lane has, cell by cell,
// checks every rule of a plan, and keeps a bill of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <schedule/scheduler.hpp>

namespace schedule::testing {

inline terms::WorkItem job(std::uint64_t id, std::uint64_t tenant, std::uint32_t prompt,
                           std::uint32_t output, std::uint32_t choices = 1,
                           terms::Prices prices = {{1}, {0}, {1}}) {
  terms::WorkItem item;
  item.job = {id};
  item.tenant = {tenant};
  item.kind = output == 0 ? terms::WorkKind::embed : terms::WorkKind::generate;
  item.prompt = {prompt};
  item.output_max = {output};
  item.choices = choices;
  item.prices = prices;
  return item;
}

inline Capacity capacity(std::uint32_t kv, std::uint32_t lanes, std::uint32_t step) {
  return {kv, lanes, step, 0, true};
}

/// Lanes finish when they have sampled output_max tokens; embeddings when their prompt is done.
class NaiveEngine {
 public:
  explicit NaiveEngine(Capacity capacity) : capacity_(capacity) {}

  void open(const terms::WorkItem& item) { items_[item.job] = item; }
  /// A job whose first `common` tokens are those of all others of its family. Returns it with what
  /// an engine would say of that.
  terms::WorkItem open(terms::WorkItem item, std::uint64_t family, std::uint32_t common) {
    const std::uint32_t shared = std::min(common, item.prompt.value - 1);
    item.prefix.at_hand = {std::min(static_cast<std::uint32_t>(kept_[family].size()), shared)};
    for (const auto& [other, family_of_other] : families_) {
      const base::Tokens both{std::min(shared, items_[other].prompt.value)};
      if (family_of_other == family && both > item.prefix.coming) {
        item.prefix.coming = both;
        item.prefix.from = other;
      }
    }
    items_[item.job] = item;
    families_[item.job] = family;
    common_[family] = common;
    return item;
  }
  /// Tokens of common beginnings that were computed, over all jobs of the family.
  [[nodiscard]] std::uint64_t computed_in_common(std::uint64_t family) {
    return computed_in_common_[family];
  }
  [[nodiscard]] std::uint64_t reused(terms::JobId id) { return reused_[id]; }

  /// What is kept of a family and nobody holds is lost.
  void lose(std::uint64_t family) {
    auto& kept = kept_[family];
    while (!kept.empty() && users(kept.back()) == 0) {
      kept.pop_back();
    }
  }
  [[nodiscard]] terms::Sharing sharing() {
    terms::Sharing sharing;
    sharing.pooled = {static_cast<std::uint32_t>(
        std::ranges::count_if(users_, [](const auto& cell) { return cell.second > 1; }))};
    for (const terms::Lane& lane : resident_) {
      const auto shared = static_cast<std::uint32_t>(
          std::ranges::count_if(lanes_[lane].cells, [&](auto cell) { return users(cell) > 1; }));
      if (shared > 0) {
        sharing.lanes.push_back({lane, {shared}});
      }
    }
    return sharing;
  }
  [[nodiscard]] std::uint64_t kv_used() const { return kv_used_; }

  terms::StepReport run(const terms::StepPlan& plan) {
    for (const terms::Lane& lane : plan.evict) {
      EXPECT_GT(resident(lane.job, lane.choice), 0U) << "nothing is dropped that is not there";
      drop(lane);
      ++evictions_[items_.at(lane.job).tenant.value];
    }
    for (const terms::ForkEntry& fork : plan.fork) {
      EXPECT_TRUE(capacity_.can_fork);
      const std::vector<std::uint64_t>& from = lanes_[fork.from].cells;
      EXPECT_GE(from.size(), fork.tokens.value) << "a fork shares what is there";
      EXPECT_TRUE(lanes_[fork.to].cells.empty());
      for (std::size_t i = 0; i < fork.tokens.value; ++i) {
        hold(fork.to, from[i]);
      }
    }
    terms::StepReport report;
    room_ = capacity_.kv_tokens - kv_used_;
    for (const terms::StepEntry& entry : plan.run) {
      EXPECT_LE(entry.tokens.value, room_) << "what is planned fits";
      room_ -= std::min<std::uint64_t>(room_, entry.tokens.value);
    }
    std::uint32_t step_tokens = 0;
    std::map<terms::Lane, int> times;
    for (const terms::StepEntry& entry : plan.run) {
      EXPECT_EQ(++times[entry.lane], 1) << "a lane runs once a step";
      step_tokens += entry.tokens.value;
      report.lanes.push_back(run(entry));
    }
    EXPECT_LE(step_tokens, capacity_.step_tokens_max);
    EXPECT_LE(kv_used_, capacity_.kv_tokens);
    EXPECT_LE(resident_.size(), capacity_.lanes_max);
    for (const terms::LaneReport& done : report.lanes) {
      if (done.finished && items_.at(done.lane.job).kind == terms::WorkKind::embed) {
        lanes_[done.lane].sampled = 1;  // So that finished() is true of it.
      }
    }
    return report;
  }

  [[nodiscard]] bool finished(terms::JobId id) {
    const terms::WorkItem& item = items_[id];
    for (std::uint64_t choice = 0; choice < item.choices; ++choice) {
      if (lanes_[{id, choice}].sampled < std::max(item.output_max.value, 1U)) {
        return false;
      }
    }
    return true;
  }
  void close(terms::JobId id) {
    families_.erase(id);
    for (std::uint64_t choice = 0; choice < items_[id].choices; ++choice) {
      drop({id, choice});
    }
  }
  [[nodiscard]] std::uint32_t sampled(terms::JobId id, std::uint64_t choice = 0) {
    return lanes_[{id, choice}].sampled;
  }
  [[nodiscard]] std::uint32_t resident(terms::JobId id, std::uint64_t choice = 0) {
    return static_cast<std::uint32_t>(lanes_[{id, choice}].cells.size());
  }
  [[nodiscard]] std::uint64_t computed(std::uint64_t tenant) { return computed_[tenant]; }
  /// What the bill says, in 10^-6 nano-units: each prompt token once, each sampled token.
  [[nodiscard]] std::uint64_t billed(std::uint64_t tenant) { return billed_[tenant]; }
  [[nodiscard]] std::uint64_t evictions(std::uint64_t tenant) { return evictions_[tenant]; }
  [[nodiscard]] std::uint64_t lanes_of(std::uint64_t tenant) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        resident_, [&](const auto& lane) { return items_.at(lane.job).tenant.value == tenant; }));
  }
  [[nodiscard]] const terms::WorkItem& item(terms::JobId id) const { return items_.at(id); }

 private:
  struct State {
    std::vector<std::uint64_t> cells;  ///< One for each resident token.
    std::uint32_t sampled = 0;
  };

  terms::LaneReport run(const terms::StepEntry& entry) {
    const terms::WorkItem& item = items_.at(entry.lane.job);
    State& lane = lanes_[entry.lane];
    const std::uint32_t known = item.prompt.value + lane.sampled;
    EXPECT_EQ(entry.resident.value, lane.cells.size()) << "the scheduler knows what is resident";
    EXPECT_GT(entry.tokens.value, 0U);
    EXPECT_LE(lane.cells.size() + entry.tokens.value, known) << "only known tokens can be run";
    EXPECT_LT(lane.sampled, std::max(item.output_max.value, 1U)) << "a finished lane does not run";
    terms::LaneReport report;
    report.lane = entry.lane;
    std::uint32_t& covered = covered_[entry.lane.job];
    report.reused = {lane.cells.empty() ? find_kept(entry.lane, item) : 0};
    report.computed = {std::min(entry.tokens.value, known - report.reused.value)};
    if (const std::uint32_t there = reach(lane, item); there > covered) {
      billed_[item.tenant.value] +=
          (there - covered) * static_cast<std::uint64_t>(item.prices.cached.value);
      covered = there;
    }
    for (std::uint32_t i = 0; i < report.computed.value; ++i) {
      hold(entry.lane, ++last_cell_);
    }
    keep(item, lane, report.computed.value);
    computed_[item.tenant.value] += report.computed.value;
    if (const std::uint32_t there = reach(lane, item); there > covered) {
      billed_[item.tenant.value] +=
          (there - covered) * static_cast<std::uint64_t>(item.prices.input.value);
      covered = there;
    }
    if (lane.cells.size() == known && item.kind == terms::WorkKind::embed) {
      report.finished = true;
    } else if (lane.cells.size() == known) {
      ++lane.sampled;
      billed_[item.tenant.value] += static_cast<std::uint64_t>(item.prices.output.value);
      report.sampled = 1;
      report.finished = lane.sampled == item.output_max.value;
    }
    return report;
  }

  [[nodiscard]] static std::uint32_t reach(const State& lane, const terms::WorkItem& item) {
    return std::min(static_cast<std::uint32_t>(lane.cells.size()), item.prompt.value);
  }
  /// What others hold takes no room.
  std::uint32_t find_kept(const terms::Lane& lane, const terms::WorkItem& item) {
    const auto family = families_.find(item.job);
    if (family == families_.end()) {
      return 0;
    }
    const std::vector<std::uint64_t>& kept = kept_[family->second];
    const std::size_t shared =
        std::min<std::size_t>({common_[family->second], item.prompt.value - 1,
                               kept.size()});  // The last one is computed.
    std::uint32_t found = 0;
    for (; found < shared && (users(kept[found]) > 0 || room_ > 0); ++found) {
      room_ -= users(kept[found]) > 0 ? 0 : 1;
      hold(lane, kept[found]);
    }
    reused_[item.job] += found;
    return found;
  }
  void keep(const terms::WorkItem& item, const State& lane, std::size_t computed) {
    const auto family = families_.find(item.job);
    if (family == families_.end()) {
      return;
    }
    std::vector<std::uint64_t>& kept = kept_[family->second];
    const std::size_t end = std::min<std::size_t>(common_[family->second], reach(lane, item));
    for (std::size_t i = lane.cells.size() - computed; i < end; ++i) {
      ++computed_in_common_[family->second];
      if (i == kept.size()) {
        kept.push_back(lane.cells[i]);
      }
    }
  }

  void hold(const terms::Lane& lane, std::uint64_t cell) {
    lanes_[lane].cells.push_back(cell);
    resident_.insert(lane);
    kv_used_ += ++users_[cell] == 1 ? 1 : 0;
  }
  [[nodiscard]] std::uint32_t users(std::uint64_t cell) const {
    const auto found = users_.find(cell);
    return found == users_.end() ? 0 : found->second;
  }
  void drop(const terms::Lane& lane) {
    for (const std::uint64_t cell : lanes_[lane].cells) {
      if (--users_.at(cell) == 0) {
        users_.erase(cell);
        --kv_used_;
      }
    }
    lanes_[lane].cells.clear();
    resident_.erase(lane);
  }

  Capacity capacity_;
  std::map<terms::JobId, terms::WorkItem> items_;
  std::map<terms::Lane, State> lanes_;
  std::set<terms::Lane> resident_;
  std::map<std::uint64_t, std::uint32_t> users_;  ///< By cell; of those that are used.
  std::uint64_t last_cell_ = 0;
  std::uint64_t kv_used_ = 0;
  std::uint64_t room_ = 0;  ///< That a step leaves for what is found.
  std::map<terms::JobId, std::uint64_t> families_;
  std::map<std::uint64_t, std::uint32_t> common_;
  std::map<std::uint64_t, std::vector<std::uint64_t>>
      kept_;  ///< Cells, of a family's first tokens.
  std::map<std::uint64_t, std::uint64_t> computed_in_common_;
  std::map<terms::JobId, std::uint64_t> reused_;
  std::map<terms::JobId, std::uint32_t> covered_;
  std::map<std::uint64_t, std::uint64_t> computed_;
  std::map<std::uint64_t, std::uint64_t> billed_;
  std::map<std::uint64_t, std::uint64_t> evictions_;
};

}  // namespace schedule::testing
