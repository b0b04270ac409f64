// Follows an answer whose grammar sleeps, and says when it wakes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "constraints.hpp"

namespace engine::llama {

/// Remembers no more than the longest word it looks for. One thread.
class TriggerWatch {
 public:
  /// `constraints` must outlive it.
  explicit TriggerWatch(const Constraints& constraints);

  /// Goes on by these bytes. Once a word is complete: the word and what follows it in `bytes`,
  /// which is what the grammar is to read; the watch is over then.
  std::optional<std::string> feed(std::string_view bytes);

  [[nodiscard]] bool thinking() const { return thinking_; }

 private:
  bool woken_by(char byte);
  void answer_begins();

  const Constraints* constraints_;
  std::size_t longest_ = 0;
  std::string tail_;     ///< The last bytes.
  std::string opening_;  ///< The answer's beginning, while it may still become an opening word.
  bool may_open_ = true;
  bool thinking_ = false;
  std::string word_;
};

}  // namespace engine::llama
