#include "literal.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "machine.hpp"
#include "pattern_escape.hpp"
#include "word_machine.hpp"

namespace grammar {

namespace {

constexpr char32_t blank = 256;  ///< beyond the bytes: a blank that may be left out

void add_bytes(std::u32string& word, std::string_view bytes) {
  for (const char byte : bytes)
    word += static_cast<unsigned char>(byte);
}

void add_utf8(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned leads[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(leads[more] | (code >> (6 * more)));
  for (int at = more - 1; at >= 0; --at)
    out += static_cast<char>(0x80 | ((code >> (6 * at)) & 0x3F));
}

char letter_behind(char32_t escape) {
  switch (escape) {
    case U'b': return '\b';
    case U'f': return '\f';
    case U'n': return '\n';
    case U'r': return '\r';
    case U't': return '\t';
    default: return static_cast<char>(escape);
  }
}

/// Reads a well-formed JSON text into a word of bytes and blanks.
class Reader {
 public:
  explicit Reader(std::u32string text) : in_{std::move(text)} {}

  std::u32string word() {
    while (!in_.done()) {
      const char32_t code = in_.next();
      if (code == U'"') {
        string();
      } else if (code == U'-' || (code >= U'0' && code <= U'9')) {
        number(code);
      } else if (code != U' ' && code != U'\t' && code != U'\n' && code != U'\r') {
        word_ += code;
        if (code == U':' || code == U',') word_ += blank;
      }
    }
    return std::move(word_);
  }

 private:
  void string() {
    std::string text;
    while (!in_.done() && in_.peek() != U'"') {
      const char32_t code = in_.next();
      if (code != U'\\' || in_.done()) {
        add_utf8(text, code);
        continue;
      }
      const char32_t escape = in_.next();
      if (escape == U'u') {
        add_utf8(text, unit());
      } else {
        text += letter_behind(escape);
      }
    }
    if (!in_.done()) in_.skip(1);
    word_ += U'"';
    add_bytes(word_, string_inside(text));
    word_ += U'"';
  }

  /// The code point of a \u whose four digits come next, and of a second one that belongs to it.
  char32_t unit() {
    constexpr char32_t replacement = 0xFFFD;
    const char32_t high = in_.hex(4).value_or(replacement);
    if (high < 0xD800 || high > 0xDFFF) return high;
    const std::size_t before = in_.at();
    if (high < 0xDC00 && in_.take(U'\\') && in_.take(U'u')) {
      const char32_t low = in_.hex(4).value_or(0);
      if (low >= 0xDC00 && low <= 0xDFFF) return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
    in_.back_to(before);
    return replacement;
  }

  void number(char32_t first) {
    std::string text(1, static_cast<char>(first));
    const auto belongs = [](char32_t code) {
      return (code >= U'0' && code <= U'9') || code == U'.' || code == U'e' || code == U'E' ||
             code == U'+' || code == U'-';
    };
    while (!in_.done() && belongs(in_.peek()))
      text += static_cast<char>(in_.next());
    add_bytes(word_, number_text(Decimal::read(text)));
  }

  PatternText in_;
  std::u32string word_;
};

}  // namespace

std::string string_inside(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    switch (letter) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(letter) >= 0x20) {
          out += letter;
        } else {
          out += "\\u00";
          out += hex[static_cast<std::size_t>(letter) / 16];
          out += hex[static_cast<std::size_t>(letter) % 16];
        }
    }
  }
  return out;
}

std::string number_text(const Decimal& number) {
  constexpr std::int64_t zeros_max = 21;
  if (number.zero()) return "0";
  const std::string sign = number.negative ? "-" : "";
  const auto size = static_cast<std::int64_t>(number.digits.size());
  const std::int64_t whole = size + number.exponent;  // digits before the point
  if (number.exponent >= 0 && whole <= zeros_max) {
    return sign + number.digits + std::string(static_cast<std::size_t>(number.exponent), '0');
  }
  if (number.exponent < 0 && whole > 0) {
    return sign + std::string{number.digits}.insert(static_cast<std::size_t>(whole), ".");
  }
  if (number.exponent < 0 && whole > -7) {
    return sign + "0." + std::string(static_cast<std::size_t>(-whole), '0') + number.digits;
  }
  std::string digits = number.digits;
  if (size > 1) digits.insert(1, ".");
  return sign + digits + "e" + std::to_string(whole - 1);
}

RuleId literal_rule(Builder& builder, std::span<const std::string> texts) {
  std::vector<std::u32string> words;
  words.reserve(texts.size());
  for (const std::string& text : texts) {
    if (std::optional<std::u32string> codes = decoded(text)) {
      words.push_back(Reader{*std::move(codes)}.word());
    }
  }
  const Machine machine = word_machine(words);
  const RuleId rule = builder.rule();
  std::vector<StateId> states;
  for (std::size_t at = 0; at < machine.states.size() && !builder.full(); ++at) {
    states.push_back(at == 0 ? builder.begin(rule) : builder.state());
    if (machine.states[at].end) builder.epsilon(states.back(), builder.end(rule));
  }
  if (builder.full()) return rule;
  for (std::size_t at = 0; at < states.size(); ++at) {
    for (const Arc& arc : machine.states[at].arcs) {
      const bool optional = arc.first == blank;
      const auto byte = static_cast<std::uint8_t>(optional ? ' ' : arc.first);
      builder.bytes(states[at], byte, byte, states[arc.to]);
      if (optional) builder.epsilon(states[at], states[arc.to]);
    }
  }
  return rule;
}

}  // namespace grammar
