// What the store does to one server: fails now and then, is gone for a while, or takes the server
// down with it in the middle of a call.
#pragma once

#include <cstdint>

#include <sim/dice.hpp>
#include <store/faulty.hpp>

namespace sim {

class Weather final : public store::FaultPlan {
 public:
  explicit Weather(Dice& dice) : dice_(dice) {}

  store::Fault next(store::FaultPoint point) override {
    if (crashed_) return store::Fault::fails;
    if (calls_to_crash_ == 1) crashed_ = true;
    if (calls_to_crash_ > 0) calls_to_crash_ -= 1;
    if (crashed_) return worst(point);
    if (down_) return store::Fault::fails;
    return per_mille_ > 0 && dice_.chance(per_mille_) ? worst(point) : store::Fault::none;
  }

  /// Every call fails with this chance.
  void failing(std::uint32_t per_mille) { per_mille_ = per_mille; }
  /// Every call fails until it is over.
  void down(bool down) { down_ = down; }
  /// The server dies in its n-th call from now (n > 0).
  void crash_in(std::uint64_t calls) { calls_to_crash_ = calls; }
  [[nodiscard]] bool crashed() const { return crashed_; }
  [[nodiscard]] std::uint64_t lost_replies() const { return lost_replies_; }

 private:
  /// A commit that fails may have been done all the same.
  store::Fault worst(store::FaultPoint point) {
    if (point != store::FaultPoint::commit || dice_.chance(500)) return store::Fault::fails;
    lost_replies_ += 1;
    return store::Fault::lies;
  }

  Dice& dice_;
  std::uint32_t per_mille_ = 0;
  bool down_ = false;
  std::uint64_t calls_to_crash_ = 0;
  bool crashed_ = false;
  std::uint64_t lost_replies_ = 0;
};

}  // namespace sim
