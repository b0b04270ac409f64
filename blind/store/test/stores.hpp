// Every store there is, behind one face, for tests that all must pass.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <cluster/cluster.hpp>
#include <store/faulty.hpp>
#include <store/memory.hpp>
#include <store/postgres.hpp>
#include <store/sqlite.hpp>

namespace store::testing {

/// An empty folder that goes with its owner.
class Folder {
 public:
  Folder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test->test_suite_name()) + "." + test->name();
    for (char& letter : name) {
      letter = letter == '/' ? '_' : letter;
    }
    path_ = std::filesystem::path(::testing::TempDir()) /
            (name + "." + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "." +
             std::to_string(::testing::UnitTest::GetInstance()->random_seed()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

enum class Kind { memory, sqlite, postgres, faulty };

inline std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::memory: return "memory";
    case Kind::sqlite: return "sqlite";
    case Kind::postgres: return "postgres";
    case Kind::faulty: return "faulty";
  }
  return "?";
}

class NoFaults final : public FaultPlan {
 public:
  Fault next(FaultPoint) override { return Fault::none; }
};

inline bool available(Kind kind) {
  return kind != Kind::postgres || cluster::Cluster::available();
}
constexpr const char* no_server = "there is no PostgreSQL server on this machine";

/// One store of a kind, empty. Nothing, where it is not available.
class AnyStore {
 public:
  explicit AnyStore(Kind kind) {
    if (!available(kind)) return;
    if (kind == Kind::postgres) {
      const std::string url = cluster::Cluster::shared().fresh_database();
      std::string words;
      auto journal = open_postgres_journal(url, {}, &words);
      auto reader = open_postgres_reader(url);
      EXPECT_TRUE(journal.ok() && reader.ok()) << words;
      journal_ = std::move(journal).value();
      reader_ = std::move(reader).value();
      return;
    }
    if (kind == Kind::sqlite) {
      auto journal = open_sqlite_journal(folder_ / "ledger.db");
      auto reader = open_sqlite_reader(folder_ / "ledger.db");
      EXPECT_TRUE(journal.ok() && reader.ok());
      journal_ = std::move(journal).value();
      reader_ = std::move(reader).value();
      return;
    }
    MemoryStore memory = open_memory_store();
    reader_ = std::move(memory.reader);
    if (kind == Kind::memory) {
      journal_ = std::move(memory.journal);
      return;
    }
    inner_ = std::move(memory.journal);
    journal_ = make_faulty(*inner_, no_faults_);
  }
  ledger::Journal& journal() { return *journal_; }
  ledger::Reader& reader() { return *reader_; }

 private:
  Folder folder_;
  NoFaults no_faults_;
  std::unique_ptr<ledger::Journal> inner_;
  std::unique_ptr<ledger::Journal> journal_;
  std::unique_ptr<ledger::Reader> reader_;
};

}  // namespace store::testing
