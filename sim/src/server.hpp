// A hall without text: what a server does between a request and its receipt, step by step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <serve/books_thread.hpp>
#include <settle/books.hpp>
#include <sim/auditor.hpp>
#include <sim/dice.hpp>
#include <sim/world.hpp>

#include "weather.hpp"

namespace sim {

/// What a customer wants, however often they must ask for it.
struct Wish {
  std::uint64_t number = 0;
  terms::TenantId tenant;
  terms::KeyId key;
  terms::Digest idempotency;
  std::uint32_t tries_left = 0;
};

/// How a server tells the world what came of it.
class Street {
 public:
  virtual ~Street() = default;
  virtual void served(const Wish& wish) = 0;
  /// Refused, or cut off by a crash: the customer may ask again.
  virtual void failed(const Wish& wish) = 0;
  virtual void credited(const settle::Credit& credit, bool answered) = 0;
};

/// Lives through crashes: die() forgets all that is not in the store.
class Server {
 public:
  Server(std::uint64_t number, ledger::Journal& store, Auditor& auditor, Dice& dice, Street& street,
         Report& report, Sabotage sabotage);

  [[nodiscard]] bool up() const { return money_ != nullptr; }
  /// Recovers, where the store lets it.
  void start(base::UnixNs now);
  void die();

  void ask(const settle::Hold& hold, const Wish& wish);
  void ask(const settle::Credit& credit);
  void ask(const settle::Publish& publish);
  /// Again, too, as long as there is more of it.
  void ask(const settle::Prune& prune);
  /// Something is said again that was answered before.
  void repeat();
  /// Some request goes on by some tokens, or ends.
  void progress(base::UnixNs now);
  void end_all(base::UnixNs now);
  /// Looks after the holds of servers that are dead, and its own doubtful ones.
  void tend(base::UnixNs now);
  /// A batch. The server may be dead afterwards.
  bool turn();
  [[nodiscard]] bool idle() const { return jobs_.empty() && money_->waiting() == 0; }
  [[nodiscard]] Weather& weather() { return *weather_; }

 private:
  struct Job {
    settle::Hold hold;
    Wish wish;
    terms::Usage used;
    std::uint32_t granted = 0;
    bool running = false;  ///< Its hold is answered.
    bool ending = false;   ///< Its end is with the books.
    bool left = false;     ///< Its customer is gone.
  };

  void say(const settle::Command& command, std::function<void(const settle::Outcome&)> then);
  void on_hold(terms::RequestId request, const settle::Outcome& outcome);
  void run_on(Job& job);
  void end(Job& job, base::UnixNs now);
  void forget(terms::RequestId request, bool good);

  const std::uint64_t number_;
  ledger::Journal& store_;
  Auditor& auditor_;
  Dice& dice_;
  Street& street_;
  Report& report_;
  const Sabotage sabotage_;

  std::unique_ptr<Weather> weather_;
  std::unique_ptr<ledger::Journal> journal_;
  std::unique_ptr<settle::Books> books_;
  std::unique_ptr<serve::BooksThread> money_;
  std::map<terms::RequestId, Job> jobs_;
  std::optional<settle::Command> answered_;  ///< The last one that was.
  std::vector<settle::Prune> prunes_;        ///< That are not answered.
};

}  // namespace sim
