// The letters of a pattern, its escapes and its classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <base/result.hpp>

#include <grammar/refusal.hpp>

#include "pattern_set.hpp"

namespace grammar {

/// Named, so that programs that count braces in this source are not misled.
constexpr char32_t open_brace = 0x7B;
constexpr char32_t close_brace = 0x7D;

/// The code points of UTF-8 text; nothing where it is none.
std::optional<std::u32string> decoded(std::string_view text);

/// A pattern being read from left to right.
class PatternText {
 public:
  explicit PatternText(std::u32string text) : text_{std::move(text)} {}

  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char32_t peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : U'\0';
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  char32_t next() { return text_[at_++]; }
  void skip(std::size_t count) { at_ += count; }
  void back_to(std::size_t at) { at_ = at; }
  /// Whether `code` came next; it is passed then.
  bool take(char32_t code);
  /// The decimal number that comes next, held at a thousand million.
  std::optional<std::uint32_t> number();
  /// Exactly `digits` hexadecimal digits; nothing, and nothing passed, where they are missing.
  std::optional<char32_t> hex(std::size_t digits);

 private:
  std::u32string text_;
  std::size_t at_ = 0;
};

/// The set that the escape stands for whose backslash was read. `in_class`: \b is a backspace.
base::Result<CodeSet, Refusal> read_escape(PatternText& in, bool in_class);

/// The class whose [ was read, up to and with its ].
base::Result<CodeSet, Refusal> read_class(PatternText& in);

}  // namespace grammar
