// Who has which slot, and what of the KV cache the lanes there hold together.
#pragma once

#include <cstdint>
#include <vector>

#include <terms/work.hpp>

#include "block_tables.hpp"
#include "kv_cells.hpp"

namespace engine {

/// By slot. LaneState is an engine's own and has its cells in `cells`. Engine thread only.
template <class LaneState>
class Seats {
 public:
  explicit Seats(std::size_t slots) : seats_(slots) {}

  void take(std::uint32_t slot, LaneState& lane, const terms::Lane& name) {
    seats_[slot] = {&lane, name};
  }
  void leave(std::uint32_t slot) { seats_[slot] = {}; }

  /// A lane that holds nothing takes what was found for it: what another slot holds together with
  /// that, the rest from what is free. Returns how many tokens of room that took.
  std::uint32_t begin(LaneState& lane, const BlockTables::Found& found, KvCells& cells) const {
    if (found.shared > 0) {
      cells.share(seats_[found.with].lane->cells, lane.cells, found.shared);
    }
    const std::uint32_t alone = found.tokens - found.shared;
    cells.grow(lane.cells, alone);
    return alone;
  }

  [[nodiscard]] terms::Sharing sharing(const KvCells& cells) const {
    terms::Sharing sharing;
    sharing.pooled = {cells.pooled()};
    for (const Seat& seat : seats_) {
      const std::uint32_t shared = seat.lane == nullptr ? 0 : cells.shared(seat.lane->cells);
      if (shared > 0) {
        sharing.lanes.push_back({seat.name, {shared}});
      }
    }
    return sharing;
  }

 private:
  struct Seat {
    LaneState* lane = nullptr;
    terms::Lane name;
  };
  std::vector<Seat> seats_;
};

}  // namespace engine
