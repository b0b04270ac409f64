// The tree of prefixes beside a list that is searched from end to end, and the tables that use it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "beginnings.hpp"
#include "block_tables.hpp"
#include "kv_cells.hpp"
#include "prefix_tree.hpp"

namespace engine {
namespace {

using content::TokenIds;

/// Blocks of 16 equal tokens, by name: text("ab") is sixteen a's and sixteen b's.
TokenIds text(const std::string& names) {
  TokenIds tokens;
  for (const char name : names) {
    tokens.insert(tokens.end(), kv_block_tokens, name);
  }
  return tokens;
}

/// What PrefixTree promises, said with one list.
class NaiveTree {
 public:
  std::vector<std::uint32_t> find(std::uint64_t space, const TokenIds& tokens) const {
    std::vector<std::uint32_t> blocks;
    for (std::size_t size = kv_block_tokens; size <= tokens.size(); size += kv_block_tokens) {
      const TokenIds beginning(tokens.begin(), tokens.begin() + static_cast<long>(size));
      const auto entry = std::ranges::find_if(
          entries_, [&](const Entry& e) { return e.space == space && e.beginning == beginning; });
      if (entry == entries_.end()) {
        break;
      }
      blocks.push_back(entry->block);
    }
    return blocks;
  }
  void add(std::uint64_t space, const TokenIds& tokens, const std::vector<std::uint32_t>& blocks) {
    for (std::size_t i = find(space, tokens).size(); i < tokens.size() / kv_block_tokens; ++i) {
      const auto size = static_cast<long>((i + 1) * kv_block_tokens);
      entries_.push_back(
          {space, TokenIds(tokens.begin(), tokens.begin() + size), blocks[i], false, 0, 0});
    }
  }
  void idle(std::uint32_t block) {
    Entry& entry = at(block);
    entry.idle = true;
    entry.since = ++now_;
    entry.worth = lost_worth_[entry.space] + 4096 + entry.beginning.size() - kv_block_tokens;
  }
  void busy(std::uint32_t block) { at(block).idle = false; }
  std::optional<std::uint32_t> lose_one() {
    const Entry* best = nullptr;
    const auto rank = [this](const Entry& e) {
      return std::tuple(-static_cast<long>(held(e.space)), e.space, e.worth, e.since);
    };
    for (const Entry& entry : entries_) {
      if (entry.idle && leaf(entry) && (best == nullptr || rank(entry) < rank(*best))) {
        best = &entry;
      }
    }
    if (best == nullptr) {
      return std::nullopt;
    }
    const Entry lost = *best;
    lost_worth_[lost.space] = lost.worth;
    std::erase_if(entries_, [&](const Entry& e) { return e.block == lost.block; });
    if (held(lost.space) == 0) {
      lost_worth_.erase(lost.space);
    }
    return lost.block;
  }
  std::uint32_t held(std::uint64_t space) const {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(entries_, [&](const Entry& e) { return e.space == space; }));
  }

