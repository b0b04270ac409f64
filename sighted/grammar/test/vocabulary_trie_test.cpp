#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <grammar/vocabulary_trie.hpp>

namespace grammar {
namespace {

/// All tokens with their pieces, as the tree has them.
std::vector<std::string> read_back(const VocabularyTrie& trie) {
  std::vector<std::string> pieces(trie.size());
  struct Level {
    std::uint32_t end;
    std::string piece;
  };
  const auto nodes = trie.nodes();
  std::vector<Level> path{{static_cast<std::uint32_t>(nodes.size()), ""}};
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    while (path.back().end <= i) {
      path.pop_back();
    }
    path.push_back({nodes[i].end, path.back().piece + static_cast<char>(nodes[i].byte)});
    for (std::uint32_t at = nodes[i].tokens; at < nodes[i].tokens_end; ++at) {
      pieces[static_cast<std::size_t>(trie.tokens()[at])] = path.back().piece;
    }
  }
  return pieces;
}

TEST(VocabularyTrie, HasEveryPiece) {
  const std::vector<std::string> pieces = {"b",  "abc",  "",         "a",   "abc", "ab\xFF",
                                           "\0", "\xFF", "\xC3\xA9", "abd", "b"};
  const VocabularyTrie trie(pieces);
  EXPECT_EQ(trie.size(), pieces.size());
  EXPECT_EQ(read_back(trie), pieces);
}

TEST(VocabularyTrie, OfNothing) {
  const VocabularyTrie none(std::vector<std::string>{});
  EXPECT_EQ(none.size(), 0U);
  const VocabularyTrie empty(std::vector<std::string>{"", ""});
  EXPECT_EQ(empty.size(), 2U);
  EXPECT_TRUE(empty.nodes().empty());
  EXPECT_EQ(empty.rest({}), nullptr);
}

TEST(VocabularyTrie, SplitsOffTheTokensOfSomeBytes) {
  std::vector<std::string> pieces = {"abc",       "a1",       "\xC3\xA9",          "\xC3", "\xA9",
                                     "a\xE4\xB8", "\xED\xA0", "\xF0\x9F\x98\x80z", "A",    ""};
  std::mt19937 dice(1);
  while (pieces.size() < 2000) {
    std::string piece;
    for (std::size_t i = 1 + dice() % 6; i > 0; --i) {
      piece += static_cast<char>('a' + dice() % 26);
    }
    pieces.push_back(piece);
  }
  const VocabularyTrie trie(pieces);
  VocabularyTrie::Below letters{{0, 0x07FFFFFE00000000}, true};
  const auto rest = trie.rest(letters);
  ASSERT_NE(rest, nullptr);
  EXPECT_EQ(trie.rest(letters), rest) << "remembered";
  const std::vector<bool> first(rest->covered.begin(), rest->covered.begin() + 10);
  EXPECT_EQ(first,
            (std::vector<bool>{true, false, true, false, false, false, false, true, false, false}));
  EXPECT_EQ(rest->by_length_at.size(), 8U);
  EXPECT_EQ(rest->by_length_at[0], rest->by_length_at[1]);
  EXPECT_EQ(rest->by_length_at.back(), rest->by_length.size());
  for (std::size_t length = 0; length + 1 < rest->by_length_at.size(); ++length) {
    for (auto at = rest->by_length_at[length]; at < rest->by_length_at[length + 1]; ++at) {
      const std::string& piece = pieces[static_cast<std::size_t>(rest->by_length[at])];
      EXPECT_EQ(piece.size(), piece[0] == '\xC3' || piece[0] == '\xF0' ? piece.size() : length);
    }
  }
  std::vector<std::string> others = pieces;
  for (std::size_t token = 0; token < pieces.size(); ++token) {
    others[token] = rest->covered[token] ? "" : pieces[token];
  }
  EXPECT_EQ(read_back(rest->others), others);
  EXPECT_EQ(rest->others.size(), pieces.size());
  letters.multibyte = false;
  EXPECT_FALSE(trie.rest(letters)->covered[2]);
  EXPECT_EQ(trie.rest({{0, 0x2}, false}), nullptr) << "too little to be of use";
}

}  // namespace
}  // namespace grammar
