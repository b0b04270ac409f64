// Random commands of a small, rude world: few tenants, little money, tight limits, repeats,
// commands about requests that ended or never were.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "house.hpp"

namespace settle::testing {

class Traffic {
 public:
  explicit Traffic(std::uint64_t seed) : random_(seed) {}

  Command next() {
    now_ += static_cast<std::int64_t>(below(4)) * (below(50) == 0 ? 20 * second : second / 5);
    if (below(40) == 0) return Publish{{{1 + below(8), 0, 0, 1}}};
    if (below(60) == 0) return prune();
    switch (below(20)) {
      case 0: return top_up();
      case 1: return again();
      case 2: return undo(some(), now_);
      case 3:
      case 4: return undo(oldest(), now_);
      case 5: return end(some());
      case 6:
      case 7:
      case 8:
      case 9:
      case 10: return end(oldest());
      default: return ask();
    }
  }
  std::vector<Command> batch(std::uint64_t longest) {
    std::vector<Command> commands;
    for (std::uint64_t i = below(longest) + 1; i > 0; --i)
      commands.push_back(next());
    return commands;
  }
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }
  [[nodiscard]] std::int64_t now() const { return now_; }

  Command top_up() {
    Credit command = credit(++last_, static_cast<std::int64_t>(below(1'000)) + 1, owner());
    command.request.high = 2;
    if (below(4) == 0) command.amount.value *= -1;
    if (below(8) == 0) command.request.low = 1 + below(last_);
    return command;
  }
  Hold ask() {
    Hold command = hold(++last_, now_);
    command.tenant = owner();
    command.account = account_of(command.tenant);
    command.key = {command.tenant.value * 10 + below(2)};
    command.choices = 1 + static_cast<std::uint32_t>(below(3));
    command.input = {static_cast<std::uint32_t>(below(30))};
    command.output_max = {command.choices * (1 + static_cast<std::uint32_t>(below(40)))};
    command.output_asked = below(2) == 0 ? 1 : 0;
    command.prices = {{static_cast<std::int64_t>(below(3)) * 1'000'000},
                      {0},
                      {static_cast<std::int64_t>(below(4)) * 1'000'000}};
    if (below(4) == 0) command.idempotency = {{last_ / 16 + 1, below(2), 0, 0}};
    // A key's limits stay the same, as they mostly do.
    if (command.key.value % 2 == 0) {
      const std::uint64_t owner_id = command.tenant.value;
      command.limits.requests_per_minute = owner_id == 7 ? 5 : 0;
      command.limits.tokens_per_minute = owner_id != 8 ? 150 : 0;
      command.limits.parallel_requests = owner_id == 8 ? 4 : 0;
      command.limits.cap_per_month = {owner_id == 9 ? 2'000 : 0};
    }
    last_hold_ = command;
    holds_.push_back(last_);
    return command;
  }

 private:
  terms::TenantId owner() { return {7 + below(3)}; }
  std::uint64_t some() {
    const std::uint64_t back = below(12);
    return last_ > back ? last_ - back : 1;
  }
  /// The oldest hold that may still be open.
  std::uint64_t oldest() {
    if (holds_.empty()) return some();
    const std::uint64_t request = holds_.front();
    if (below(8) != 0) holds_.pop_front();
    return request;
  }
  /// Old enough that nobody says any of it again.
  Command prune() {
    return Prune{owner(), {now_ - static_cast<std::int64_t>(300 + below(300)) * second}};
  }
  Command again() {
    Hold command = last_hold_;
    if (!command.request.valid()) command = ask();
    return command;
  }
  Command end(std::uint64_t request) {
    // Mostly little, so that it mostly lies within the hold.
    const std::uint64_t most = below(4) == 0 ? 60 : 4;
    Settle command = settle(request, static_cast<std::uint32_t>(below(most)), now_);
    command.usage.input = {static_cast<std::uint32_t>(below(most))};
    return command;
  }

  std::mt19937_64 random_;
  std::uint64_t last_ = 0;
  std::int64_t now_ = start;
  Hold last_hold_{};
  std::deque<std::uint64_t> holds_;
};

}  // namespace settle::testing
