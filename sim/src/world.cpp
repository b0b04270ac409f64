#include <sim/world.hpp>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <settle/audit.hpp>
#include <store/memory.hpp>

#include "naive.hpp"
#include "server.hpp"

namespace sim {
namespace {

using naive::second_ns;

constexpr std::uint64_t tenants = 4;
constexpr std::uint64_t keys_per_tenant = 2;

class World final : public Street, public Leases {
 public:
  explicit World(const Options& options)
      : options_(options),
        dice_(options.seed),
        memory_(store::open_memory_store()),
        watched_(make_watched(
            *memory_.journal, [this](const Effects& effects) { committed(effects); }, this,
            in_store(options.sabotage) ? options.sabotage : Sabotage::none)) {
    for (std::uint32_t i = 0; i < options.servers; ++i) {
      servers_.push_back(std::make_unique<Server>(i + 1, *watched_, auditor_, dice_, *this, report_,
                                                  options.sabotage));
      skews_.push_back(0);
      mourned_.push_back(false);
    }
    for (std::uint64_t id = 1; id <= tenants * keys_per_tenant; ++id) {
      limits_.push_back(some_limits());
      auditor_.set_limits({id}, limits_.back());
    }
    turn_weight_ = 50 + dice_.below(400);
    prunes_per_mille_ = std::array{0U, 20U, 200U, 1000U}[dice_.below(4)];
    change_prices();
  }

  Report live() {
    while (report_.commands < options_.commands && !auditor_.wrong()) {
      step();
    }
    if (!auditor_.wrong()) come_to_rest();
    if (!auditor_.wrong()) close_books();
    report_.wrong = auditor_.wrong();
    report_.sums = auditor_.sums();
    return report_;
  }

  /// A server that is down is dead to the others until it starts again.
  std::vector<terms::ServerId> lapsed() override {
    std::vector<terms::ServerId> dead;
    for (std::size_t at = 0; at < servers_.size(); ++at) {
      if (!servers_[at]->up() && !mourned_[at]) dead.push_back({at + 1});
    }
    return dead;
  }
  void forgotten(terms::ServerId server) override { mourned_[server.value - 1] = true; }
  void served(const Wish&) override {}
  void failed(const Wish& wish) override {
    if (wish.tries_left > 0) wishes_.push_back(wish);
  }
  void credited(const settle::Credit& credit, bool answered) override {
    if (!answered) credits_.push_back(credit);
  }

 private:
  /// What goes is looked for in the store at once: nobody beneath the books says what they removed.
  void committed(const Effects& effects) {
    auditor_.committed(effects);
    for (const Effect& effect : effects.history) {
      if (const auto* moved = std::get_if<MarkMoved>(&effect)) {
        auditor_.compare_kept(moved->tenant, *memory_.reader);
      }
    }
  }

  settle::Limits some_limits() {
    settle::Limits limits;
    if (dice_.chance(300)) limits.requests_per_minute = 5 + dice_.below(60);
    if (dice_.chance(300)) limits.tokens_per_minute = 200 + dice_.below(4'000);
    if (dice_.chance(300)) limits.parallel_requests = 1 + dice_.below(6);
    if (dice_.chance(300)) {
      limits.cap_per_month = {1'000 + static_cast<std::int64_t>(dice_.below(100'000))};
    }
    return limits;
  }

  void change_prices() {
    list_ += 1;
    const auto some = [this](std::uint64_t highest) {
      return terms::NanoPerMtok{static_cast<std::int64_t>(dice_.below(highest * 1'000'000))};
    };
    prices_ = {some(4), {0}, some(8)};
    if (dice_.chance(500)) prices_.cached = {prices_.input.value / 2};
    if (dice_.chance(50)) prices_ = {};  // free on purpose
  }

  base::UnixNs clock_of(std::size_t server) { return {now_ + skews_[server]}; }
  Server* some_server(std::size_t& at) {
    at = dice_.below(servers_.size());
    return servers_[at]->up() ? servers_[at].get() : nullptr;
  }

