// Regular expressions out of any bytes: a first line of text to try, then the pattern. What is
// taken is made into a grammar that agrees with the set of texts and has no dead end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <base/invariant.hpp>

#include <grammar/builder.hpp>
#include <grammar/matcher.hpp>

#include "literal.hpp"
#include "machine.hpp"
#include "pattern.hpp"

namespace {

/// Goes where the bytes say, and sees that there is always a way.
void walk(const grammar::GrammarPtr& grammar, std::string_view choices) {
  grammar::Matcher matcher{grammar};
  for (const char choice : choices) {
    bool moved = false;
    for (int offset = 0; offset < 256 && !moved; ++offset) {
      const char letter = static_cast<char>(choice + offset);
      const grammar::Verdict verdict = matcher.accept({&letter, 1});
      if (verdict == grammar::Verdict::too_costly) return;
      moved = verdict == grammar::Verdict::yes;
    }
    base::invariant(moved || matcher.may_end(), "every place goes on or ends");
    if (!moved) return;
  }
}

void agree(const grammar::GrammarPtr& grammar, const grammar::TextSet& set, std::string_view text) {
  grammar::Matcher matcher{grammar};
  const grammar::Verdict verdict = matcher.accept(grammar::string_inside(text));
  if (verdict == grammar::Verdict::too_costly) return;
  const bool fits = verdict == grammar::Verdict::yes && matcher.may_end();
  const bool contained = set.contains(text);
  base::invariant(set.narrowed() ? contained || !fits : contained == fits, "set and grammar agree");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  const std::size_t line = std::min(all.find('\n'), all.size());
  const std::string_view text = all.substr(0, std::min<std::size_t>(line, 200));
  grammar::TextDemand demand;
  demand.patterns = {all.substr(std::min(line + 1, all.size()))};
  demand.min_length = size % 3 == 0 ? static_cast<std::uint32_t>(size % 5) : 0;
  demand.max_length = size % 2 == 0 ? static_cast<std::uint32_t>(size % 50) : grammar::unbounded;
  grammar::MachineWork work;
  const auto set = grammar::TextSet::of(demand, work);
  if (!set) return 0;
  grammar::Builder builder;
  const auto rule = set.value().rule(builder, work);
  if (!rule) return 0;
  const auto built = builder.build(rule.value());
  if (!built) {
    base::invariant(built.error().kind == grammar::Refusal::Kind::too_large,
                    "what is left has a text, or is too large");
    return 0;
  }
  walk(built.value(), text);
  agree(built.value(), set.value(), text);
  return 0;
}
