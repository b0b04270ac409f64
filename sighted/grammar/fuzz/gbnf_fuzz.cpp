// Any text as a grammar, and bytes against it: within the bounds, and without a dead end.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <base/invariant.hpp>
#include <grammar/gbnf.hpp>
#include <grammar/matcher.hpp>

namespace {

const grammar::VocabularyTrie& small_vocabulary() {
  static const grammar::VocabularyTrie trie = [] {
    std::vector<std::string> pieces;
    for (int byte = 0; byte < 256; ++byte) {
      pieces.emplace_back(1, static_cast<char>(byte));
    }
    for (const char* const more : {"ab", "abc", " a", "\"}", "\xC3\xA9", "\xF0\x9F\x98", "12345",
                                   "aaaaaaaaaaaaaaaa", "\n\n", "\\\"", "\xA9", ""}) {
      pieces.emplace_back(more);
    }
    return grammar::VocabularyTrie(pieces);
  }();
  return trie;
}

void check_mask(grammar::Matcher& matcher) {
  std::vector<bool> allowed;
  const auto verdict = matcher.mask(small_vocabulary(), allowed);
  if (verdict == grammar::Verdict::too_costly) {
    return;
  }
  bool any = false;
  for (int byte = 0; byte < 256; ++byte) {
    const char piece = static_cast<char>(byte);
    const auto one = matcher.allows({&piece, 1});
    base::invariant(one == grammar::Verdict::too_costly ||
                        (one == grammar::Verdict::yes) == allowed[static_cast<std::size_t>(byte)],
                    "a mask says what asking says");
    any = any || one != grammar::Verdict::no;
  }
  base::invariant(any || matcher.may_end(), "a run can go on or end");
  base::invariant(!matcher.must_end() || !any, "where a run must end, nothing follows");
}

}  // namespace

/// The grammar is what stands before the first zero byte, what is matched stands behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = all.find('\0');
  const auto parsed = grammar::parse_gbnf(all.substr(0, cut));
  if (!parsed) {
    base::invariant(parsed.error().kind == grammar::Refusal::Kind::unsatisfiable ||
                        !parsed.error().keyword.empty(),
                    "a refusal names what is wrong");
    return 0;
  }
  grammar::Matcher matcher(parsed.value().grammar);
  check_mask(matcher);
  if (cut != std::string_view::npos) {
    for (const char byte : all.substr(cut + 1)) {
      if (matcher.accept({&byte, 1}) == grammar::Verdict::yes) {
        check_mask(matcher);
      }
    }
  }
  return 0;
}