 private:
  struct Entry {
    std::uint64_t space;
    TokenIds beginning;
    std::uint32_t block;
    bool idle;
    std::uint64_t worth;
    int since;
  };
  Entry& at(std::uint32_t block) {
    return *std::ranges::find_if(entries_, [&](const Entry& e) { return e.block == block; });
  }
  bool leaf(const Entry& entry) const {
    return std::ranges::none_of(entries_, [&](const Entry& e) {
      return e.space == entry.space && e.beginning.size() > entry.beginning.size() &&
             std::equal(entry.beginning.begin(), entry.beginning.end(), e.beginning.begin());
    });
  }
  std::vector<Entry> entries_;
  std::map<std::uint64_t, std::uint64_t> lost_worth_;
  int now_ = 0;
};

TEST(PrefixTree, DoesWhatAListDoes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  constexpr std::uint32_t blocks = 24;
  PrefixTree tree(blocks);
  NaiveTree naive;
  std::vector<std::uint32_t> free(blocks);
  std::vector<std::uint32_t> users(blocks, 0);
  for (std::uint32_t i = 0; i < blocks; ++i) {
    free[i] = i;
  }
  std::vector<std::vector<std::uint32_t>> lanes;  // Blocks that somebody uses, ways and all.
  for (int round = 0; round < 5000; ++round) {
    const std::uint64_t space = 1 + dice() % 3;
    std::string names;
    for (auto length = 1 + dice() % 5; length > 0; --length) {
      names += static_cast<char>('a' + dice() % 2);
    }
    TokenIds tokens = text(names);
    tokens.resize(tokens.size() + dice() % kv_block_tokens, 'x');  // Not a whole block.
    std::vector<std::uint32_t> way = tree.find({space}, tokens);
    ASSERT_EQ(way, naive.find(space, tokens));
    for (const std::uint32_t block : way) {
      if (users[block]++ == 0) {
        tree.busy(block);
        naive.busy(block);
      }
    }
    while (way.size() < names.size()) {
      if (free.empty()) {
        const auto lost = tree.lose_one();
        ASSERT_EQ(lost, naive.lose_one());
        if (!lost) {
          break;
        }
        EXPECT_FALSE(tree.holds(*lost));
        EXPECT_EQ(users[*lost], 0U) << "nobody's block is lost";
        free.push_back(*lost);
      }
      way.push_back(free.back());
      users[free.back()] = 1;
      free.pop_back();
    }
    tokens.resize(std::min(tokens.size(), way.size() * kv_block_tokens + 1));
    tree.add({space}, tokens, way);
    naive.add(space, tokens, way);
    EXPECT_EQ(tree.held(space), naive.held(space));
    lanes.push_back(std::move(way));
    while (lanes.size() > 4 || (!lanes.empty() && dice() % 2 == 0)) {
      const auto leaving = static_cast<std::ptrdiff_t>(dice() % lanes.size());
      for (const std::uint32_t block : lanes[static_cast<std::size_t>(leaving)]) {
        if (--users[block] == 0) {
          tree.idle(block);
          naive.idle(block);
        }
      }
      lanes.erase(lanes.begin() + leaving);
    }
  }
}

/// Keeps `names` in a space by way of a lane that comes and goes. Returns what it found there.
std::uint32_t visit(BlockTables& tables, const Spaces& space, const std::string& names) {
  const TokenIds tokens = text(names);
  std::vector<BlockTables::Copy> copies;
  const std::uint32_t found = tables.attach(0, space, tokens, tokens.size()).tokens;
  tables.extend(0, found, static_cast<std::uint32_t>(tokens.size()), copies);
  tables.keep(0, space, tokens);
  tables.drop(0);
  return found;
}

std::uint32_t kept(const BlockTables& tables, std::uint64_t space, const std::string& names) {
  return tables.kept({space}, text(names)) / static_cast<std::uint32_t>(kv_block_tokens);
}

TEST(PrefixTree, SpacesShareNothing) {
  BlockTables tables(320, 2);
  EXPECT_EQ(visit(tables, {1}, "abcd"), 0U);
  EXPECT_EQ(visit(tables, {2}, "abcd"), 0U);
  EXPECT_EQ(visit(tables, {1}, "abcx"), 48U);
  EXPECT_EQ(tables.held(1), 5U);
  EXPECT_EQ(tables.held(2), 4U);
  EXPECT_EQ(kept(tables, 3, "abcd"), 0U);
}

/// A beginning that `owner` opened, of so many blocks.
Opened opened(std::uint64_t owner, std::uint64_t number, std::uint32_t blocks) {
  return {owner, number, blocks * static_cast<std::uint32_t>(kv_block_tokens) + 5};
}

TEST(PrefixTree, AnOpenedBeginningIsSharedAndWhatFollowsIsNot) {
  BlockTables tables(640, 2);
  const Opened open = opened(7, 1, 3);
  EXPECT_EQ(visit(tables, {1, open}, "abcx"), 0U);
  EXPECT_EQ(visit(tables, {2, open}, "abcx"), 48U) << "the beginning, not how it goes on";
  EXPECT_EQ(visit(tables, {1, open}, "abcxy"), 64U) << "its own it finds whole";
  EXPECT_EQ(visit(tables, {7, open}, "abcx"), 48U) << "the owner, too";
  EXPECT_EQ(visit(tables, {7}, "abcx"), 0U) << "and what it does not name is another place";
  EXPECT_EQ(visit(tables, {1}, "abcx"), 0U);
  EXPECT_EQ(visit(tables, {2, opened(7, 2, 3)}, "abcx"), 0U) << "as is another opening";
  EXPECT_EQ(tables.held(1), 2U + 4);
  EXPECT_EQ(tables.held(2), 1U + 1);
  EXPECT_EQ(tables.held(7), 3U + 1 + 4 + 3) << "beginnings are kept in the owner's part";
}

TEST(PrefixTree, AForgottenKeeperLeavesNothing) {
  BlockTables tables(640, 3);
  const std::uint32_t all = tables.free();
  visit(tables, {1, opened(7, 1, 2)}, "abxy");
  visit(tables, {7}, "mno");
  visit(tables, {1}, "mno");
  EXPECT_EQ(tables.attach(1, {7}, text("mn"), 100).tokens, 32U);  // Somebody is at it.
  tables.forget(7);
  EXPECT_EQ(tables.held(7), 2U) << "what is in use stays";
  EXPECT_EQ(tables.held(1), 3U) << "what nobody finds any more goes, too";
  EXPECT_EQ(kept(tables, 1, "mno"), 3U);
  tables.drop(1);
  tables.forget(7);
  EXPECT_EQ(tables.held(7), 0U);
  tables.forget(1);
  EXPECT_EQ(tables.free(), all);
  tables.forget(3);  // Never seen.
}

TEST(PrefixTree, TheOldestLeafGoesFirstAndItsWayLast) {
  BlockTables tables(16 * 6, 1);  // With two to spare: eight blocks.
  visit(tables, {1}, "abc");
  visit(tables, {1}, "xyz");
  visit(tables, {1}, "abc");  // Used again, so younger.
  visit(tables, {1}, "mno");  // Two are free, one must go.
  EXPECT_EQ(kept(tables, 1, "abc"), 3U);
  EXPECT_EQ(kept(tables, 1, "mno"), 3U);
  EXPECT_EQ(kept(tables, 1, "xyz"), 2U) << "what nobody can reach without is lost last";
}

TEST(PrefixTree, OfTwoAsOldTheDearerStays) {
  BlockTables tables(16 * 6, 1);
  visit(tables, {1}, "abcde");  // Its end took a longer look back.
  visit(tables, {1}, "xy");
  visit(tables, {1}, "mn");
  EXPECT_EQ(kept(tables, 1, "abcde"), 5U);
  EXPECT_EQ(kept(tables, 1, "xy"), 1U);
}

TEST(PrefixTree, WhoHoldsMostGivesWay) {
  BlockTables tables(16 * 18, 1);  // Twenty blocks.
  visit(tables, {1}, "abcde");
  for (char name = 'A'; name <= 'Z'; ++name) {  // A flood of another tenant's.
    visit(tables, {2}, {name, name, name});
  }
  EXPECT_EQ(kept(tables, 1, "abcde"), 5U) << "an equal part is everybody's";
  EXPECT_EQ(tables.held(2), 15U) << "and what nobody needs is anybody's";
}

TEST(PrefixTree, WhatIsInUseStays) {
  BlockTables tables(16 * 6, 3);  // Twelve blocks.
  std::vector<BlockTables::Copy> copies;
  visit(tables, {1}, "abc");
  EXPECT_EQ(tables.attach(1, {1}, text("abc"), 48).tokens, 48U);
  for (char name = 'A'; name <= 'Z'; ++name) {
    visit(tables, {1}, {name, name});
  }
  EXPECT_EQ(kept(tables, 1, "abc"), 3U);
  tables.drop(1);
}

/// Two lanes that computed the same side by side have one copy of it afterwards.
TEST(PrefixTree, TheSameTwiceIsKeptOnce) {
  BlockTables tables(320, 2);
  std::vector<BlockTables::Copy> copies;
  const TokenIds tokens = text("abc");
  tables.extend(0, 0, 48, copies);
  tables.extend(1, 0, 48, copies);
  const std::uint32_t free = tables.free();
  tables.keep(0, {1}, tokens);
  tables.keep(1, {1}, tokens);
  EXPECT_EQ(tables.table(0), tables.table(1));
  EXPECT_EQ(tables.free(), free + 3);
}

TEST(PrefixTree, WhatOthersUseTakesNoRoom) {
  BlockTables tables(320, 4);
  visit(tables, {1}, "abcdef");
  EXPECT_EQ(tables.attach(1, {1}, text("abcx"), 0).tokens, 0U) << "nobody uses it";
  EXPECT_EQ(tables.attach(1, {1}, text("abcx"), 100).tokens, 48U);
  const BlockTables::Found second = tables.attach(2, {1}, text("abcdef"), 31);
  EXPECT_EQ(second.tokens, 64U) << "three blocks in use, and one";
  EXPECT_EQ(second.shared, 48U);
  EXPECT_EQ(second.with, 1U);
  const BlockTables::Found third = tables.attach(3, {1}, text("abcdef"), 0);
  EXPECT_EQ(third.tokens, 64U);
  EXPECT_EQ(third.with, 2U) << "who has most of it";
}

/// An opened beginning of one keeper that another's block lies behind: it loses as if it lay alone.
TEST(PrefixTree, NobodyHidesItsBlocksBehindAnothers) {
  PrefixTree tree(16);
  tree.add({2, {7, 1, 48}}, text("aaab"), std::vector<std::uint32_t>{0, 1, 2, 3});
  tree.add({1}, text("ccc"), std::vector<std::uint32_t>{4, 5, 6});
  for (const std::uint32_t block : {3U, 2U, 1U, 0U, 6U, 5U, 4U}) {
    tree.idle(block);
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(tree.lose_one());
  }
  EXPECT_EQ(tree.held(1), 2U);
  EXPECT_EQ(tree.held(7), 2U) << "its blocks could be lost once what was behind them was";
  EXPECT_EQ(tree.held(2), 0U);
  while (tree.lose_one()) {
  }
  EXPECT_EQ(tree.held(1) + tree.held(7), 0U);
}

/// A lane that was forked within a block holds a part of it, and the tree may hold it whole.
TEST(PrefixTree, APartOfABlockIsNotShared) {
  BlockTables tables(320, 3);
  std::vector<BlockTables::Copy> copies;
  tables.extend(0, 0, 48, copies);
  tables.keep(0, {1}, text("abc"));
  tables.share(0, 1, 40);
  tables.drop(0);
  const BlockTables::Found found = tables.attach(2, {1}, text("abc"), 16);
  EXPECT_EQ(found.tokens, 48U);
  EXPECT_EQ(found.shared, 32U);
}

/// Lanes that begin with what is kept, grow, fork and leave, and a copy of what each would hold.
/// There are always blocks enough for what they hold, what several hold counted once.
class Lanes {
 public:
  explicit Lanes(std::uint32_t seed) : dice_(seed) {}

