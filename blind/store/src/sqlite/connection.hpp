// SQLite behind types that close themselves, and its error codes as ours.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <ledger/journal.hpp>
#include <store/sqlite.hpp>
#include <terms/ids.hpp>

namespace store::sqlite {

using ledger::Stored;

/// The reason in our words. Codes that only a wrong statement of ours can cause count as corrupt.
[[nodiscard]] ledger::StoreError error_of(int code);

/// A prepared statement. Bind, step, read, reset; indexes of parameters start at 1, of columns
/// at 0. Blobs are big-endian, so that their order is the order of the numbers.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, const char* sql);

  [[nodiscard]] bool ready() const { return handle_ != nullptr; }

  void bind(int index, std::int64_t value) const;
  void bind(int index, std::uint64_t value) const;
  void bind(int index, std::uint32_t value) const;
  void bind(int index, terms::RequestId id) const;
  /// "None" is stored as NULL.
  void bind(int index, terms::Pseudonym account) const;
  /// "None" is stored as NULL.
  void bind(int index, const terms::Digest& digest) const;
  /// "None" is stored as 32 zero bytes, for columns that are compared.
  void bind_always(int index, const terms::Digest& digest) const;
  /// Copied. Empty is stored as NULL.
  void bind_bytes(int index, const void* data, std::size_t size) const;

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t number(int column) const;
  [[nodiscard]] std::uint32_t number32(int column) const;
  template <class WideId = terms::RequestId>
  [[nodiscard]] WideId wide_id(int column) const {
    const auto words = wide(column);
    return {words[0], words[1]};
  }
  [[nodiscard]] terms::Digest digest(int column) const;
  [[nodiscard]] const unsigned char* bytes(int column) const;
  [[nodiscard]] std::size_t byte_count(int column) const;

  /// true: there is a row to read. false: the end; the statement has been reset.
  [[nodiscard]] Stored<bool> step() const;
  /// For statements without rows.
  [[nodiscard]] Stored<base::Done> run() const;
  void reset() const;

 private:
  void bind_wide(int index, std::uint64_t high, std::uint64_t low) const;
  /// Zero where there is none.
  [[nodiscard]] std::array<std::uint64_t, 2> wide(int column) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Resets a statement when the function that stepped it is left.
class Reset {
 public:
  explicit Reset(const Statement& statement) : statement_(statement) {}
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;
  ~Reset() { statement_.reset(); }

 private:
  const Statement& statement_;
};

enum class Mode : std::uint32_t { create, write, read };

class Connection {
 public:
  /// create: makes the file where there is none. write: it must be there. read: cannot change it.
  static Stored<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Mode mode,
                                                  const SqliteOptions& options);

  [[nodiscard]] sqlite3* handle() const { return db_.get(); }
  /// Runs statements that have no parameters and no result.
  [[nodiscard]] Stored<base::Done> execute(const char* sql) const;
  [[nodiscard]] Stored<std::int64_t> query_integer(const char* sql) const;
  /// Whether the path still names the file that was opened.
  [[nodiscard]] bool file_is_ours() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
  std::filesystem::path file_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace store::sqlite
