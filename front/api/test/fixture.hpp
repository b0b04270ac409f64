// The API on a real server on loopback, over a scripted engine and books in memory.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <api/api.hpp>
#include <engine/scripted.hpp>
#include <http/server.hpp>
#include <registry/registry.hpp>
#include <serve/books_thread.hpp>
#include <serve/engine_loop.hpp>
#include <serve/hall.hpp>
#include <settle/audit.hpp>
#include <settle/books.hpp>
#include <store/memory.hpp>

namespace api::testing {

class StillClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {1'700'000'000'000'000'000}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {1}; }
};

class Counting final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return ++last_ * 0x9E3779B97F4A7C15ULL; }

 private:
  std::atomic<std::uint64_t> last_ = 0;
};

struct Reply {
  unsigned status = 0;
  std::string head;
  std::string body;  ///< Chunks as they came.
  [[nodiscard]] std::string header(std::string_view name) const;
};

class House {
 public:
  House() : House(hello()) {}
  explicit House(engine::ScriptedOptions options, UnpaidLimits unpaid = {},
                 std::shared_ptr<http::MemoryAccount> memory = nullptr);
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// An engine that always says hello world.
  [[nodiscard]] static engine::ScriptedOptions hello();

  /// One request on a connection of its own. `secret` may be empty: none is shown.
  [[nodiscard]] Reply call(std::string_view method, std::string_view target, std::string_view body,
                           std::string_view secret, std::string_view more_headers = {}) const;

  /// A new tenant with so much credit (nano-units), and the secret of its key.
  [[nodiscard]] std::string tenant_key(std::string_view name, std::int64_t credit);
  /// One more key of a tenant.
  [[nodiscard]] std::string another_key(std::string_view tenant, const settle::Limits& limits);
  [[nodiscard]] std::string admin_key();

  /// Engine steps that ran something, since the start.
  [[nodiscard]] std::uint64_t steps() const { return steps_.load(); }
  [[nodiscard]] std::uint64_t receipts() const { return memory_.reader->totals()->receipts; }
  [[nodiscard]] std::uint64_t open_holds() const { return *memory_.reader->open_holds(); }
  [[nodiscard]] std::uint64_t findings() const;
  [[nodiscard]] tlog::Log& log() { return *log_; }
  [[nodiscard]] std::uint16_t port() const { return server_->local_port(); }

 private:
  void open_registry();
  void open_log();

  std::filesystem::path folder_;
  StillClock clock_;
  Counting random_;
  std::atomic<std::uint64_t> steps_ = 0;
  store::MemoryStore memory_ = store::open_memory_store();
  settle::Books books_{*memory_.journal};
  serve::BooksThread money_{books_, 1024};
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<tlog::Log> log_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<serve::EngineLoop> loop_;
  std::unique_ptr<serve::Hall> hall_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace api::testing
