// A compiled grammar: which byte strings an answer may be.
#pragma once

#include <cstddef>
#include <memory>

namespace grammar {

struct Plan;    // The description that a Builder collected; embed() copies it.
struct Tables;  // What a Matcher runs on.

/// Immutable, and shared between threads. Built by a Builder, run by a Matcher. Every state of it
/// can still come to an end: what cannot was taken out when it was built.
class Grammar {
 public:
  Grammar(std::unique_ptr<const Plan> plan, std::unique_ptr<const Tables> tables);
  ~Grammar();
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  /// What it holds in memory, in bytes, near enough for a cache's budget.
  [[nodiscard]] std::size_t bytes() const;

  [[nodiscard]] const Plan& plan() const { return *plan_; }
  [[nodiscard]] const Tables& tables() const { return *tables_; }

 private:
  std::unique_ptr<const Plan> plan_;
  std::unique_ptr<const Tables> tables_;
};

using GrammarPtr = std::shared_ptr<const Grammar>;

}  // namespace grammar
