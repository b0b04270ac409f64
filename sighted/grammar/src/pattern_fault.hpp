// Refusals of patterns. Their path is empty: whoever knows where the pattern stands sets it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <grammar/refusal.hpp>

namespace grammar {

inline Refusal pattern_malformed() {
  return {Refusal::Kind::malformed, "", "pattern", 0};
}

inline Refusal pattern_unsatisfiable() {
  return {Refusal::Kind::unsatisfiable, "", "pattern", 0};
}

/// `what` in the plural, as a reader would name it: "backreferences".
inline Refusal pattern_unsupported(std::string_view what) {
  return {Refusal::Kind::unsupported, "", "pattern (" + std::string{what} + ")", 0};
}

inline Refusal pattern_too_large(std::string_view what, std::uint64_t limit) {
  return {Refusal::Kind::too_large, "", "pattern (" + std::string{what} + ")", limit};
}

}  // namespace grammar
