// The pieces of a vocabulary, arranged so that a Matcher can try all of them at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace grammar {

/// About 150 bytes a token. Made once per model, shared between threads; what it remembers beside
/// the pieces (rest()) has a lock of its own.
class VocabularyTrie {
 public:
  struct Node;
  struct Below;
  struct Rest;
  /// `pieces[i]` is what token i writes, byte for byte. An empty piece never fits: end tokens and
  /// control tokens are given as empty, and the caller asks may_end() for them. Pieces beyond
  /// 65,535 bytes never fit either.
  explicit VocabularyTrie(std::span<const std::string> pieces);
  ~VocabularyTrie();
  VocabularyTrie(VocabularyTrie&&) noexcept;
  VocabularyTrie& operator=(VocabularyTrie&&) noexcept;

  /// The number of tokens, those with empty pieces too.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const;

  /// One byte of a piece. Nodes lie in preorder: the first child of i is i + 1, where that is
  /// before `end`; the next sibling is at `end`.
  struct Node {
    std::uint32_t end = 0;          ///< One past the last node below.
    std::uint32_t tokens = 0;       ///< The tokens that end here begin at this place of tokens().
    std::uint32_t tokens_end = 0;   ///< And end before this one.
    std::uint32_t below_end = 0;    ///< Those that end here or below end before this one.
    std::uint16_t depth_below = 0;  ///< The longest way down from here, in bytes.
    std::uint8_t byte = 0;
    bool text_below = false;  ///< Everything below is whole or begun UTF-8 from here on.
  };
  /// The ASCII bytes that occur below a node (one bit each), and whether others do.
  struct Below {
    std::array<std::uint64_t, 2> ascii{};
    bool multibyte = false;
    friend bool operator==(const Below&, const Below&) = default;
  };

  [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }
  [[nodiscard]] const Below& below(std::size_t node) const { return below_[node]; }
  [[nodiscard]] std::span<const std::int32_t> tokens() const { return tokens_; }

  /// The vocabulary in two parts: the tokens of nothing but these bytes (with `multibyte`, whole
  /// characters beyond ASCII too), and a trie of all others. Null where the others are too
  /// many for that to help. Made when it is first asked for (some ms), then remembered; the eight
  /// that were asked for last are.
  [[nodiscard]] std::shared_ptr<const Rest> rest(const Below& bytes) const;

 private:
  class Memory;
  VocabularyTrie(std::size_t size, std::span<const std::string> pieces,
                 std::span<const std::int32_t> tokens);
  [[nodiscard]] std::shared_ptr<const Rest> make_rest(const Below& bytes) const;

  std::size_t size_ = 0;
  std::vector<Node> nodes_;
  std::vector<Below> below_;
  std::vector<std::int32_t> tokens_;
  std::unique_ptr<Memory> memory_;
};

struct VocabularyTrie::Rest {
  std::vector<bool> covered;  ///< By token.
  /// Those by their characters: the ones of n lie from by_length_at[n] to by_length_at[n + 1].
  std::vector<std::int32_t> by_length;
  std::vector<std::uint32_t> by_length_at;
  VocabularyTrie others;
};

}  // namespace grammar
