#include "pattern_tree.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "pattern_escape.hpp"
#include "pattern_fault.hpp"

namespace grammar {

namespace {

using base::Fail;
using Kind = PatternNode::Kind;

/// Recursive descent; the depth is bounded. The first fault ends it: fault_ is set and every
/// function returns at once.
class Parser {
 public:
  explicit Parser(std::u32string text) : in_{std::move(text)} {}

  base::Result<PatternTree, Refusal> parse() {
    tree_.root = choice(0);
    if (!fault_ && !in_.done()) fault_ = pattern_malformed();  // a ) without its (
    if (fault_) return Fail{*fault_};
    return std::move(tree_);
  }

 private:
  std::uint32_t node(Kind kind, std::vector<std::uint32_t> parts = {}) {
    PatternNode made;
    made.kind = kind;
    made.parts = std::move(parts);
    tree_.nodes.push_back(std::move(made));
    return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
  }

  std::uint32_t set_node(CodeSet set) {
    const std::uint32_t made = node(Kind::set);
    tree_.nodes[made].set = std::move(set);
    return made;
  }

  std::uint32_t fail(Refusal fault) {
    if (!fault_) fault_ = std::move(fault);
    return 0;
  }

  std::uint32_t choice(std::size_t depth) {
    if (depth > PatternLimits::depth_max) {
      return fail(pattern_too_large("levels of groups", PatternLimits::depth_max));
    }
    std::vector<std::uint32_t> parts{sequence(depth)};
    while (!fault_ && in_.take(U'|')) {
      if (++alternatives_ >= PatternLimits::alternatives_max) {
        return fail(pattern_too_large("alternatives", PatternLimits::alternatives_max));
      }
      parts.push_back(sequence(depth));
    }
    return parts.size() == 1 ? parts[0] : node(Kind::choice, std::move(parts));
  }

  std::uint32_t sequence(std::size_t depth) {
    std::vector<std::uint32_t> parts;
    while (!fault_ && !in_.done() && in_.peek() != U'|' && in_.peek() != U')') {
      const std::uint32_t made = quantified(depth);
      if (fault_) return 0;
      parts.push_back(made);
    }
    return parts.size() == 1 ? parts[0] : node(Kind::sequence, std::move(parts));
  }

  std::uint32_t quantified(std::size_t depth) {
    const std::uint32_t body = atom(depth);
    if (fault_) return 0;
    std::uint32_t min = 0;
    std::uint32_t max = 0;
    switch (quantifier(min, max)) {
      case Quantifier::none: return body;
      case Quantifier::broken: return fail(pattern_malformed());
      case Quantifier::read: break;
    }
    const Kind kind = tree_.at(body).kind;
    if (kind == Kind::begin || kind == Kind::end || kind == Kind::ahead) {
      return fail(pattern_malformed());  // nothing to repeat
    }
    in_.take(U'?');                                   // lazy: the same texts match
    if (min > max) return fail(pattern_malformed());  // ECMA-262 22.2.1: a syntax error
    return repeat(body, min, max);
  }

  /// A repetition; what repeats a repetition becomes one where the texts stay the same.
  std::uint32_t repeat(std::uint32_t body, std::uint32_t min, std::uint32_t max) {
    if (min == 1 && max == 1) return body;
    const PatternNode inner = tree_.at(body);
    if (inner.kind == Kind::repeat && max > 0) {
      if (inner.min == 0 && inner.max == 1) return repeat(inner.parts[0], 0, max);
      if (inner.min <= 1 && inner.max == unlimited) {
        return repeat(inner.parts[0], inner.min == 0 ? 0 : min, unlimited);
      }
    }
    const std::uint32_t made = node(Kind::repeat, {body});
    tree_.nodes[made].min = min;
    tree_.nodes[made].max = max;
    return made;
  }

  enum class Quantifier : std::uint8_t { none, read, broken };

  Quantifier quantifier(std::uint32_t& min, std::uint32_t& max) {
    if (in_.done()) return Quantifier::none;
    switch (in_.peek()) {
      case U'*': min = 0, max = unlimited; break;
      case U'+': min = 1, max = unlimited; break;
      case U'?': min = 0, max = 1; break;
      case open_brace: return braces(min, max);
      default: return Quantifier::none;
    }
    in_.skip(1);
    return Quantifier::read;
  }