  void turn() {
    const auto slot = static_cast<std::uint32_t>(dice_() % lanes);
    if (!said_[slot].empty() && dice_() % 4 == 0) {
      tables.keep(slot, {spaces_[slot]}, said_[slot]);
      leave(slot);
      if (dice_() % 4 != 0) {
        return;  // Else it goes on without a look at what is kept.
      }
    } else if (said_[slot].empty()) {
      come(slot);
    } else if (dice_() % 4 == 0) {
      fork(slot, static_cast<std::uint32_t>(dice_() % lanes));
    }
    grow(slot, static_cast<std::uint32_t>(1 + dice_() % 30));
  }
  void leave(std::uint32_t slot) {
    tables.drop(slot);
    cells_.drop(held_[slot]);
    said_[slot].clear();
  }
  void expect_all_holds() const {
    for (std::uint32_t slot = 0; slot < lanes; ++slot) {
      for (std::size_t i = 0; i < said_[slot].size(); ++i) {
        ASSERT_EQ(blocks_[tables.table(slot)[i / kv_block_tokens]][i % kv_block_tokens],
                  said_[slot][i]);
      }
    }
  }

  static constexpr std::uint32_t lanes = 6;
  static constexpr std::uint32_t kv_tokens = 480;
  BlockTables tables{kv_tokens, lanes};
  std::size_t found = 0;

