// Books over a store of either kind, and the commands of a small world to try on them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <settle/audit.hpp>
#include <settle/books.hpp>
#include <store/memory.hpp>
#include <store/sqlite.hpp>

#include "shown.hpp"

namespace settle::testing {

enum class Kind { memory, sqlite };

inline std::string name_of(Kind kind) {
  return kind == Kind::memory ? "memory" : "sqlite";
}

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'000'000 * second;  // 2023-11-14T22:13:20Z
constexpr terms::TenantId tenant{7};
constexpr terms::TenantId other_tenant{9};
constexpr terms::KeyId key{8};
/// One nano-unit an input token, two an output token, none a cached one.
constexpr price::Prices small_prices{{1'000'000}, {0}, {2'000'000}};

constexpr terms::Pseudonym account_of(terms::TenantId owner) {
  return {0xacc, owner.value};
}

inline Credit credit(std::uint64_t request, std::int64_t amount, terms::TenantId owner = tenant) {
  return {{1, request}, owner, {amount}, {start}};
}

/// 10 tokens in, 50 out, asked for: 110 nano-units at most.
inline Hold hold(std::uint64_t request, std::int64_t now = start) {
  Hold command{};
  command.request = {1, request};
  command.tenant = tenant;
  command.account = account_of(tenant);
  command.key = key;
  command.model = {4};
  command.price_list = {1};
  command.price_list_hash = {{17, 18, 19, 20}};
  command.prices = small_prices;
  command.now = {now};
  command.input = {10};
  command.output_max = {50};
  command.output_asked = 1;
  return command;
}

inline Settle settle(std::uint64_t request, std::uint32_t output, std::int64_t now = start) {
  Settle command{};
  command.request = {1, request};
  command.output = {{request, 0, 0, 1}};
  command.weights = {{1, 2, 3, 4}};
  command.tokenizer = {{5, 6, 7, 8}};
  command.salt = {{request, 2, 3, 4}};
  command.now = {now};
  command.usage = {{10}, {0}, {output}};
  return command;
}

inline Void undo(std::uint64_t request, std::int64_t now = start) {
  return {{1, request}, {now}};
}

class House {
 public:
  explicit House(Kind kind) {
    if (kind == Kind::memory) {
      store::MemoryStore memory = store::open_memory_store();
      journal_ = std::move(memory.journal);
      reader_ = std::move(memory.reader);
      return;
    }
    static int number = 0;
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("house." + std::to_string(::getpid()) + "." + std::to_string(++number));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    auto journal = store::open_sqlite_journal(folder_ / "ledger.db");
    auto reader = store::open_sqlite_reader(folder_ / "ledger.db");
    EXPECT_TRUE(journal.ok() && reader.ok());
    journal_ = std::move(journal).value();
    reader_ = std::move(reader).value();
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;
  ~House() {
    journal_.reset();
    reader_.reset();
    if (!folder_.empty()) {
      std::error_code ignored;
      std::filesystem::remove_all(folder_, ignored);
    }
  }

  ledger::Journal& journal() { return *journal_; }
  ledger::Reader& reader() { return *reader_; }

  [[nodiscard]] std::int64_t available(terms::TenantId owner = tenant) {
    return reader_->balance(owner).value().available.value;
  }
  [[nodiscard]] std::int64_t held(terms::TenantId owner = tenant) {
    return reader_->balance(owner).value().held.value;
  }
  /// Nothing, where the books are right; else what is first wrong with them.
  [[nodiscard]] std::string wrong() {
    auto snapshot = std::move(reader_->snapshot()).value();
    const ledger::CheckReport report = audit(*snapshot).value();
    if (report.finding_count == 0) return "";
    const ledger::Finding& first = report.findings.front();
    return std::to_string(report.finding_count) + " findings, the first of kind " +
           std::to_string(static_cast<int>(first.kind)) + ": request " +
           std::to_string(first.request.low) + ", expected " + std::to_string(first.expected) +
           ", found " + std::to_string(first.found);
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<ledger::Journal> journal_;
  std::unique_ptr<ledger::Reader> reader_;
};

/// Applies one batch and tells every outcome in words.
inline std::vector<std::string> tell(Books& books, const std::vector<Command>& batch) {
  std::vector<std::string> words;
  for (const Outcome& outcome : books.apply(batch)) {
    words.push_back(shown(outcome));
  }
  return words;
}

using Words = std::vector<std::string>;

}  // namespace settle::testing
