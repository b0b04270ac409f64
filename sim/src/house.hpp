// One server as it is, but for its threads: the hall, an engine loop, the books, turned by hand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <serve/books_thread.hpp>
#include <serve/engine_loop.hpp>
#include <serve/hall.hpp>
#include <settle/books.hpp>
#include <sim/auditor.hpp>
#include <sim/dice.hpp>
#include <sim/world.hpp>

#include "moody_engine.hpp"
#include "weather.hpp"

namespace sim {

class WorldClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {now_ns}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {since_start_ns}; }
  std::int64_t now_ns = 1'700'000'000'000'000'000;
  std::int64_t since_start_ns = 1;
};

/// What all servers of a world share.
struct Ground {
  ledger::Journal& store;
  Auditor& auditor;
  Dice& dice;
  WorldClock& clock;
  Report& report;
};

/// A customer who waits for an answer.
struct Guest {
  std::uint64_t number = 0;
  serve::Ticket ticket;
  std::shared_ptr<serve::Stream> stream;
  std::uint32_t patience = 0;  ///< Tokens until they leave; 0 = they stay.
  std::uint32_t read = 0;      ///< Tokens.
  bool over = false;
};

class House {
 public:
  House(std::uint64_t number, const Ground& ground);
  /// Recovery did not go through: the server does not start.
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] bool crashed() const { return weather_.crashed(); }
  [[nodiscard]] Weather& weather() { return weather_; }

  void welcome(std::uint64_t number, const serve::Caller& caller, const serve::Offer& offer,
               const terms::Digest& idempotency);
  void credit(const settle::Credit& credit);
  /// One turn of the engine, or of the books.
  void turn_engine();
  void turn_books() { money_.turn(); }
  /// Somebody reads what has come, and may leave.
  void some_guest_reads();
  void revoke(terms::KeyId key) { loop_.cancel_key(key); }
  /// SIGTERM: nobody new, everything ends.
  void drain();
  /// Nothing runs, nothing waits, everybody has read to the end.
  bool settle_down();
  /// The process is gone: whoever still waited gets nothing more.
  void lose_all();

 private:
  void read(Guest& guest);
  void ended(Guest& guest, const serve::Event& last);

  Ground ground_;
  Weather weather_;
  std::unique_ptr<ledger::Journal> journal_;
  settle::Books books_;
  MoodyEngine engine_;
  serve::BooksThread money_;
  serve::EngineLoop loop_;
  serve::Hall hall_;
  std::map<std::uint64_t, Guest> guests_;
  std::vector<terms::RequestId> unpaid_;  ///< Were told that their bill comes later.
  bool started_ = false;
};

}  // namespace sim