 private:
  void come(std::uint32_t slot) {
    spaces_[slot] = 1 + dice_() % 2;
    wishes_[slot] = dice_() % texts_.size();
    const TokenIds& wish = texts_[wishes_[slot]];
    const BlockTables::Found begun = tables.attach(slot, {spaces_[slot]}, wish, cells_.free());
    if (begun.shared > 0) {
      cells_.share(held_[begun.with], held_[slot], begun.shared);
    }
    cells_.grow(held_[slot], begun.tokens - begun.shared);
    said_[slot].assign(wish.begin(), wish.begin() + begun.tokens);
    found += begun.tokens;
  }
  void fork(std::uint32_t from, std::uint32_t to) {
    if (said_[to].empty()) {
      const auto tokens = static_cast<std::uint32_t>(1 + dice_() % said_[from].size());
      tables.share(from, to, tokens);
      cells_.share(held_[from], held_[to], tokens);
      said_[to].assign(said_[from].begin(), said_[from].begin() + tokens);
      spaces_[to] = spaces_[from];
      wishes_[to] = wishes_[from];
    }
  }
  void grow(std::uint32_t slot, std::uint32_t more) {
    if (more > cells_.free()) {
      return;
    }
    cells_.grow(held_[slot], more);
    TokenIds& lane = said_[slot];
    const TokenIds& wish = texts_[wishes_[slot]];
    std::vector<BlockTables::Copy> copies;
    const auto first = static_cast<std::uint32_t>(lane.size());
    tables.extend(slot, first, first + more, copies);
    for (const auto& copy : copies) {
      blocks_[copy.to] = blocks_[copy.from];
    }
    for (std::uint32_t i = first; i < first + more; ++i) {
      const bool slips = i >= wish.size() || dice_() % 64 == 0;
      lane.push_back(slips ? static_cast<int>(dice_() % 99) : wish[i]);
      blocks_[tables.table(slot)[i / kv_block_tokens]][i % kv_block_tokens] = lane.back();
    }
    if (dice_() % 2 == 0) {
      tables.keep(slot, {spaces_[slot]}, lane);
    }
  }