  void step() {
    now_ += static_cast<std::int64_t>(dice_.below(100)) * second_ns / 1000;
    std::size_t at = 0;
    Server* server = some_server(at);
    if (dice_.chance(5)) return disturb(at);
    if (server == nullptr) {
      if (dice_.chance(50)) begin(at);
      return;
    }
    const std::uint64_t choice = dice_.below(600 + turn_weight_);
    if (choice < 220) {
      new_request(*server, at);
    } else if (choice < 240) {
      top_up(*server, at);
    } else if (choice < 243) {
      server->tend(clock_of(at));
    } else if (choice < 250) {
      server->repeat();
    } else if (choice < 252) {
      server->ask(settle::Publish{{{list_, 0, 0, 1}}});  // the list of now, by whoever
    } else if (choice < 254) {
      if (dice_.chance(prunes_per_mille_)) prune(at);
    } else if (choice < 600) {
      server->progress(clock_of(at));
    } else {
      server->turn();
    }
  }

  void begin(std::size_t at) {
    mourned_[at] = true;  // it ends its own holds, and nobody else does meanwhile
    servers_[at]->start(clock_of(at));
    mourned_[at] = false;
  }

  void new_request(Server& server, std::size_t at) {
    Wish wish;
    if (!wishes_.empty() && dice_.chance(400)) {
      wish = wishes_.back();
      wishes_.pop_back();
      wish.tries_left -= 1;
    } else {
      wish.number = ++wished_;
      wish.tenant = {1 + dice_.below(tenants)};
      wish.key = {(wish.tenant.value - 1) * keys_per_tenant + 1 + dice_.below(keys_per_tenant)};
      wish.tries_left = dice_.below32(4);
      // Few keys for many wishes, the same ones for all tenants: some meet.
      if (dice_.chance(300)) wish.idempotency = {{1 + wished_ / 8, 1, 0, 0}};
    }
    settle::Hold hold{};
    hold.request = {dice_.next() >> 1U, ++requests_};
    hold.tenant = wish.tenant;
    hold.key = wish.key;
    hold.model = {1 + dice_.below(3)};
    hold.price_list = {list_};
    hold.price_list_hash = {{list_, 0, 0, 1}};
    hold.account = {wish.tenant.value, 1};
    hold.prices = prices_;
    hold.limits = limits_[wish.key.value - 1];
    hold.idempotency = wish.idempotency;
    hold.now = clock_of(at);
    hold.input = {1 + dice_.below32(200)};
    hold.choices = 1 + (dice_.chance(200) ? dice_.below32(3) : 0);
    hold.output_max = {hold.choices * (1 + dice_.below32(200))};
    hold.output_asked = dice_.chance(600) ? 1 : 0;
    if (dice_.chance(50)) {  // an embedding: nothing to decode
      hold.output_max = {0};
      hold.output_asked = 1;
    }
    server.ask(hold, wish);
  }

