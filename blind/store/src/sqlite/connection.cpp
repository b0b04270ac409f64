#include "sqlite/connection.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace store::sqlite {
namespace {

void write_big_endian(std::uint64_t word, unsigned char* out) {
  for (int i = 7; i >= 0; --i) {
    out[i] = static_cast<unsigned char>(word);
    word >>= 8;
  }
}

std::uint64_t read_big_endian(const unsigned char* in) {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    word = (word << 8) | in[i];
  }
  return word;
}

void must(int code) {
  base::invariant(code == SQLITE_OK, "a parameter of a prepared statement exists");
}

int flags_of(Mode mode) {
  switch (mode) {
    case Mode::create: return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Mode::write: return SQLITE_OPEN_READWRITE;
    case Mode::read: return SQLITE_OPEN_READONLY;
  }
  return SQLITE_OPEN_READONLY;
}

/// SQLite says that it cannot open a file; the system says why.
bool may_not_write(sqlite3* db) {
  const int reason = sqlite3_system_errno(db);
  return reason == EACCES || reason == EPERM || reason == EROFS;
}

}  // namespace

ledger::StoreError error_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ledger::StoreError::busy;
    case SQLITE_FULL: return ledger::StoreError::full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ledger::StoreError::read_only;
    case SQLITE_CANTOPEN: return ledger::StoreError::gone;
    case SQLITE_IOERR:
      // The file system refuses to write: some report a full disk only so.
      return errno == ENOSPC || errno == EDQUOT ? ledger::StoreError::full : ledger::StoreError::io;
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL: return ledger::StoreError::io;
    default: return ledger::StoreError::corrupt;
  }
}

Statement::Statement(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) ==
      SQLITE_OK) {
    handle_.reset(statement);
  }
}

void Statement::bind(int index, std::int64_t value) const {
  must(sqlite3_bind_int64(handle_.get(), index, value));
}

void Statement::bind(int index, std::uint64_t value) const {
  // Ids use all 64 bits: stored as the signed number of the same bits.
  must(sqlite3_bind_int64(handle_.get(), index, static_cast<std::int64_t>(value)));
}

void Statement::bind(int index, std::uint32_t value) const {
  must(sqlite3_bind_int64(handle_.get(), index, std::int64_t{value}));
}

void Statement::bind_wide(int index, std::uint64_t high, std::uint64_t low) const {
  std::array<unsigned char, 16> bytes{};
  write_big_endian(high, bytes.data());
  write_big_endian(low, bytes.data() + 8);
  must(sqlite3_bind_blob(handle_.get(), index, bytes.data(), 16, SQLITE_TRANSIENT));
}

void Statement::bind(int index, terms::RequestId id) const {
  bind_wide(index, id.high, id.low);
}

void Statement::bind(int index, terms::Pseudonym account) const {
  if (!account.valid()) {
    must(sqlite3_bind_null(handle_.get(), index));
    return;
  }
  bind_wide(index, account.high, account.low);
}

void Statement::bind(int index, const terms::Digest& digest) const {
  if (!digest.valid()) {
    must(sqlite3_bind_null(handle_.get(), index));
    return;
  }
  bind_always(index, digest);
}

void Statement::bind_always(int index, const terms::Digest& digest) const {
  std::array<unsigned char, 32> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    write_big_endian(digest.words[i], bytes.data() + 8 * i);
  }
  must(sqlite3_bind_blob(handle_.get(), index, bytes.data(), 32, SQLITE_TRANSIENT));
}

void Statement::bind_bytes(int index, const void* data, std::size_t size) const {
  if (size == 0) {
    must(sqlite3_bind_null(handle_.get(), index));
    return;
  }
  must(sqlite3_bind_blob64(handle_.get(), index, data, size, SQLITE_TRANSIENT));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::uint64_t Statement::number(int column) const {
  return static_cast<std::uint64_t>(integer(column));
}

std::uint32_t Statement::number32(int column) const {
  return static_cast<std::uint32_t>(integer(column));
}

std::array<std::uint64_t, 2> Statement::wide(int column) const {
  const unsigned char* data = bytes(column);
  if (byte_count(column) != 16) return {};
  return {read_big_endian(data), read_big_endian(data + 8)};
}

terms::Digest Statement::digest(int column) const {
  const unsigned char* data = bytes(column);
  terms::Digest digest;
  if (byte_count(column) != 32) return digest;
  for (std::size_t i = 0; i < 4; ++i) {
    digest.words[i] = read_big_endian(data + 8 * i);
  }
  return digest;
}

const unsigned char* Statement::bytes(int column) const {
  return static_cast<const unsigned char*>(sqlite3_column_blob(handle_.get(), column));
}

std::size_t Statement::byte_count(int column) const {
  return static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
}

Stored<bool> Statement::step() const {
  if (!ready()) {
    return base::Fail{ledger::StoreError::corrupt};
  }
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  const auto error = error_of(code);
  reset();
  if (code == SQLITE_DONE) {
    return false;
  }
  return base::Fail{error};
}

Stored<base::Done> Statement::run() const {
  auto stepped = step();
  if (!stepped) return base::Fail{stepped.error()};
  reset();
  return base::Done{};
}

void Statement::reset() const {
  if (ready()) {
    sqlite3_reset(handle_.get());  // repeats the error of the last step, which is known
  }
}

Stored<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Mode mode,
                                                     const SqliteOptions& options) {
  sqlite3* db = nullptr;
  const int opened =
      sqlite3_open_v2(file.c_str(), &db, flags_of(mode) | SQLITE_OPEN_NOMUTEX, options.vfs);
  auto connection = std::make_unique<Connection>();
  connection->db_.reset(db);
  connection->file_ = file;
  if (opened != SQLITE_OK) {
    if (db != nullptr && may_not_write(db)) {
      return base::Fail{ledger::StoreError::read_only};
    }
    return base::Fail{error_of(opened)};
  }
  // SQLite opens a file that it may only read although it was asked to write.
  if (mode != Mode::read && sqlite3_db_readonly(db, "main") == 1) {
    return base::Fail{ledger::StoreError::read_only};
  }
  sqlite3_busy_timeout(db, static_cast<int>(options.busy_wait_ms));
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return base::Fail{ledger::StoreError::gone};
  }
  connection->device_ = status.st_dev;
  connection->inode_ = status.st_ino;
  return connection;
}

Stored<base::Done> Connection::execute(const char* sql) const {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_CANTOPEN && may_not_write(db_.get())) {
    return base::Fail{ledger::StoreError::read_only};  // the folder, where the log would lie
  }
  if (code != SQLITE_OK) {
    return base::Fail{error_of(code)};
  }
  return base::Done{};
}

Stored<std::int64_t> Connection::query_integer(const char* sql) const {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql, -1, &raw, nullptr);
  if (code != SQLITE_OK) {
    return base::Fail{error_of(code)};
  }
  const int stepped = sqlite3_step(raw);
  const std::int64_t value = stepped == SQLITE_ROW ? sqlite3_column_int64(raw, 0) : 0;
  sqlite3_finalize(raw);
  if (stepped != SQLITE_ROW) {
    return base::Fail{error_of(stepped == SQLITE_DONE ? SQLITE_CORRUPT : stepped)};
  }
  return value;
}

bool Connection::file_is_ours() const {
  struct stat status {};
  return ::stat(file_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

}  // namespace store::sqlite
