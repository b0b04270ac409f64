// Runs one leaf rule over whole texts.
#pragma once

#include <string>
#include <string_view>

#include <grammar/builder.hpp>
#include <grammar/matcher.hpp>

namespace grammar {

/// The grammar of what `make(builder)` returns, or nothing where either refuses.
template <class Make>
GrammarPtr leaf_grammar(Make make) {
  Builder builder;
  base::Result<RuleId, Refusal> rule = make(builder);
  if (!rule) return nullptr;
  base::Result<GrammarPtr, Refusal> built = builder.build(rule.value());
  return built ? built.value() : nullptr;
}

/// Whether the grammar matches the whole text.
inline bool matches(const GrammarPtr& grammar, std::string_view text) {
  Matcher matcher{grammar};
  for (const char byte : text) {
    if (matcher.accept({&byte, 1}) != Verdict::yes) return false;
  }
  return matcher.may_end();
}

struct Made {
  std::string text;
  bool ended = false;  ///< the text is whole
  bool stuck = false;  ///< neither an end nor any byte was possible, which must not happen
};

/// A text that the grammar makes when every next byte is chosen by `choose(count)`; it stops where
/// it may, one time in four, or where it must, or after `bytes_max`.
template <class Choose>
Made made(const GrammarPtr& grammar, std::size_t bytes_max, Choose choose) {
  Matcher matcher{grammar};
  Made out;
  while (out.text.size() < bytes_max && !out.ended && !out.stuck) {
    out.ended = matcher.must_end() || (matcher.may_end() && choose(4) == 0);
    if (out.ended) break;
    std::string fits;
    for (int byte = 0; byte < 256; ++byte) {
      const char letter = static_cast<char>(byte);
      if (matcher.allows({&letter, 1}) == Verdict::yes) fits += letter;
    }
    out.stuck = fits.empty();
    if (out.stuck) break;
    const char next = fits[choose(fits.size())];
    out.stuck = matcher.accept({&next, 1}) != Verdict::yes;
    out.text += next;
  }
  return out;
}

}  // namespace grammar
