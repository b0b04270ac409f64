#include "sqlite_archive.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <span>
#include <utility>

#include <receipt/digest.hpp>

namespace tlog {
namespace {

using base::Done;
using base::Fail;

constexpr int busy_wait_ms = 5'000;
constexpr int schema_version = 1;

// Full tiles, documents and days are never changed, for a hand with a database shell as well.
constexpr const char* schema = R"sql(
CREATE TABLE log (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  origin TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  frontier BLOB NOT NULL,
  checkpoint TEXT NOT NULL,
  witnessed TEXT NOT NULL
) STRICT;
CREATE TABLE tiles (
  level INTEGER NOT NULL CHECK (level > 0),
  idx INTEGER NOT NULL,
  hashes BLOB NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE documents (
  leaf_hash BLOB NOT NULL PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
CREATE TABLE days (
  at INTEGER PRIMARY KEY,
  document TEXT NOT NULL,
  seed BLOB NOT NULL,
  balances BLOB NOT NULL
) STRICT;
CREATE TRIGGER tiles_grow BEFORE UPDATE ON tiles
  WHEN length(NEW.hashes) < length(OLD.hashes)
    OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
  BEGIN SELECT RAISE(ABORT, 'tiles only grow'); END;
CREATE TRIGGER tiles_stay BEFORE DELETE ON tiles
  BEGIN SELECT RAISE(ABORT, 'tiles stay'); END;
CREATE TRIGGER log_grows BEFORE UPDATE ON log
  WHEN NEW.size < OLD.size OR (OLD.size > 0 AND NEW.origin <> OLD.origin)
  BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents
  BEGIN SELECT RAISE(ABORT, 'documents stay as they are'); END;
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents
  BEGIN SELECT RAISE(ABORT, 'documents stay'); END;
PRAGMA user_version = 1;
)sql";

Error error_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return Error::full;
    case SQLITE_READONLY:
    case SQLITE_PERM: return Error::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_SCHEMA: return Error::damaged;
    default: return Error::unavailable;
  }
}

}  // namespace

std::vector<std::uint8_t> bytes_of(const std::vector<terms::Digest>& hashes) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(hashes.size() * receipt::digest_bytes);
  for (const terms::Digest& hash : hashes) {
    const receipt::DigestBytes one = receipt::to_bytes(hash);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

std::vector<terms::Digest> hashes_of(std::span<const std::uint8_t> bytes) {
  std::vector<terms::Digest> hashes(bytes.size() / receipt::digest_bytes);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    receipt::DigestBytes one{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * one.size()), one.size(),
                one.begin());
    hashes[i] = receipt::from_bytes(one);
  }
  return hashes;
}

/// Prepared for one use. Indexes of parameters start at 1, of columns at 0.
class SqliteArchive::Statement {
 public:
  Statement(sqlite3* db, const char* sql) {
    sqlite3_prepare_v2(db, sql, -1, &raw_, nullptr);  // a failure shows in step()
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(raw_); }

  Statement& bind(std::int64_t value) {
    sqlite3_bind_int64(raw_, ++bound_, value);
    return *this;
  }
  Statement& bind(std::string_view text) {
    sqlite3_bind_text64(raw_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
  }
  Statement& bind(const std::vector<std::uint8_t>& bytes) {
    static constexpr char nothing = 0;
    sqlite3_bind_blob64(raw_, ++bound_,
                        bytes.empty() ? &nothing : static_cast<const void*>(bytes.data()),
                        bytes.size(), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(const terms::Digest& digest) { return bind(bytes_of({digest})); }

  /// SQLITE_ROW, SQLITE_DONE, or what went wrong.
  int step() { return raw_ == nullptr ? SQLITE_ERROR : sqlite3_step(raw_); }

  [[nodiscard]] std::uint64_t number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(raw_, column));
  }
  [[nodiscard]] std::string text(int column) const {
    const auto bytes = blob(column);
    return {bytes.begin(), bytes.end()};
  }
  [[nodiscard]] std::vector<std::uint8_t> blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(raw_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw_, column));
    return data == nullptr ? std::vector<std::uint8_t>{} : std::vector(data, data + size);
  }

 private:
  sqlite3_stmt* raw_ = nullptr;
  int bound_ = 0;
};

void SqliteArchive::Close::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

SqliteArchive::~SqliteArchive() = default;

Error SqliteArchive::last_error() const {
  return error_of(sqlite3_extended_errcode(db_.get()));
}

