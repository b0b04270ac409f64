// A log over books, with a clock that is set by hand and dice with a seed.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <note/checkpoint.hpp>
#include <receipt/digest.hpp>
#include <receipt/hash.hpp>
#include <receipt/proof.hpp>
#include <receipt/tree.hpp>
#include <settle/books.hpp>
#include <store/memory.hpp>
#include <store/sqlite.hpp>
#include <tlog/log.hpp>

namespace tlog::testing {

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {time_ns}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {time_ns}; }
  std::int64_t time_ns = 1'795'521'600'000'000'000;  // 2026-11-24T12:00:00Z
};

class Dice final : public base::Random {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

class Folder {
 public:
  Folder() {
    static int number = 0;
    path_ = std::filesystem::path(::testing::TempDir()) /
            ("tlog." + std::to_string(::getpid()) + "." + std::to_string(++number));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

constexpr terms::Pseudonym account_of(terms::TenantId tenant) {
  return {0xacc, tenant.value};
}

/// Books that fill the log: in memory, or in a file.
class Ledger {
 public:
  explicit Ledger(std::uint64_t life = 1)
      : memory_(store::open_memory_store()), books_(*memory_.journal), life_(life) {}
  explicit Ledger(const std::filesystem::path& file, std::uint64_t life = 1)
      : memory_{std::move(store::open_sqlite_journal(file)).value(),
                std::move(store::open_sqlite_reader(file)).value()},
        books_(*memory_.journal),
        life_(life) {}

  void credit(std::uint64_t tenant, std::int64_t amount) {
    ++last_;
    const auto outcome = execute(settle::Credit{{life_, last_}, {tenant}, {amount}, {1}});
    EXPECT_TRUE(std::holds_alternative<settle::Credited>(outcome));
  }
  /// Paid requests of a tenant, of three nano-units and one log entry each.
  void use(std::uint64_t tenant, int requests) {
    std::vector<settle::Command> batch;
    for (int i = 0; i < requests; ++i) {
      ++last_;
      settle::Hold hold{};
      hold.request = {life_, last_};
      hold.tenant = {tenant};
      hold.account = account_of(hold.tenant);
      hold.key = {tenant};
      hold.model = {4};
      hold.price_list = {1};
      hold.price_list_hash = {{17, 18, 19, 20}};
      hold.prices = {{1'000'000}, {0}, {2'000'000}};
      hold.now = {1};
      hold.input = {1};
      hold.output_max = {1};
      hold.output_asked = 1;
      settle::Settle settled{};
      settled.request = hold.request;
      settled.salt = {{last_, life_, 3, 4}};
      settled.now = {1};
      settled.usage = {{1}, {0}, {1}};
      batch.emplace_back(hold);
      batch.emplace_back(settled);
    }
    for (const settle::Outcome& outcome : books_.apply(batch)) {
      ASSERT_FALSE(std::holds_alternative<settle::Refused>(outcome));
    }
  }
  settle::Outcome execute(const settle::Command& command) {
    return refuse_all ? settle::Outcome{settle::Refused{}} : books_.apply({&command, 1}).at(0);
  }
  [[nodiscard]] ledger::Reader& reader() { return *memory_.reader; }

  bool refuse_all = false;

 private:
  store::MemoryStore memory_;
  settle::Books books_;
  std::uint64_t last_ = 0;
  const std::uint64_t life_;  ///< Ids and salts of another life are others.
};

class World : public ::testing::Test {
 protected:
  Answer<std::unique_ptr<Log>> try_open(Options options = {}) {
    return Log::open(folder.path(), std::move(options),
                     {ledger->reader(),
                      [this](const settle::Command& command) { return ledger->execute(command); },
                      account_of, clock, dice});
  }
  void open(Options options = {}) {
    log.reset();
    auto opened = try_open(std::move(options));
    ASSERT_TRUE(opened.ok()) << describe(opened.error());
    log = std::move(opened).value();
  }
  [[nodiscard]] note::Checkpoint checkpoint() { return read(log->checkpoint(), log->keys()[0]); }
  static note::Checkpoint read(const std::string& text, const note::VerifierKey& key) {
    const auto note = note::parse(text);
    EXPECT_TRUE(note.ok());
    if (!note.ok()) return {};
    EXPECT_TRUE(note::verify(note.value(), key).ok());
    return note::parse_checkpoint(note.value().text).value();
  }
  /// As somebody outside would: from tiles only, and checked.
  void expect_extends(const note::Checkpoint& before, const note::Checkpoint& after) {
    auto tree = log->tree();
    ASSERT_TRUE(tree.has_value());
    const auto proof = receipt::ProofBuilder(*tree->tiles, after.size).consistency(before.size);
    ASSERT_TRUE(proof.ok());
    EXPECT_TRUE(receipt::extends(before.root, before.size, after.root, after.size, proof.value()));
  }

  Folder folder;
  HandClock clock;
  Dice dice{42};
  std::unique_ptr<Ledger> ledger = std::make_unique<Ledger>();
  std::unique_ptr<Log> log;
};

}  // namespace tlog::testing
