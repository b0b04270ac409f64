#include "grammar/gbnf.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace grammar {
namespace {

constexpr std::uint32_t last_code_point = 0x10FFFF;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || is_digit(c);
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xC0 | (point >> 6));
    add(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    add(0xE0 | (point >> 12));
    add(0x80 | ((point >> 6) & 0x3F));
    add(0x80 | (point & 0x3F));
  } else {
    add(0xF0 | (point >> 18));
    add(0x80 | ((point >> 12) & 0x3F));
    add(0x80 | ((point >> 6) & 0x3F));
    add(0x80 | (point & 0x3F));
  }
}

bool is_surrogate(std::uint32_t point) {
  return point >= 0xD800 && point <= 0xDFFF;
}

/// One pass over the text. A function that fails leaves a refusal and returns false; whoever called
/// it returns at once.
class Parser {
 public:
  Parser(std::string_view text, const GbnfOptions& options) : text_(text), options_(options) {}

  base::Result<GbnfGrammar, Refusal> parse() {
    if (text_.size() > gbnf_bytes_limit) {
      return base::Fail{Refusal{Refusal::Kind::too_large, "", "bytes", gbnf_bytes_limit}};
    }
    skip_space(true);
    while (!refusal_ && at_ < text_.size()) {
      parse_rule();
    }
    if (!refusal_) {
      link();
    }
    if (refusal_) {
      return base::Fail{*std::move(refusal_)};
    }
    auto built = builder_.build(names_.at("root").rule);
    if (!built) {
      return base::Fail{built.error()};
    }
    return GbnfGrammar{std::move(built).value(), embedded_.size()};
  }

 private:
  struct Name {
    RuleId rule{};
    std::optional<StateId> body;  ///< Where the last of its definitions begins.
    std::size_t first_seen = 0;   ///< In the text.
  };
  /// A part of a rule: what leads from one state to another. Nothing leads there yet.
  struct Part {
    StateId from{};
    StateId to{};
  };