Answer<Done> SqliteArchive::run(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return Fail{last_error()};
  }
  return Done{};
}

Answer<std::unique_ptr<SqliteArchive>> SqliteArchive::open(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(
      file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteArchive> archive(new SqliteArchive(db));
  if (code != SQLITE_OK) {
    return Fail{error_of(code)};
  }
  if (sqlite3_db_readonly(db, "main") == 1) {
    return Fail{Error::read_only};
  }
  sqlite3_busy_timeout(db, busy_wait_ms);
  auto set_up = archive->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  if (!set_up.ok()) {
    return Fail{set_up.error()};
  }
  auto made = archive->make_tables();
  if (!made.ok()) {
    return Fail{made.error()};
  }
  return archive;
}

Answer<Done> SqliteArchive::make_tables() {
  if (auto begun = run("BEGIN IMMEDIATE"); !begun.ok()) {
    return begun;
  }
  std::uint64_t version = 0;
  {
    Statement row(db_.get(), "PRAGMA user_version");
    if (row.step() != SQLITE_ROW) {
      return Fail{last_error()};
    }
    version = row.number(0);
  }
  if (version > schema_version) {
    return Fail{Error::newer};
  }
  if (version == 0) {
    if (auto made = run(schema); !made.ok()) {
      return made;
    }
  }
  return run("COMMIT");
}

Answer<Standing> SqliteArchive::standing() {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "SELECT origin, size, frontier, checkpoint, witnessed FROM log");
  const int code = row.step();
  if (code == SQLITE_DONE) {
    return Standing{};
  }
  if (code != SQLITE_ROW) {
    return Fail{last_error()};
  }
  Standing standing;
  standing.identity.origin = row.text(0);
  standing.last = {row.number(1), hashes_of(row.blob(2)), row.text(3)};
  standing.witnessed = row.text(4);
  return standing;
}

Answer<bool> SqliteArchive::set_identity(const Identity& before, const Identity& next) {
  const std::lock_guard lock(mutex_);
  // The folder's lock keeps everybody else out, so `before` is what is there.
  Statement row(db_.get(),
                "INSERT INTO log VALUES (1, ?, 0, ?, '', '') ON CONFLICT (id) "
                "DO UPDATE SET origin = excluded.origin WHERE origin = ?");
  row.bind(next.origin).bind(std::vector<std::uint8_t>{}).bind(before.origin);
  if (row.step() != SQLITE_DONE) {
    return Fail{last_error()};
  }
  return sqlite3_changes(db_.get()) == 1;
}

Answer<bool> SqliteArchive::put(std::uint64_t before, const Identity& /*by*/, const Signed& next,
                                const TileMap& tiles) {
  const std::lock_guard lock(mutex_);
  if (auto begun = run("BEGIN IMMEDIATE"); !begun.ok()) {
    return Fail{begun.error()};
  }
  auto done = put_in_transaction(before, next, tiles);
  if (done.ok() && *done) {
    auto committed = run("COMMIT");
    if (committed.ok()) {
      return true;
    }
    done = Fail{committed.error()};
  }
  (void)run("ROLLBACK");  // has happened already after some errors
  return done;
}

Answer<bool> SqliteArchive::put_in_transaction(std::uint64_t before, const Signed& next,
                                               const TileMap& tiles) {
  Statement log(db_.get(), "UPDATE log SET size = ?, frontier = ?, checkpoint = ? WHERE size = ?");
  log.bind(static_cast<std::int64_t>(next.size)).bind(bytes_of(next.frontier));
  log.bind(next.checkpoint).bind(static_cast<std::int64_t>(before));
  if (log.step() != SQLITE_DONE) {
    return Fail{last_error()};
  }
  if (sqlite3_changes(db_.get()) != 1) {
    return false;
  }
  for (const auto& [place, hashes] : tiles) {
    Statement row(db_.get(),
                  "INSERT INTO tiles VALUES (?, ?, ?) ON CONFLICT (level, idx) "
                  "DO UPDATE SET hashes = excluded.hashes");
    row.bind(std::int64_t{place.first}).bind(static_cast<std::int64_t>(place.second));
    if (row.bind(bytes_of(hashes)).step() != SQLITE_DONE) {
      return Fail{last_error()};
    }
  }
  return true;
}

