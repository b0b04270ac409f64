// Sets of Unicode code points: what one place of a pattern accepts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace grammar {

/// Code points from `first` to `last`, both included.
struct CodeRange {
  char32_t first = 0;
  char32_t last = 0;
  friend bool operator==(const CodeRange&, const CodeRange&) = default;
};

constexpr char32_t last_code_point = 0x10FFFF;

/// A set of Unicode scalar values. Surrogates are left out silently, because no UTF-8 text holds
/// one.
class CodeSet {
 public:
  CodeSet() = default;
  /// The set of one range.
  CodeSet(char32_t first, char32_t last);
  /// From ranges in ascending order that do not touch.
  static CodeSet of(std::vector<CodeRange> ranges);

  void add(char32_t first, char32_t last);
  void add(const CodeSet& other);

  [[nodiscard]] CodeSet inverse() const;
  [[nodiscard]] bool empty() const { return ranges().empty(); }
  [[nodiscard]] bool contains(char32_t code) const;
  /// Ascending, apart from one another.
  [[nodiscard]] const std::vector<CodeRange>& ranges() const;

 private:
  void normalize() const;
  mutable std::vector<CodeRange> ranges_;
  mutable bool normal_ = true;
};

CodeSet any_set();
/// `\d`, `\w` and `\s` of ECMA-262 without the flag i, and `.`, which is all but line ends.
CodeSet digit_set();
CodeSet word_set();
CodeSet space_set();
CodeSet dot_set();

/// The set of `\p{name}`: general categories by their short or long names (L, Letter, Lu, N, Nd,
/// P, S, Z, M, ...), Any, ASCII, Alphabetic as L with Nl, White_Space. Empty for any other name.
std::optional<CodeSet> property_set(std::string_view name);

}  // namespace grammar