  bool refuse(Refusal::Kind kind, std::string_view keyword, std::uint64_t limit, std::size_t at) {
    if (!refusal_) {
      const auto line =
          std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      refusal_ = Refusal{kind, "line " + std::to_string(line + 1), std::string(keyword), limit};
    }
    return false;
  }
  bool malformed(std::string_view keyword) {
    return refuse(Refusal::Kind::malformed, keyword, 0, at_);
  }

  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  void skip_space(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (c == ' ' || c == '\t' || (lines && (c == '\r' || c == '\n'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Name* name() {
    const std::size_t first = at_;
    while (is_name(peek())) {
      ++at_;
    }
    if (at_ == first) {
      malformed("name");
      return nullptr;
    }
    const auto [found, is_new] = names_.try_emplace(text_.substr(first, at_ - first));
    if (is_new) {
      found->second.rule = builder_.rule();
      found->second.first_seen = first;
    }
    return &found->second;
  }

  bool parse_rule() {
    Name* const named = name();
    if (named == nullptr) {
      return false;
    }
    skip_space(false);
    if (!take("::=")) {
      return malformed("::=");
    }
    skip_space(true);
    const StateId body = builder_.state();
    if (!alternatives(body, builder_.end(named->rule), 0)) {
      return false;
    }
    named->body = body;
    if (at_ < text_.size() && peek() != '\r' && peek() != '\n') {
      return malformed("end of the rule");
    }
    skip_space(true);
    return true;
  }

  bool alternatives(StateId from, StateId to, std::size_t depth) {
    if (depth > gbnf_depth_limit) {
      return refuse(Refusal::Kind::too_large, "depth", gbnf_depth_limit, at_);
    }
    for (;;) {
      if (!sequence(from, to, depth)) {
        return false;
      }
      if (!take("|")) {
        return true;
      }
      skip_space(true);
    }
  }

  bool sequence(StateId from, StateId to, std::size_t depth) {
    for (;;) {
      if (builder_.full()) {
        return refuse(Refusal::Kind::too_large, "size", gbnf_bytes_limit, at_);
      }
      Part part{builder_.state(), builder_.state()};
      bool found = false;
      if (!item(part, depth, found)) {
        return false;
      }
      if (!found) {
        builder_.epsilon(from, to);
        return true;
      }
      skip_space(depth > 0);
      if (!suffixes(part, depth)) {
        return false;
      }
      builder_.epsilon(from, part.from);
      from = part.to;
    }
  }

  bool item(const Part& part, std::size_t depth, bool& found) {
    found = true;
    const char c = peek();
    if (c == '"') {
      return literal(part);
    }
    if (c == '[') {
      return char_class(part);
    }
    if (c == '.') {
      ++at_;
      builder_.code_points_except(part.from, {}, part.to);
      return true;
    }
    if (c == '(') {
      ++at_;
      skip_space(true);
      return alternatives(part.from, part.to, depth + 1) && (take(")") || malformed(")"));
    }
    if (is_name(c)) {
      const Name* const called = name();
      builder_.call(part.from, called->rule, part.to);
      return true;
    }
    if (c == '<' || c == '!') {
      return refuse(Refusal::Kind::unsupported, "tokens by name or number", 0, at_);
    }
    if (c == '*' || c == '+' || c == '?' || c == '{') {
      return malformed("repetition");
    }
    found = false;
    return true;
  }

  bool suffixes(Part& part, std::size_t depth) {
    for (char c = peek(); c == '*' || c == '+' || c == '?' || c == '{'; c = peek()) {
      if (builder_.full()) {
        return refuse(Refusal::Kind::too_large, "size", gbnf_bytes_limit, at_);
      }
      const Part around{builder_.state(), builder_.state()};
      ++at_;
      if (c == '{') {
        if (!counted(part, around, depth)) {
          return false;
        }
      } else {
        builder_.epsilon(around.from, part.from);
        builder_.epsilon(part.to, around.to);
        if (c != '+') {
          builder_.epsilon(around.from, around.to);
        }
        if (c != '?') {
          builder_.epsilon(part.to, part.from);
        }
      }
      part = around;
      skip_space(depth > 0);
    }
    return true;
  }

  /// `{m}`, `{m,}`, `{m,n}`, behind the brace.
  bool counted(const Part& part, const Part& around, std::size_t depth) {
    const auto space = [&] { skip_space(depth > 0); };
    std::uint32_t min = 0;
    space();
    if (!number(min)) {
      return false;
    }
    std::uint32_t max = min;
    space();
    if (take(",")) {
      max = unbounded;
      space();
      if (is_digit(peek()) && !number(max)) {
        return false;
      }
      space();
    }
    if (!take("}")) {
      return malformed("repetition");
    }
    if (min > max) {
      return refuse(Refusal::Kind::unsatisfiable, "repetition", 0, at_);
    }
    const RuleId body = builder_.rule();
    builder_.epsilon(builder_.begin(body), part.from);
    builder_.epsilon(part.to, builder_.end(body));
    builder_.repeat(around.from, body, min, max, around.to);
    return true;
  }

  bool number(std::uint32_t& value) {
    if (!is_digit(peek())) {
      return malformed("repetition");
    }
    std::uint64_t read = 0;
    for (; is_digit(peek()); ++at_) {
      read = read * 10 + static_cast<std::uint64_t>(peek() - '0');
      if (read > gbnf_repetitions_limit) {
        return refuse(Refusal::Kind::too_large, "repetition", gbnf_repetitions_limit, at_);
      }
    }
    value = static_cast<std::uint32_t>(read);
    return true;
  }

  /// One code point of a literal or a class, written or escaped.
  bool code_point(std::uint32_t& point) {
    if (at_ >= text_.size()) {
      return malformed("end of the text");
    }
    if (!take("\\")) {
      return written(point);
    }
    const char c = peek();
    const auto as = [&](char meant) {
      ++at_;
      point = static_cast<std::uint32_t>(meant);
      return true;
    };
    switch (c) {
      case 'x': return hex(2, point);
      case 'u': return hex(4, point);
      case 'U': return hex(8, point);
      case 't': return as('\t');
      case 'r': return as('\r');
      case 'n': return as('\n');
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-': return as(c);
      default: return malformed("escape");
    }
  }

  bool hex(int digits, std::uint32_t& point) {
    std::uint64_t read = 0;
    ++at_;
    for (int i = 0; i < digits; ++i, ++at_) {
      const char c = peek();
      const int digit = is_digit(c)              ? c - '0'
                        : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                        : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                                 : -1;
      if (digit < 0) {
        return malformed("escape");
      }
      read = read * 16 + static_cast<std::uint64_t>(digit);
    }
    if (read > last_code_point) {
      return malformed("escape");
    }
    point = static_cast<std::uint32_t>(read);
    return true;
  }

  bool written(std::uint32_t& point) {
    const auto lead = static_cast<std::uint8_t>(peek());
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    constexpr std::uint8_t bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    bool fits = (lead < 0x80 || (lead >= 0xC2 && lead <= 0xF4)) && at_ + size <= text_.size();
    point = lead & bits[size];
    for (std::size_t i = 1; fits && i < size; ++i) {
      const auto byte = static_cast<std::uint8_t>(text_[at_ + i]);
      fits = (byte & 0xC0) == 0x80;
      point = point << 6 | (byte & 0x3FU);
    }
    if (!fits || point < least[size] || point > last_code_point || is_surrogate(point) ||
        lead == 0) {
      return malformed("UTF-8");
    }
    at_ += size;
    return true;
  }

  bool literal(const Part& part) {
    std::string bytes;
    ++at_;
    while (!take("\"")) {
      std::uint32_t point = 0;
      if (!code_point(point)) {
        return false;
      }
      if (is_surrogate(point)) {
        return malformed("escape");
      }
      append_utf8(bytes, point);
    }
    add_literal(part.from, bytes, part.to);
    return true;
  }

  /// The bytes, with grammars for the parts that others are to take the place of.
  void add_literal(StateId from, std::string_view bytes, StateId to) {
    for (;;) {
      std::size_t first = std::string_view::npos;
      const std::pair<const std::string, GrammarPtr>* nearest = nullptr;
      for (const auto& substitute : options_.substitutes) {
        const std::size_t found =
            substitute.first.empty() ? std::string_view::npos : bytes.find(substitute.first);
        if (found < first) {
          first = found;
          nearest = &substitute;
        }
      }
      if (nearest == nullptr) {
        builder_.literal(from, bytes, to);
        return;
      }
      const auto [rule, is_new] = embedded_.try_emplace(nearest->first);
      if (is_new) {
        rule->second = builder_.embed(*nearest->second);
      }
      const StateId before = builder_.state();
      const StateId after = builder_.state();
      builder_.literal(from, bytes.substr(0, first), before);
      builder_.call(before, rule->second, after);
      bytes.remove_prefix(first + nearest->first.size());
      from = after;
    }
  }

  bool char_class(const Part& part) {
    std::vector<Range> ranges;
    ++at_;
    const bool except = take("^");
    while (!take("]")) {
      Range range;
      if (!code_point(range.low)) {
        return false;
      }
      range.high = range.low;
      if (peek() == '-' && peek(1) != ']') {
        ++at_;
        if (!code_point(range.high)) {
          return false;
        }
      }
      if (range.low > range.high) {
        return malformed("range");
      }
      ranges.push_back(range);
    }
    if (except) {
      builder_.code_points_except(part.from, ranges, part.to);
    } else if (ranges.empty()) {
      return malformed("class");
    } else {
      builder_.code_points(part.from, ranges, part.to);
    }
    return true;
  }

  /// Gives each name what was defined for it.
  void link() {
    if (const auto root = names_.find("root"); root == names_.end() || !root->second.body) {
      refusal_ = Refusal{Refusal::Kind::malformed, "", "root", 0};
      return;
    }
    for (const auto& [text, named] : names_) {
      if (!named.body) {
        refuse(Refusal::Kind::malformed, "undefined rule", 0, named.first_seen);
        return;
      }
      builder_.epsilon(builder_.begin(named.rule), *named.body);
    }
  }

  std::string_view text_;
  const GbnfOptions& options_;
  std::size_t at_ = 0;
  Builder builder_;
  std::map<std::string_view, Name> names_;
  std::map<std::string, RuleId, std::less<>> embedded_;
  std::optional<Refusal> refusal_;
};

}  // namespace

base::Result<GbnfGrammar, Refusal> parse_gbnf(std::string_view text, const GbnfOptions& options) {
  return Parser(text, options).parse();
}

}  // namespace grammar
