// A journal that fails on purpose, as disks and connections do.
#pragma once

#include <cstdint>
#include <memory>

#include <ledger/journal.hpp>

namespace store {

enum class FaultPoint : std::uint32_t { begin = 1, read = 2, write = 3, commit = 4 };

enum class Fault : std::uint32_t {
  none = 0,
  fails = 1,  ///< Nothing is done and an error is reported.
  lies = 2,   ///< Everything is done and an error is reported all the same (a lost reply).
};

/// Says what goes wrong, call by call.
class FaultPlan {
 public:
  virtual ~FaultPlan() = default;
  virtual Fault next(FaultPoint point) = 0;
};

/// The n-th call (from 1) of one kind goes wrong, all others go well.
class OneFault final : public FaultPlan {
 public:
  OneFault(FaultPoint point, std::uint64_t nth, Fault fault)
      : point_(point), left_(nth), fault_(fault) {}
  Fault next(FaultPoint point) override;
  [[nodiscard]] bool happened() const { return left_ == 0; }

 private:
  FaultPoint point_;
  std::uint64_t left_;
  Fault fault_;
};

/// Any call goes wrong with a chance of `per_mille` / 1000. The same seed fails the same way.
class SeededFaults final : public FaultPlan {
 public:
  SeededFaults(std::uint64_t seed, std::uint32_t per_mille) : state_(seed), per_mille_(per_mille) {}
  Fault next(FaultPoint point) override;

 private:
  std::uint64_t state_;
  std::uint32_t per_mille_;
};

/// Neither is owned; both outlive the journal. A transaction with an error in it never commits.
[[nodiscard]] std::unique_ptr<ledger::Journal> make_faulty(
    ledger::Journal& inner, FaultPlan& plan, ledger::StoreError error = ledger::StoreError::io);

}  // namespace store
