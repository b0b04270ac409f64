// All rooms of a running server, in the order in which they stand on each other.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <admin/admin.hpp>
#include <api/api.hpp>
#include <api/metrics.hpp>
#include <base/result.hpp>
#include <config/config.hpp>
#include <http/server.hpp>
#include <registry/registry.hpp>
#include <serve/books_thread.hpp>
#include <serve/engine_loop.hpp>
#include <serve/hall.hpp>
#include <settle/books.hpp>
#include <tlog/log.hpp>
#include <vault/vault.hpp>

#include <app/retention.hpp>
#include <app/system_ports.hpp>
#include "clock_watch.hpp"
#include "engines.hpp"
#include "holds_watch.hpp"
#include "price_watch.hpp"

namespace app {

/// The admin door's way to the money: through the settle thread, like everybody's.
class ThreadMoney final : public admin::Money {
 public:
  explicit ThreadMoney(serve::BooksThread& books) : books_(books) {}
  [[nodiscard]] settle::Outcome execute(const settle::Command& command) override {
    return books_.ask_and_wait(command);
  }

 private:
  serve::BooksThread& books_;
};

/// Built step by step; each step fails with one line for people. Destroyed in reverse. One thread.
class House {
 public:
  using Step = base::Result<base::Done, config::Problem>;

  House(config::Config config, std::vector<config::Model> models);
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// Ledger, registry and log of the data folder; ends what a crash left open.
  Step open_books();
  Step load_engines();
  /// Starts all threads and listens.
  Step open_doors();
  /// Lets running requests finish for `patience`, then cuts them; settles everything. False: the
  /// store refused to the last, and the rest is left to recovery.
  bool drain(std::chrono::milliseconds patience);

  /// New connections get the certificate that is there now; a bad one changes nothing.
  [[nodiscard]] Step reload_certificate();
  [[nodiscard]] std::string url() const;
  [[nodiscard]] registry::Registry& registry() { return *vault_.registry; }
  [[nodiscard]] const std::vector<LoadedFlavour>& flavours() const { return loaded_.flavours; }
  [[nodiscard]] admin::Money& money() { return *money_; }
  [[nodiscard]] base::Clock& clock() { return clock_; }
  [[nodiscard]] base::Random& random() { return random_; }
  /// False: this server leaves the log's signing to others.
  [[nodiscard]] bool signs() const { return log_->signs(); }
  /// The place of books that were made; empty: there were some.
  [[nodiscard]] std::string made_books() const { return vault_.made ? vault_.shown : ""; }
  [[nodiscard]] std::uint64_t voided_at_start() const { return voided_at_start_; }

 private:
  Step compare_clocks();
  Step open_log();
  [[nodiscard]] bool clock_is_right() const {
    return clock_watch_ == nullptr || clock_watch_->right();
  }
  Step publish_prices();
  void watch_prices();
  void add_gauges();
  std::vector<api::ServedModel> served_models();
  [[nodiscard]] http::Options http_options() const;
  Step open_metrics_door();

  config::Config config_;
  std::vector<config::Model> models_;
  SystemClock clock_;
  SystemRandom random_;
  vault::Vault vault_;
  std::unique_ptr<ClockWatch> clock_watch_;  ///< Null: the books are nobody else's.
  std::unique_ptr<settle::Books> books_;
  std::uint64_t voided_at_start_ = 0;
  std::unique_ptr<serve::BooksThread> books_thread_;
  std::unique_ptr<ThreadMoney> money_;
  std::unique_ptr<Retention> retention_;
  std::unique_ptr<tlog::Log> log_;
  LoadedModels loaded_;
  std::unique_ptr<api::Metrics> metrics_;
  std::vector<std::unique_ptr<serve::EngineLoop>> loops_;
  std::unique_ptr<PriceWatch> price_watch_;
  std::unique_ptr<serve::Hall> hall_;
  std::unique_ptr<admin::Admin> admin_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<HoldsWatch> holds_watch_;
  std::shared_ptr<http::MemoryAccount> memory_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> metrics_server_;  ///< Null: no address of its own.
  std::atomic<bool> draining_ = false;
};

}  // namespace app