  /// A credit that was not answered is asked for again, with its id, of whichever server.
  void top_up(Server& server, std::size_t at) {
    if (!credits_.empty()) {
      const settle::Credit again = credits_.back();
      credits_.pop_back();
      return server.ask(again);
    }
    settle::Credit credit{};
    credit.request = {dice_.next() >> 1U, ++requests_};
    credit.tenant = {1 + dice_.below(tenants)};
    credit.amount = {1 + static_cast<std::int64_t>(dice_.below(20'000))};
    if (dice_.chance(150)) credit.amount.value *= -1;
    credit.now = clock_of(at);
    server.ask(credit);
  }

  /// Receipts go that are older than some time: one tenant's, or everybody's; on this server, or on
  /// all at once, one of which may die of it.
  void prune(std::size_t at) {
    const std::uint64_t horizon_s = dice_.chance(500) ? dice_.below(600) : dice_.below(200'000);
    const bool everywhere = dice_.chance(200);
    const bool everybody = dice_.chance(300);
    const std::uint64_t one = 1 + dice_.below(tenants);
    for (std::size_t each = 0; each < servers_.size(); ++each) {
      if (!servers_[each]->up() || (each != at && !everywhere)) continue;
      const base::UnixNs before{clock_of(each).value -
                                static_cast<std::int64_t>(horizon_s) * second_ns};
      for (std::uint64_t tenant = 1; tenant <= tenants; ++tenant) {
        if (everybody || tenant == one) servers_[each]->ask(settle::Prune{{tenant}, before});
      }
      if (dice_.chance(50)) servers_[each]->weather().crash_in(1 + dice_.below(12));
    }
  }

  /// Something happens that nobody asked for.
  void disturb(std::size_t at) {
    Server& server = *servers_[at];
    const bool up = server.up();
    switch (dice_.below(8)) {
      case 0:
        if (up) server.weather().failing(dice_.below32(3) * 20);
        break;
      case 1:
        if (up) server.weather().down(dice_.chance(500));
        break;
      case 2:
        if (up) server.weather().crash_in(1 + dice_.below(200));
        break;
      case 3:
        if (up) server.die();
        break;
      case 4: change_prices(); break;
      case 5: skews_[at] = (static_cast<std::int64_t>(dice_.below(6)) - 3) * second_ns; break;
      case 6: now_ += static_cast<std::int64_t>(dice_.below(90)) * second_ns; break;
      default: jump(); break;
    }
  }

  void jump() {
    const auto some = [this](std::int64_t most) {
      return static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(most)));
    };
    switch (dice_.below(4)) {
      case 0: now_ -= some(70) * second_ns; break;      // an operator sets the clock back
      case 1: now_ -= some(90'000) * second_ns; break;  // ... by up to a day
      case 2: now_ += some(90'000) * second_ns; break;
      default: {
        // A second before the month ends.
        const std::int64_t month = naive::month_of(now_);
        std::int64_t step = 16 * 86'400 * second_ns;
        for (; step >= second_ns; step /= 2) {
          while (naive::month_of(now_ + step) == month)
            now_ += step;
        }
      }
    }
  }

  /// The weather is fair, everybody says what they have to say, and nobody comes any more.
  void come_to_rest() {
    options_.sabotage = Sabotage::none;
    for (int round = 0; round < 10'000; ++round) {
      bool busy = !credits_.empty();
      for (std::size_t at = 0; at < servers_.size(); ++at) {
        Server& server = *servers_[at];
        while (!server.up())
          begin(at);
        server.weather().failing(0);
        server.weather().down(false);
        server.weather().crash_in(0);
        if (round == 0 || !credits_.empty()) top_up(server, at);
        if (round == 0) server.ask(settle::Prune{{1 + at}, clock_of(at)});
        server.end_all(clock_of(at));
        server.turn();
        busy = busy || !server.idle();
      }
      if (!busy) return auditor_.at_rest();
    }
    auditor_.find("the world never comes to rest");
  }

  /// `mains ledger check` must find the same nothing.
  void close_books() {
    for (std::uint64_t tenant = 1; tenant <= tenants; ++tenant) {
      auditor_.compare_kept({tenant}, *memory_.reader);
    }
    auditor_.compare_log(*memory_.reader);
    auto snapshot = memory_.reader->snapshot();
    auto report = settle::audit(**snapshot);
    if (report->finding_count > 0) {
      auditor_.find("the ledger's own check finds " + std::to_string(report->finding_count) +
                    ", the first of kind " +
                    std::to_string(static_cast<int>(report->findings.front().kind)));
    }
    if (report->open_holds > 0) auditor_.find("open holds at the end");
  }

  Options options_;
  Dice dice_;
  Auditor auditor_;
  Report report_;
  store::MemoryStore memory_;
  std::unique_ptr<ledger::Journal> watched_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::int64_t> skews_;
  std::vector<bool> mourned_;  ///< Its holds were ended by another server.
  std::vector<settle::Limits> limits_;
  std::vector<Wish> wishes_;
  std::vector<settle::Credit> credits_;
  terms::Prices prices_;
  std::uint64_t list_ = 0;
  std::uint64_t wished_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t turn_weight_ = 0;
  std::uint64_t prunes_per_mille_ = 0;            ///< Worlds tidy up never, seldom or all the time.
  std::int64_t now_ = 1'700'000'000 * second_ns;  // 2023-11-14T22:13:20Z
};

}  // namespace

Report& Report::operator+=(const Report& more) {
  if (!wrong) wrong = more.wrong;
  sums += more.sums;
  commands += more.commands;
  refused += more.refused;
  unavailable += more.unavailable;
  crashes += more.crashes;
  lost_replies += more.lost_replies;
  return *this;
}

Report run(const Options& options) {
  return World(options).live();
}

}  // namespace sim
