#include "pattern_escape.hpp"

#include <algorithm>
#include <utility>

#include "pattern_fault.hpp"

namespace grammar {

namespace {

using base::Fail;
using SetOrFault = base::Result<CodeSet, Refusal>;

constexpr std::uint32_t number_max = 1'000'000'000;

bool is_digit(char32_t code) {
  return code >= U'0' && code <= U'9';
}

bool is_letter(char32_t code) {
  return (code >= U'a' && code <= U'z') || (code >= U'A' && code <= U'Z');
}

std::optional<char32_t> hex_digit(char32_t code) {
  if (is_digit(code)) return code - U'0';
  if (code >= U'a' && code <= U'f') return code - U'a' + 10;
  if (code >= U'A' && code <= U'F') return code - U'A' + 10;
  return std::nullopt;
}

CodeSet one(char32_t code) {
  return {code, code};
}

/// \uHHHH, a pair of surrogates written as two of them, or \u{H...}.
SetOrFault unicode_escape(PatternText& in) {
  if (in.take(open_brace)) {
    char32_t code = 0;
    std::size_t digits = 0;
    while (const std::optional<char32_t> digit = hex_digit(in.peek())) {
      code = std::min(code * 16 + *digit, last_code_point + 1);
      in.skip(1);
      ++digits;
    }
    if (digits == 0 || code > last_code_point || !in.take(close_brace))
      return Fail{pattern_malformed()};
    return one(code);
  }
  const std::optional<char32_t> high = in.hex(4);
  if (!high) return Fail{pattern_malformed()};
  if (*high < 0xD800 || *high > 0xDBFF || in.peek() != U'\\' || in.peek(1) != U'u') {
    return one(*high);
  }
  const std::size_t before = in.at();
  in.skip(2);
  const std::optional<char32_t> low = in.hex(4);
  if (!low || *low < 0xDC00 || *low > 0xDFFF) {
    in.back_to(before);
    return one(*high);
  }
  return one(0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00));
}

SetOrFault property_escape(PatternText& in, bool negated) {
  if (!in.take(open_brace)) return Fail{pattern_malformed()};
  std::string name;
  while (!in.done() && in.peek() != close_brace) {
    const char32_t code = in.next();
    if (code > 0x7F || name.size() > 64) return Fail{pattern_malformed()};
    name += static_cast<char>(code);
  }
  if (!in.take(close_brace)) return Fail{pattern_malformed()};
  std::optional<CodeSet> set = property_set(name);
  if (!set) return Fail{pattern_unsupported("this \\p{...}")};
  if (!negated) return *std::move(set);
  // What is not assigned yet may have the property by the Unicode of whoever checks the answer.
  if (const std::optional<CodeSet> unassigned = property_set("Cn")) set->add(*unassigned);
  return set->inverse();
}

/// The code point that one letter after the backslash stands for.
std::optional<char32_t> control(char32_t letter) {
  switch (letter) {
    case U't': return U'\t';
    case U'n': return U'\n';
    case U'v': return U'\v';
    case U'f': return U'\f';
    case U'r': return U'\r';
    default: return std::nullopt;
  }
}

std::optional<CodeSet> named_class(char32_t letter) {
  switch (letter) {
    case U'd': return digit_set();
    case U'D': return digit_set().inverse();
    case U'w': return word_set();
    case U'W': return word_set().inverse();
    case U's': return space_set();
    case U'S': return space_set().inverse();
    default: return std::nullopt;
  }
}

/// One member of a class, and whether it is a single code point, which may begin a range.
struct Member {
  CodeSet set;
  std::optional<char32_t> single;
};

base::Result<Member, Refusal> read_member(PatternText& in) {
  Member member;
  const char32_t code = in.next();
  if (code != U'\\') {
    member.set = one(code);
    member.single = code;
    return member;
  }
  SetOrFault set = read_escape(in, true);
  if (!set) return Fail{set.error()};
  member.set = std::move(set).value();
  const std::vector<CodeRange>& ranges = member.set.ranges();
  if (ranges.size() == 1 && ranges[0].first == ranges[0].last) member.single = ranges[0].first;
  return member;
}

}  // namespace

