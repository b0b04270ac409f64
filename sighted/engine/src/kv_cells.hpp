// Who uses which cells of a KV cache: counts, nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include <base/invariant.hpp>

namespace engine {

/// A cache of a fixed number of cells. A sequence is a list of cells, one for each resident token;
/// forked sequences share the cells of their common prefix. A cell is free when its last sequence
/// let go of it. Engine thread only.
class KvCells {
 public:
  using Sequence = std::vector<std::uint32_t>;

  explicit KvCells(std::uint32_t cells) : users_(cells, 0), free_(cells) {
    for (std::uint32_t i = 0; i < cells; ++i) {
      free_[i] = cells - 1 - i;
    }
  }

  [[nodiscard]] std::uint32_t free() const { return static_cast<std::uint32_t>(free_.size()); }

  /// Adds `tokens` cells to a sequence. tokens <= free().
  void grow(Sequence& sequence, std::uint32_t tokens) {
    base::invariant(tokens <= free(), "KV cells are taken only where there are some");
    for (std::uint32_t i = 0; i < tokens; ++i) {
      const std::uint32_t cell = free_.back();
      free_.pop_back();
      users_[cell] = 1;
      sequence.push_back(cell);
    }
  }

  /// Makes the empty sequence `to` share the first `tokens` cells of `from`.
  void share(const Sequence& from, Sequence& to, std::uint32_t tokens) {
    base::invariant(to.empty() && tokens <= from.size(), "a fork shares what is resident");
    to.assign(from.begin(), from.begin() + tokens);
    for (const std::uint32_t cell : to) {
      ++users_[cell];
    }
  }

  /// Lets go of all cells of a sequence, which is empty then.
  void drop(Sequence& sequence) {
    for (const std::uint32_t cell : sequence) {
      if (--users_[cell] == 0) {
        free_.push_back(cell);
      }
    }
    sequence.clear();
  }

 private:
  std::vector<std::uint32_t> users_;
  std::vector<std::uint32_t> free_;
};

}  // namespace engine