  /// {m}, {m,} and {m,n}; {,n} is broken; anything else leaves the brace to stand for itself.
  Quantifier braces(std::uint32_t& min, std::uint32_t& max) {
    const std::size_t before = in_.at();
    in_.skip(1);
    const std::optional<std::uint32_t> low = in_.number();
    const bool comma = in_.take(U',');
    const std::optional<std::uint32_t> high = comma ? in_.number() : low;
    if (!in_.take(close_brace) || (!low && !high)) {
      in_.back_to(before);
      return Quantifier::none;
    }
    if (!low) return Quantifier::broken;
    min = *low;
    max = high ? *high : unlimited;
    return Quantifier::read;
  }

  std::uint32_t atom(std::size_t depth) {
    const char32_t code = in_.next();
    switch (code) {
      case U'^': return node(Kind::begin);
      case U'$': return node(Kind::end);
      case U'.': return set_node(dot_set());
      case U'[': return set_class();
      case U'(': return group(depth);
      case U'\\': return escape();
      case U'*':
      case U'+':
      case U'?': return fail(pattern_malformed());
      case open_brace: {
        std::uint32_t min = 0;
        std::uint32_t max = 0;
        in_.back_to(in_.at() - 1);
        if (quantifier(min, max) != Quantifier::none) return fail(pattern_malformed());
        in_.skip(1);
        break;
      }
      default: break;
    }
    return set_node({code, code});
  }

  std::uint32_t escape() {
    base::Result<CodeSet, Refusal> set = read_escape(in_, false);
    if (!set) return fail(set.error());
    return set_node(std::move(set).value());
  }

  std::uint32_t set_class() {
    base::Result<CodeSet, Refusal> set = read_class(in_);
    if (!set) return fail(set.error());
    return set_node(std::move(set).value());
  }

  std::uint32_t group(std::size_t depth) {
    bool ahead = false;
    bool negated = false;
    if (in_.take(U'?')) {
      if (in_.done()) return fail(pattern_malformed());
      const char32_t sort = in_.next();
      if (sort == U'=' || sort == U'!') {
        ahead = true;
        negated = sort == U'!';
      } else if (sort == U'<' || sort == U'P') {
        if (!group_name(sort == U'P')) return 0;
      } else if (sort != U':') {
        // (?i) and its like; in ECMA-262 of 2025, outside what JSON Schema names.
        return fail(pattern_unsupported("flags in a group"));
      }
    }
    const std::uint32_t body = choice(depth + 1);
    if (fault_) return 0;
    if (!in_.take(U')')) return fail(pattern_malformed());
    if (!ahead) {
      // A group of one assertion may be repeated where the assertion itself may not.
      const Kind kind = tree_.at(body).kind;
      const bool asserts = kind == Kind::begin || kind == Kind::end || kind == Kind::ahead;
      return asserts ? node(Kind::sequence, {body}) : body;
    }
    const std::uint32_t made = node(Kind::ahead, {body});
    tree_.nodes[made].negated = negated;
    return made;
  }

  /// The rest of (?<name> and, from other dialects, (?P<name>.
  bool group_name(bool other_dialect) {
    if (other_dialect && !in_.take(U'<')) {
      fail(pattern_malformed());
      return false;
    }
    if (in_.take(U'=') || in_.take(U'!')) {
      fail(pattern_unsupported("lookbehind"));
      return false;
    }
    std::size_t letters = 0;
    while (!in_.done() && in_.peek() != U'>') {
      const char32_t code = in_.next();
      const bool fits = word_set().contains(code) || code == U'$' || code > 0x7F;
      if (!fits || (letters == 0 && digit_set().contains(code))) break;
      ++letters;
    }
    if (letters == 0 || !in_.take(U'>')) {
      fail(pattern_malformed());
      return false;
    }
    return true;
  }

  PatternText in_;
  PatternTree tree_;
  std::size_t alternatives_ = 0;
  std::optional<Refusal> fault_;
};

}  // namespace

base::Result<PatternTree, Refusal> parse_pattern(std::string_view text) {
  if (text.size() > PatternLimits::bytes_max) {
    return Fail{pattern_too_large("bytes", PatternLimits::bytes_max)};
  }
  std::optional<std::u32string> codes = decoded(text);
  if (!codes) return Fail{pattern_malformed()};
  return Parser{std::move(*codes)}.parse();
}

}  // namespace grammar
