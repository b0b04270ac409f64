#include <vault/clock.hpp>

#include <cstdlib>

namespace vault {
namespace {

/// A database that hangs must hold nobody up who stops this.
constexpr postgres::Patience patience{
    .connect_s = 2, .lock_ms = 1'000, .statement_ms = 1'000, .answer_ms = 2'000};
/// An answer that took longer says too little about when it was made.
constexpr std::int64_t answer_us_max = 1'000'000;

}  // namespace

std::optional<std::chrono::milliseconds> DatabaseClock::ahead() {
  if (connection_ == nullptr || connection_->failed()) {
    auto opened = postgres::Connection::open(url_, patience);
    if (!opened.ok()) {
      return std::nullopt;
    }
    connection_ = std::move(opened).value();
  }
  const std::int64_t started_us = clock_.since_start().value / 1'000;
  const std::int64_t before_us = clock_.now().value / 1'000;
  auto answer =
      connection_->ask("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
  const std::int64_t took_us = clock_.since_start().value / 1'000 - started_us;
  if (!answer.ok() || took_us > answer_us_max) {
    return std::nullopt;
  }
  const std::int64_t ahead_us = before_us + took_us / 2 - answer->integer(0, 0);
  return std::chrono::milliseconds(ahead_us / 1'000);
}

std::string clock_words(std::chrono::milliseconds ahead) {
  const long long tenths = std::llabs(ahead.count()) / 100;
  return "the clock of this machine is " + std::to_string(tenths / 10) + "." +
         std::to_string(tenths % 10) + " s " + (ahead.count() > 0 ? "ahead of" : "behind") +
         " the database's; limits per minute are counted by it, so set it (NTP does)";
}

}  // namespace vault
