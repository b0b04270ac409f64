// Whether this machine and the database agree on the time: limits per minute are counted by it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <base/ports.hpp>
#include <postgres/connection.hpp>

namespace vault {

/// Servers that share books may differ from their database's clock by so much; then two of them
/// differ by at most twice that, far less than the minute that limits look back.
inline constexpr std::chrono::seconds clock_difference_max{5};

/// A connection of its own, opened again where it was lost. One thread.
class DatabaseClock {
 public:
  /// url   of a PostgreSQL database. The clock must outlive this.
  DatabaseClock(std::string url, const base::Clock& clock) : url_(std::move(url)), clock_(clock) {}

  /// How far our clock is ahead, below zero where it is behind. Nothing: the database did not
  /// answer, or too slowly to tell. Blocks for four seconds at most.
  [[nodiscard]] std::optional<std::chrono::milliseconds> ahead();

 private:
  const std::string url_;
  const base::Clock& clock_;
  std::unique_ptr<postgres::Connection> connection_;
};

/// What to do about it, for people. Pure.
[[nodiscard]] std::string clock_words(std::chrono::milliseconds ahead);

}  // namespace vault
