// Runs a Grammar over the bytes of an answer as it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "grammar.hpp"
#include "vocabulary_trie.hpp"

namespace grammar {

enum class Verdict {
  yes,
  no,
  too_costly,  ///< The work or memory allowed did not suffice. It would not do next time either.
};

/// What a call may cost, in counted operations of 5 to 20 ns, so that a verdict is the same
/// on every machine. Calls take from it; hand one Work to all matchers of a step to bound the step.
struct Work {
  std::uint64_t left = 0;
};

/// About 300 us: for one token, accepted or tried; and some more for each byte of a long one.
constexpr std::uint64_t token_work = 30'000;
constexpr std::uint64_t byte_work = 100;
/// Some ms at most: for a mask, where nothing is known yet, of a vocabulary of 150,000 pieces.
constexpr std::uint64_t mask_work = 400'000;

/// Where an answer stands in its grammar. One thread at a time. A copy goes on by itself.
/// It holds some 100 KiB as a rule, and 16 MiB at most.
class Matcher {
 public:
  explicit Matcher(GrammarPtr grammar);
  ~Matcher();
  Matcher(const Matcher& other);
  Matcher& operator=(const Matcher& other);
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;

  /// Whether these bytes may come next. They may end in the middle of a character. The state stays
  /// as it is. Of no bytes: yes.
  [[nodiscard]] Verdict allows(std::string_view bytes);
  [[nodiscard]] Verdict allows(std::string_view bytes, Work& work);
  /// Goes on by these bytes. The state stays as it is unless the verdict is yes.
  [[nodiscard]] Verdict accept(std::string_view bytes);
  [[nodiscard]] Verdict accept(std::string_view bytes, Work& work);

  /// The answer may end here.
  [[nodiscard]] bool may_end() const;
  /// The answer may end here and nothing can follow. Where may_end() is false, something can
  /// follow.
  [[nodiscard]] bool must_end() const;
  /// Where the work does not suffice to tell: false.
  [[nodiscard]] bool must_end(Work& work) const;

  /// allowed[token] = whether its piece may come next, for the whole vocabulary. yes where any may,
  /// no where none may; too_costly leaves `allowed` unspecified.
  [[nodiscard]] Verdict mask(const VocabularyTrie& trie, std::vector<bool>& allowed);
  [[nodiscard]] Verdict mask(const VocabularyTrie& trie, std::vector<bool>& allowed, Work& work);

  /// What it holds in memory, in bytes.
  [[nodiscard]] std::size_t bytes() const;

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

}  // namespace grammar
