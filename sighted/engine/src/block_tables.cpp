#include "block_tables.hpp"

#include <algorithm>

#include <base/invariant.hpp>

namespace engine {
namespace {

constexpr std::uint32_t block_tokens = kv_block_tokens;

constexpr std::uint32_t blocks_for(std::uint32_t tokens) {
  return (tokens + block_tokens - 1) / block_tokens;
}

}  // namespace

BlockTables::BlockTables(std::uint32_t kv_tokens, std::uint32_t lanes_max)
    : tables_(lanes_max),
      held_(lanes_max, 0),
      users_(blocks_for(kv_tokens) + 2 * lanes_max, 0),
      tree_(blocks()) {
  for (std::uint32_t i = blocks(); i > 0; --i) {
    free_.push_back(i - 1);
  }
}

std::uint32_t BlockTables::take() {
  if (free_.empty()) {
    const auto lost = tree_.lose_one();
    base::invariant(lost.has_value(), "there are blocks enough for what may be resident");
    let_go(*lost);
  }
  const std::uint32_t block = free_.back();
  free_.pop_back();
  users_[block] = 1;
  return block;
}

void BlockTables::use(std::uint32_t block) {
  if (++users_[block] == 2 && tree_.holds(block)) {
    tree_.busy(block);
  }
}

void BlockTables::let_go(std::uint32_t block) {
  if (--users_[block] == 0) {
    free_.push_back(block);
  } else if (users_[block] == 1 && tree_.holds(block)) {
    tree_.idle(block);
  }
}

void BlockTables::extend(std::uint32_t slot, std::uint32_t first, std::uint32_t last,
                         std::vector<Copy>& copies) {
  auto& table = tables_[slot];
  base::invariant(table.size() == blocks_for(first), "a lane grows at its end");
  if (first % block_tokens != 0 && users_[table.back()] > 1) {
    const std::uint32_t shared = table.back();
    table.back() = take();
    copies.push_back({shared, table.back()});
    let_go(shared);
  }
  while (table.size() < blocks_for(last)) {
    table.push_back(take());
  }
  held_[slot] = last;
}

void BlockTables::share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) {
  const auto& source = tables_[from];
  auto& target = tables_[to];
  const std::uint32_t count = blocks_for(tokens);
  base::invariant(target.empty() && count <= source.size(), "a fork shares what is resident");
  target.assign(source.begin(), source.begin() + count);
  for (const std::uint32_t block : target) {
    use(block);
  }
  held_[to] = tokens;
}

void BlockTables::drop(std::uint32_t slot) {
  for (const std::uint32_t block : tables_[slot]) {
    let_go(block);
  }
  tables_[slot].clear();
  held_[slot] = 0;
}

std::uint32_t BlockTables::kept(const Spaces& spaces, Tokens tokens) const {
  return static_cast<std::uint32_t>(tree_.find(spaces, tokens).size()) * block_tokens;
}

BlockTables::Found BlockTables::attach(std::uint32_t slot, const Spaces& spaces, Tokens tokens,
                                       std::size_t room) {
  auto& table = tables_[slot];
  base::invariant(table.empty(), "only what is empty can begin");
  table = tree_.find(spaces, tokens);
  Found found;
  for (std::uint32_t other = 0; other < tables_.size(); ++other) {
    const auto parts = std::ranges::mismatch(table, tables_[other]).in1;
    const auto same = static_cast<std::uint32_t>(parts - table.begin());
    // Of a block that it was forked into, a lane may hold a part.
    const std::uint32_t held = std::min(same, held_[other] / block_tokens) * block_tokens;
    if (other != slot && held > found.shared) {
      found.shared = held;
      found.with = other;
    }
  }
  table.resize(std::min(table.size(), (found.shared + room) / block_tokens));
  for (const std::uint32_t block : table) {
    use(block);
  }
  found.tokens = static_cast<std::uint32_t>(table.size()) * block_tokens;
  held_[slot] = found.tokens;
  return found;
}

void BlockTables::keep(std::uint32_t slot, const Spaces& spaces, Tokens tokens) {
  auto& table = tables_[slot];
  const std::vector<std::uint32_t> known = tree_.find(spaces, tokens);
  base::invariant(tokens.size() <= table.size() * kv_block_tokens, "a slot holds its tokens");
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] != table[i]) {
      use(known[i]);
      let_go(table[i]);
      table[i] = known[i];
    }
  }
  tree_.add(spaces, tokens, table);
  for (std::size_t i = known.size(); i < tokens.size() / kv_block_tokens; ++i) {
    ++users_[table[i]];
  }
}

void BlockTables::forget(std::uint64_t keeper) {
  for (const std::uint32_t block : tree_.forget(keeper)) {
    let_go(block);
  }
}

}  // namespace engine