Answer<std::vector<terms::Digest>> SqliteArchive::tile(std::uint32_t level, std::uint64_t index) {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "SELECT hashes FROM tiles WHERE level = ? AND idx = ?");
  const int code = row.bind(std::int64_t{level}).bind(static_cast<std::int64_t>(index)).step();
  if (code == SQLITE_DONE) {
    return std::vector<terms::Digest>{};
  }
  if (code != SQLITE_ROW) {
    return Fail{last_error()};
  }
  return hashes_of(row.blob(0));
}

Answer<Done> SqliteArchive::put_witnessed(std::uint64_t /*size*/, const std::string& checkpoint) {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "UPDATE log SET witnessed = ?");
  if (row.bind(checkpoint).step() != SQLITE_DONE) {
    return Fail{last_error()};
  }
  return Done{};
}

Answer<Done> SqliteArchive::put_document(const terms::Digest& leaf_hash,
                                         std::string_view document) {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "INSERT INTO documents VALUES (?, ?) ON CONFLICT DO NOTHING");
  if (row.bind(leaf_hash).bind(document).step() != SQLITE_DONE) {
    return Fail{last_error()};
  }
  return Done{};
}

Answer<std::optional<std::string>> SqliteArchive::document(const terms::Digest& leaf_hash) {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "SELECT document FROM documents WHERE leaf_hash = ?");
  const int code = row.bind(leaf_hash).step();
  if (code == SQLITE_DONE) {
    return std::optional<std::string>{};
  }
  if (code != SQLITE_ROW) {
    return Fail{last_error()};
  }
  return std::optional{row.text(0)};
}

Answer<bool> SqliteArchive::put_day(base::UnixNs at, const DayRow& day, bool /*once*/) {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "INSERT INTO days VALUES (?, ?, ?, ?)");
  row.bind(at.value).bind(day.document).bind(day.seed).bind(day.balances);
  if (row.step() != SQLITE_DONE) {
    return Fail{last_error()};
  }
  return true;
}

Answer<std::optional<DayRow>> SqliteArchive::last_day() {
  const std::lock_guard lock(mutex_);
  Statement row(db_.get(), "SELECT document, seed, balances FROM days ORDER BY at DESC LIMIT 1");
  const int code = row.step();
  if (code == SQLITE_DONE) {
    return std::optional<DayRow>{};
  }
  if (code != SQLITE_ROW) {
    return Fail{last_error()};
  }
  const std::vector<terms::Digest> seed = hashes_of(row.blob(1));
  if (seed.size() != 1) {
    return Fail{Error::damaged};
  }
  return std::optional{DayRow{row.text(0), seed.front(), row.blob(2)}};
}

Answer<Done> SqliteArchive::each(const char* sql,
                                 const std::function<Answer<Done>(Statement&)>& take) {
  const std::lock_guard lock(mutex_);
  Statement rows(db_.get(), sql);
  for (;;) {
    const int code = rows.step();
    if (code == SQLITE_DONE) {
      return Done{};
    }
    if (code != SQLITE_ROW) {
      return Fail{last_error()};
    }
    if (auto taken = take(rows); !taken.ok()) {
      return taken;
    }
  }
}

Answer<Done> SqliteArchive::each_tile(const TakeTile& take) {
  return each("SELECT level, idx, hashes FROM tiles", [&](Statement& row) {
    return take({static_cast<std::uint32_t>(row.number(0)), row.number(1)}, hashes_of(row.blob(2)));
  });
}

Answer<Done> SqliteArchive::each_document(const TakeDocument& take) {
  return each("SELECT leaf_hash, document FROM documents", [&](Statement& row) -> Answer<Done> {
    const std::vector<terms::Digest> hash = hashes_of(row.blob(0));
    if (hash.size() != 1) {
      return Fail{Error::damaged};
    }
    return take(hash.front(), row.text(1));
  });
}

Answer<Done> SqliteArchive::each_day(const TakeDay& take) {
  return each("SELECT at, document, seed, balances FROM days ORDER BY at",
              [&](Statement& row) -> Answer<Done> {
                const std::vector<terms::Digest> seed = hashes_of(row.blob(2));
                if (seed.size() != 1) {
                  return Fail{Error::damaged};
                }
                return take({static_cast<std::int64_t>(row.number(0))},
                            {row.text(1), seed.front(), row.blob(3)});
              });
}

Answer<std::unique_ptr<Archive>> open_sqlite_archive(const std::filesystem::path& file) {
  auto archive = SqliteArchive::open(file);
  if (!archive.ok()) {
    return Fail{archive.error()};
  }
  return std::unique_ptr<Archive>(std::move(archive).value());
}

}  // namespace tlog
