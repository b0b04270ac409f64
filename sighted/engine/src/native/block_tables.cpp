#include "block_tables.hpp"

#include <base/invariant.hpp>

namespace engine::native {
namespace {

constexpr std::uint32_t block_tokens = kv_block_tokens;

constexpr std::uint32_t blocks_for(std::uint32_t tokens) {
  return (tokens + block_tokens - 1) / block_tokens;
}

}  // namespace

BlockTables::BlockTables(std::uint32_t kv_tokens, std::uint32_t lanes_max)
    : tables_(lanes_max), users_(blocks_for(kv_tokens) + 2 * lanes_max, 0) {
  for (std::uint32_t i = blocks(); i > 0; --i) {
    free_.push_back(i - 1);
  }
}

std::uint32_t BlockTables::take() {
  base::invariant(!free_.empty(), "there are blocks enough for as many tokens as may be resident");
  const std::uint32_t block = free_.back();
  free_.pop_back();
  users_[block] = 1;
  return block;
}

void BlockTables::let_go(std::uint32_t block) {
  if (--users_[block] == 0) {
    free_.push_back(block);
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
}

void BlockTables::share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) {
  const auto& source = tables_[from];
  auto& target = tables_[to];
  const std::uint32_t count = blocks_for(tokens);
  base::invariant(target.empty() && count <= source.size(), "a fork shares what is resident");
  target.assign(source.begin(), source.begin() + count);
  for (const std::uint32_t block : target) {
    ++users_[block];
  }
}

void BlockTables::drop(std::uint32_t slot) {
  for (const std::uint32_t block : tables_[slot]) {
    let_go(block);
  }
  tables_[slot].clear();
}

}  // namespace engine::native
