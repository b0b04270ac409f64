// An answer that obeys a grammar, letter by letter, for an engine that has no model to ask.
#pragma once

#include <cstdint>
#include <optional>

#include <grammar/matcher.hpp>

namespace engine::scripted {

/// One per choice. What it writes soon comes to an end: it ends where it may, and prefers what
/// closes to what opens. Where that leads nowhere (`root ::= "a" root | "b"`), it chooses by its
/// seed after some hundred letters.
class Walk {
 public:
  enum class Step : std::uint8_t { letter, end, too_costly };

  Walk(grammar::GrammarPtr grammar, std::uint64_t seed)
      : matcher_(std::move(grammar)), seed_(seed) {}

  /// The next byte is in letter() then.
  [[nodiscard]] Step next();
  [[nodiscard]] char letter() const { return letter_; }

 private:
  grammar::Matcher matcher_;
  std::uint64_t seed_;
  std::uint64_t written_ = 0;
  char letter_ = 0;
};

}  // namespace engine::scripted