  std::mt19937 dice_;
  KvCells cells_{kv_tokens};
  std::vector<KvCells::Sequence> held_ = std::vector<KvCells::Sequence>(lanes);
  std::vector<TokenIds> blocks_ = std::vector<TokenIds>(tables.blocks(), TokenIds(kv_block_tokens));
  std::vector<TokenIds> said_ = std::vector<TokenIds>(lanes);
  std::vector<std::uint64_t> spaces_ = std::vector<std::uint64_t>(lanes, 1);
  std::vector<std::size_t> wishes_ = std::vector<std::size_t>(lanes, 0);  // What each says.
  const std::vector<TokenIds> texts_{text("aaabbbaaabbbaaa"), text("aabbaabbaabbaab")};
};

TEST(PrefixTree, LanesHoldWhatTheySaid) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Lanes lanes(seed);
  for (int round = 0; round < 10000; ++round) {
    lanes.turn();
    ASSERT_NO_FATAL_FAILURE(lanes.expect_all_holds());
  }
  for (std::uint32_t slot = 0; slot < Lanes::lanes; ++slot) {
    lanes.leave(slot);
  }
  const BlockTables& tables = lanes.tables;
  EXPECT_EQ(tables.free() + tables.held(1) + tables.held(2), tables.blocks());
  EXPECT_GT(lanes.found, 10000U) << "or this tested nothing";
}

TEST(Beginnings, WhoCameFirstComputesWhatIsCommon) {
  Beginnings beginnings;
  const TokenIds long_one = text("abcde");
  const TokenIds shorter = text("abcx");
  const TokenIds other = text("zzz");
  EXPECT_EQ(beginnings.come({1}, {7}, long_one, 0).from, terms::JobId{});
  const terms::Prefix second = beginnings.come({2}, {7}, shorter, 16);
  EXPECT_EQ(second.from, terms::JobId{1});
  EXPECT_EQ(second.coming, base::Tokens{48});
  EXPECT_EQ(second.at_hand, base::Tokens{16});
  const terms::Prefix same = beginnings.come({3}, {7}, long_one, 0);
  EXPECT_EQ(same.from, terms::JobId{1});
  EXPECT_EQ(same.coming, base::Tokens{64}) << "its last token each computes";
  EXPECT_EQ(beginnings.come({4}, {8}, long_one, 0).from, terms::JobId{}) << "another space";
  EXPECT_EQ(beginnings.come({5}, {7}, other, 0).from, terms::JobId{});
  const terms::Prefix there = beginnings.come({6}, {7}, shorter, 48);
  EXPECT_EQ(there.at_hand, base::Tokens{48});
  EXPECT_EQ(there.from, terms::JobId{1}) << "they hold it together";
  const Opened open = opened(9, 1, 2);
  EXPECT_EQ(beginnings.come({21}, {7, open}, long_one, 0).from, terms::JobId{});
  EXPECT_EQ(beginnings.come({22}, {8, open}, long_one, 0).coming, base::Tokens{32});
  const terms::Prefix own = beginnings.come({23}, {8, open}, shorter, 0);
  EXPECT_EQ(own.from, terms::JobId{22}) << "with its own it has more in common";
  EXPECT_EQ(own.coming, base::Tokens{48});
  EXPECT_EQ(beginnings.come({24}, {8, open}, text("abz"), 0).from, terms::JobId{22});
  beginnings.leave({1});
  EXPECT_EQ(beginnings.come({7}, {7}, long_one, 0).from, terms::JobId{3});
}

}  // namespace
}  // namespace engine
