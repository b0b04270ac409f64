// One run of a grammar: where it stands, and how it goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <grammar/matcher.hpp>

#include "sets.hpp"
#include "stacks.hpp"
#include "tables.hpp"

namespace grammar {

class Matcher::Run {
 public:
  explicit Run(GrammarPtr grammar);

  Verdict allows(std::string_view bytes, Work& work);
  Verdict accept(std::string_view bytes, Work& work);
  Verdict mask(const VocabularyTrie& trie, std::vector<bool>& allowed, Work& work);
  [[nodiscard]] const ConfigSet& here() const { return sets_[here_]; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  /// Values that stand for a count which is far from its bounds: `free` may end and may go on,
  /// `held` may not end. mask() alone uses them.
  static constexpr std::uint32_t free_value = 0xFFFFFFFF;
  static constexpr std::uint32_t held_value = 0xFFFFFFFE;

  /// The set after a byte; nothing where the work did not suffice.
  std::optional<std::uint32_t> step(std::uint32_t set, std::uint8_t byte, Work& work);
  std::optional<std::uint32_t> walk(std::string_view bytes, Work& work);
  std::optional<std::uint32_t> compute(std::uint32_t set, std::uint8_t byte, Work& work);
  bool pay(std::uint64_t operations, Work& work) const;

  // What a step collects.
  void begin_closure();
  void visit(std::uint32_t state, std::uint32_t stack);
  bool close(Work& work);
  void leave(std::uint32_t state, std::uint32_t stack);
  void end_rule(std::uint32_t stack);
  void move(const Move& move, std::uint8_t byte, std::uint32_t stack);
  std::uint32_t finish_closure();
  void drop_dominated();

  [[nodiscard]] const Frame* frame_of(std::uint32_t stack) const;
  [[nodiscard]] bool alive(const Frame& frame, std::uint32_t state, std::uint32_t value) const;
  [[nodiscard]] bool passes(std::uint32_t multiplier, std::uint32_t stack) const;

  // For masks.
  std::optional<std::uint32_t> relax(std::uint32_t set, std::uint32_t depth, Work& work);
  [[nodiscard]] std::uint32_t reach(const Frame& frame, std::uint32_t value) const;
  std::optional<bool> may_loop(std::uint32_t set, Work& work);
  bool find_loop(std::uint32_t set, Work& work);
  [[nodiscard]] bool holds(std::uint32_t set, std::uint32_t other) const;
  std::optional<bool> loops_by_characters(std::uint32_t set, Work& work);
  std::optional<bool> fill_mask(const VocabularyTrie& trie, std::uint32_t set,
                                std::vector<bool>& allowed, Work& work);
  std::optional<bool> walk_trie(const VocabularyTrie& trie, std::uint32_t set,
                                std::vector<bool>& allowed, Work& work);

  // For masks where a count decides.
  struct Countdown {
    Loop bytes;
    std::uint32_t left = 0;  ///< Characters.
  };
  /// A set that counts, beside what it would be without bounds and what of it does not count.
  struct Followed {
    std::uint32_t free = 0;
    std::uint32_t counted = 0;
    std::uint32_t others = 0;
    bool operator==(const Followed&) const = default;
  };
  [[nodiscard]] std::uint32_t counting_stack(std::uint32_t set) const;
  std::uint32_t with_value(std::uint32_t set, std::uint32_t stack,
                           std::optional<std::uint32_t> value);
  std::optional<Followed> follow(const Followed& from, std::uint8_t byte, Work& work);
  std::optional<bool> characters_lead(const Followed& from, const Followed& to, Work& work);
  std::optional<Loop> counted_bytes(std::uint32_t set, std::uint32_t stack, Work& work);
  std::optional<Countdown> find_countdown(std::uint32_t set, Work& work);
  std::optional<bool> allow_short(const VocabularyTrie::Rest& rest, std::uint32_t left,
                                  std::vector<bool>& allowed, Work& work) const;

  void trim();
  void forget();

  GrammarPtr grammar_;
  const Tables* tables_;
  Stacks stacks_;
  Sets sets_;
  std::uint32_t here_ = 0;
  std::size_t kept_bytes_ = 0;  ///< What was needed after the last forget().

  struct Seen {
    Config config;
    std::uint32_t round = 0;
  };
  std::vector<Seen> seen_;
  std::uint32_t round_ = 0;
  std::uint32_t seen_count_ = 0;
  std::vector<Config> open_;
  std::vector<Config> found_;
  bool found_end_ = false;
  bool over_ = false;

  const VocabularyTrie* masked_ = nullptr;  ///< The last mask was of this trie,
  std::uint32_t masked_set_ = 0;            ///< in this set.
  std::vector<bool> last_mask_;
};

}  // namespace grammar