std::optional<std::u32string> decoded(std::string_view text) {
  std::u32string codes;
  codes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || at + size > text.size()) {
      return std::nullopt;
    }
    char32_t code = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t next = 1; next < size; ++next) {
      const auto byte = static_cast<unsigned char>(text[at + next]);
      if ((byte & 0xC0) != 0x80) return std::nullopt;
      code = (code << 6) | (byte & 0x3FU);
    }
    codes += code;
    at += size;
  }
  return codes;
}

bool PatternText::take(char32_t code) {
  if (done() || text_[at_] != code) return false;
  ++at_;
  return true;
}

std::optional<std::uint32_t> PatternText::number() {
  if (!is_digit(peek())) return std::nullopt;
  std::uint64_t value = 0;
  while (is_digit(peek())) {
    value = std::min<std::uint64_t>(value * 10 + (next() - U'0'), number_max);
  }
  return static_cast<std::uint32_t>(value);
}

std::optional<char32_t> PatternText::hex(std::size_t digits) {
  char32_t code = 0;
  for (std::size_t at = 0; at < digits; ++at) {
    const std::optional<char32_t> digit = hex_digit(peek(at));
    if (!digit) return std::nullopt;
    code = code * 16 + *digit;
  }
  at_ += digits;
  return code;
}

SetOrFault read_escape(PatternText& in, bool in_class) {
  if (in.done()) return Fail{pattern_malformed()};
  const char32_t letter = in.next();
  if (std::optional<CodeSet> set = named_class(letter)) return *std::move(set);
  if (const std::optional<char32_t> code = control(letter)) return one(*code);
  switch (letter) {
    case U'b':
      if (in_class) return one(U'\b');
      return Fail{pattern_unsupported("word boundaries")};
    case U'B': return Fail{pattern_unsupported("word boundaries")};
    case U'k': return Fail{pattern_unsupported("backreferences")};
    case U'0':
      if (is_digit(in.peek())) return Fail{pattern_malformed()};
      return one(0);
    case U'c': {
      const char32_t code = in.peek();
      if (!is_letter(code)) return Fail{pattern_malformed()};
      in.skip(1);
      return one(code % 32);
    }
    case U'x': {
      const std::optional<char32_t> code = in.hex(2);
      if (!code) return Fail{pattern_malformed()};
      return one(*code);
    }
    case U'u': return unicode_escape(in);
    case U'p': return property_escape(in, false);
    case U'P': return property_escape(in, true);
    default: break;
  }
  if (is_digit(letter)) {
    if (in_class) return Fail{pattern_malformed()};
    return Fail{pattern_unsupported("backreferences")};
  }
  // \A, \Z and \h of other dialects would be read as letters by the web, which nobody means.
  if (is_letter(letter)) return Fail{pattern_malformed()};
  return one(letter);
}

SetOrFault read_class(PatternText& in) {
  const bool negated = in.take(U'^');
  CodeSet set;
  while (!in.take(U']')) {
    if (in.done()) return Fail{pattern_malformed()};
    base::Result<Member, Refusal> first = read_member(in);
    if (!first) return Fail{first.error()};
    const bool range = in.peek() == U'-' && in.peek(1) != U']' && in.peek(1) != U'\0';
    if (!range || !first->single) {
      set.add(first->set);
      continue;
    }
    const std::size_t before = in.at();
    in.skip(1);
    base::Result<Member, Refusal> last = read_member(in);
    if (!last) return Fail{last.error()};
    if (!last->single) {  // [a-\d]: the hyphen stands for itself
      in.back_to(before);
      set.add(first->set);
      continue;
    }
    if (*first->single > *last->single) return Fail{pattern_malformed()};
    set.add(*first->single, *last->single);
  }
  return negated ? set.inverse() : set;
}

}  // namespace grammar
