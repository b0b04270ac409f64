#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <settle/audit.hpp>
#include <store/memory.hpp>

#include "house.hpp"
#include "naive.hpp"

namespace sim {
namespace {

using naive::second_ns;

constexpr std::uint64_t tenants = 3;

class HouseWorld {
 public:
  explicit HouseWorld(const Options& options)
      : options_(options),
        dice_(options.seed),
        watched_(make_watched(
            *memory_.journal, [this](const Effects& effects) { auditor_.committed(effects); },
            nullptr)) {
    houses_.resize(options.servers);
    for (std::uint64_t id = 1; id <= 2 * tenants; ++id) {
      settle::Limits limits;
      if (dice_.chance(300)) limits.parallel_requests = 1 + dice_.below(4);
      if (dice_.chance(300)) limits.tokens_per_minute = 500 + dice_.below(4'000);
      if (dice_.chance(300)) {
        limits.cap_per_month = {10'000 + static_cast<std::int64_t>(dice_.below(100'000))};
      }
      limits_.push_back(limits);
      auditor_.set_limits({id}, limits);
    }
  }

  Report live() {
    while (report_.commands < options_.commands && !auditor_.wrong()) {
      step();
    }
    for (std::uint64_t at = 0; at < houses_.size() && !auditor_.wrong(); ++at) {
      rest(at);
    }
    if (!auditor_.wrong()) {
      auditor_.at_rest();
      check_ledger();
    }
    report_.wrong = auditor_.wrong();
    report_.sums = auditor_.sums();
    return report_;
  }

 private:
  Ground ground() { return {*watched_, auditor_, dice_, clock_, report_}; }

  void open(std::uint64_t at) {
    auto house = std::make_unique<House>(at + 1, ground());
    if (house->started()) houses_[at] = std::move(house);
  }

  void step() {
    const auto passed = static_cast<std::int64_t>(dice_.below(40)) * second_ns / 1000;
    clock_.now_ns += passed;
    clock_.since_start_ns += passed;
    const std::uint64_t at = dice_.below(houses_.size());
    if (houses_[at] == nullptr) return open(at);
    House& house = *houses_[at];
    const std::uint64_t choice = dice_.below(1'000);
    if (choice < 100) {
      welcome(house);
    } else if (choice < 110) {
      house.credit({{7, ++credits_}, {1 + dice_.below(tenants)}, {3'000}, clock_.now()});
    } else if (choice < 550) {
      house.turn_engine();
    } else if (choice < 750) {
      house.turn_books();
    } else if (choice < 994) {
      house.some_guest_reads();
    } else {
      disturb(at);
    }
    if (houses_[at] != nullptr && houses_[at]->crashed()) die(at);
  }

  void welcome(House& house) {
    const std::uint64_t tenant = 1 + dice_.below(tenants);
    const std::uint64_t key = 2 * tenant - dice_.below(2);
    const serve::Caller caller{{tenant}, {tenant, 1}, {key}, limits_[key - 1]};
    const serve::Offer offer{{list_}, {{list_, 0, 0, 1}}, {{1'000'000}, {500'000}, {2'345'678}}};
    const terms::Digest idempotency =
        dice_.chance(300) ? terms::Digest{{1 + guests_ / 8, 1, 0, 0}} : terms::Digest{};
    house.welcome(++guests_, caller, offer, idempotency);
  }

  void disturb(std::uint64_t at) {
    House& house = *houses_[at];
    switch (dice_.below(7)) {
      case 0: house.weather().failing(dice_.below32(3) * 20); break;
      case 1: house.weather().down(dice_.chance(500)); break;
      case 2: house.weather().crash_in(1 + dice_.below(300)); break;
      case 3: die(at); break;
      case 4: house.revoke({1 + dice_.below(2 * tenants)}); break;
      case 5:
        clock_.now_ns += (static_cast<std::int64_t>(dice_.below(200)) - 60) * second_ns;
        break;
      default: house.drain(); rest(at);
    }
  }

  void die(std::uint64_t at) {
    houses_[at]->lose_all();
    houses_[at].reset();
  }

  /// A clean end: everything is settled, nothing is left to recovery.
  void rest(std::uint64_t at) {
    while (houses_[at] == nullptr)
      open(at);
    houses_[at]->credit({{7, ++credits_}, {1}, {1}, clock_.now()});
    if (!houses_[at]->settle_down()) auditor_.find("a server never comes to rest");
    houses_[at].reset();
    if (dice_.chance(500)) list_ += 1;
  }

  void check_ledger() {
    auto snapshot = memory_.reader->snapshot();
    auto report = settle::audit(**snapshot);
    if (report->finding_count > 0 || report->open_holds > 0) {
      auditor_.find("the ledger's own check finds something");
    }
  }

  Options options_;
  Dice dice_;
  Auditor auditor_;
  Report report_;
  WorldClock clock_;
  store::MemoryStore memory_ = store::open_memory_store();
  std::unique_ptr<ledger::Journal> watched_;
  std::vector<std::unique_ptr<House>> houses_;
  std::vector<settle::Limits> limits_;
  std::uint64_t guests_ = 0;
  std::uint64_t credits_ = 0;
  std::uint64_t list_ = 1;
};

}  // namespace

Report run_house(const Options& options) {
  return HouseWorld(options).live();
}

}  // namespace sim
