// Who uses which cells of a KV cache: counts, nothing else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <base/invariant.hpp>

namespace engine {

/// A cache of a fixed number of cells. A sequence is a list of cells, one for each resident token;
/// those that were forked or found the same share the cells of their common beginning. A cell is
/// free when its last sequence let go of it. Engine thread only.
class KvCells {
 public:
  using Sequence = std::vector<std::uint32_t>;

  explicit KvCells(std::uint32_t cells) : users_(cells, 0), free_(cells) {
    for (std::uint32_t i = 0; i < cells; ++i) {
      free_[i] = cells - 1 - i;
    }
  }

  [[nodiscard]] std::uint32_t free() const { return static_cast<std::uint32_t>(free_.size()); }
  /// Cells that several sequences use.
  [[nodiscard]] std::uint32_t pooled() const { return pooled_; }
  /// Cells of a sequence that others use as well: its first ones.
  [[nodiscard]] std::uint32_t shared(const Sequence& sequence) const {
    const auto alone = std::ranges::partition_point(
        sequence, [this](std::uint32_t cell) { return users_[cell] > 1; });
    return static_cast<std::uint32_t>(alone - sequence.begin());
  }

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
      pooled_ += ++users_[cell] == 2 ? 1 : 0;
    }
  }

  /// Lets go of all cells of a sequence, which is empty then.
  void drop(Sequence& sequence) {
    for (const std::uint32_t cell : sequence) {
      --users_[cell];
      pooled_ -= users_[cell] == 1 ? 1 : 0;
      if (users_[cell] == 0) {
        free_.push_back(cell);
      }
    }
    sequence.clear();
  }

 private:
  std::vector<std::uint32_t> users_;
  std::vector<std::uint32_t> free_;
  std::uint32_t pooled_ = 0;
};

}  // namespace engine
