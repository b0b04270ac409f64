#include "postgres_archive.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <receipt/digest.hpp>

#include "liabilities.hpp"
#include "sqlite_archive.hpp"

namespace tlog {
namespace {

using base::Done;
using base::Fail;
using postgres::Bytes;
using postgres::Parameters;
using postgres::Rows;

constexpr std::int64_t schema_version = 1;

// As log.db's tables (sqlite_archive.cpp), with the same rules. The row of `log` is there from the
// start.
constexpr std::array schema = {
    "CREATE SCHEMA IF NOT EXISTS mains_log",
    "SET LOCAL search_path = mains_log",
    R"sql(CREATE TABLE log (
  id smallint PRIMARY KEY CHECK (id = 1),
  origin text NOT NULL,
  keys text NOT NULL,
  size bigint NOT NULL CHECK (size >= 0),
  frontier bytea NOT NULL,
  checkpoint text NOT NULL,
  signed_at timestamptz NOT NULL,
  witnessed_size bigint NOT NULL,
  witnessed text NOT NULL
) WITH (fillfactor = 10))sql",
    "INSERT INTO log VALUES (1, '', '', 0, '', '', '-infinity', 0, '')",
    R"sql(CREATE TABLE tiles (
  level smallint NOT NULL CHECK (level > 0),
  idx bigint NOT NULL,
  hashes bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
  PRIMARY KEY (level, idx)
))sql",
    R"sql(CREATE TABLE documents (
  leaf_hash bytea PRIMARY KEY CHECK (length(leaf_hash) = 32),
  document bytea NOT NULL
))sql",
    R"sql(CREATE TABLE days (
  at bigint PRIMARY KEY,
  day text NOT NULL,
  document text NOT NULL,
  seed bytea NOT NULL,
  balances bytea NOT NULL
))sql",
    R"sql(CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'what was published stays'; END $$)sql",
    R"sql(CREATE TRIGGER log_grows BEFORE UPDATE ON log FOR EACH ROW
  WHEN (NEW.size < OLD.size OR (OLD.size > 0 AND NEW.origin <> OLD.origin))
  EXECUTE FUNCTION refuse_change())sql",
    R"sql(CREATE TRIGGER tiles_grow BEFORE UPDATE ON tiles FOR EACH ROW
  WHEN (length(NEW.hashes) < length(OLD.hashes)
    OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes)
  EXECUTE FUNCTION refuse_change())sql",
    R"sql(CREATE TRIGGER log_stays BEFORE DELETE OR TRUNCATE ON log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change())sql",
    R"sql(CREATE TRIGGER tiles_stay BEFORE DELETE OR TRUNCATE ON tiles
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change())sql",
    R"sql(CREATE TRIGGER documents_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON documents
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change())sql",
    "CREATE TABLE version (number bigint NOT NULL)",
    "INSERT INTO version VALUES (1)",
};

/// Any number, the same for all servers.
constexpr const char* take_turns = "SELECT pg_advisory_xact_lock(6093184527710936254)";

constexpr const char* put_sql = R"sql(
WITH moved AS (
  UPDATE mains_log.log SET size = $1, frontier = $2, checkpoint = $3, signed_at = clock_timestamp()
  WHERE size = $4 AND keys = $5 RETURNING 1
), kept AS (
  INSERT INTO mains_log.tiles (level, idx, hashes)
  SELECT w.level::smallint, w.idx, w.hashes
  FROM unnest($6::bigint[], $7::bigint[], $8::bytea[]) AS w (level, idx, hashes), moved
  ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes
)
SELECT count(*) FROM moved)sql";

/// One a line, so that a hand with a database shell can read them.
std::string lines_of(const std::vector<note::VerifierKey>& keys) {
  std::string lines;
  for (const note::VerifierKey& key : keys) {
    lines += note::to_text(key) + "\n";
  }
  return lines;
}

std::optional<std::vector<note::VerifierKey>> keys_in(std::string_view lines) {
  std::vector<note::VerifierKey> keys;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    auto key = note::parse_key(lines.substr(0, end));
    if (!key.ok()) {
      return std::nullopt;
    }
    keys.push_back(std::move(key).value());
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return keys;
}

std::string text_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

Bytes bytes_in(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Parameters put_parameters(std::uint64_t before, const Identity& by, const Signed& next,
                          const TileMap& tiles) {
  postgres::Array levels(postgres::Type::int8);
  postgres::Array indexes(postgres::Type::int8);
  postgres::Array hashes(postgres::Type::bytea);
  for (const auto& [place, list] : tiles) {
    levels.add(place.first);
    indexes.add(place.second);
    hashes.add(Bytes(bytes_of(list)));
  }
  Parameters parameters;
  parameters.add(next.size)
      .add(Bytes(bytes_of(next.frontier)))
      .add(std::string_view(next.checkpoint));
  parameters.add(before).add(std::string_view(lines_of(by.keys)));
  parameters.add(levels).add(indexes).add(hashes);
  return parameters;
}

Parameters day_parameters(base::UnixNs at, const DayRow& day) {
  Parameters parameters;
  parameters.add(at.value).add(std::string_view(day_of(at))).add(std::string_view(day.document));
  parameters.add(Bytes(bytes_of({day.seed}))).add(Bytes(day.balances));
  return parameters;
}

}  // namespace

Answer<std::unique_ptr<PostgresArchive>> PostgresArchive::open(const std::string& url) {
  std::unique_ptr<PostgresArchive> archive(new PostgresArchive(url));
  auto connected = archive->connect();
  if (!connected.ok()) {
    return Fail{connected.error()};
  }
  auto made = archive->make_tables();
  if (!made.ok()) {
    return Fail{made.error()};
  }
  return archive;
}

Answer<Done> PostgresArchive::connect() {
  if (connection_ != nullptr && !connection_->failed()) {
    return Done{};
  }
  connection_.reset();
  auto opened = postgres::Connection::open(url_, {});
  if (!opened.ok()) {
    return Fail{postgres::told_as<Error>(opened.error())};
  }
  connection_ = std::move(opened).value();
  return Done{};
}

Answer<Done> PostgresArchive::run() {
  auto done = connection_->run();
  if (!done.ok()) {
    return Fail{postgres::told_as<Error>(done.error())};
  }
  return Done{};
}

Answer<Rows> PostgresArchive::ask(const std::string& sql, const Parameters& parameters) {
  for (bool again = false;; again = true) {
    const bool fresh = connection_ == nullptr || connection_->failed();
    if (auto connected = connect(); !connected.ok()) {
      return Fail{connected.error()};
    }
    auto rows = connection_->ask(sql, parameters);
    if (rows.ok()) {
      return std::move(rows).value();
    }
    // A session may have ended while nobody looked. All statements here may be run twice.
    if (again || fresh || !connection_->failed()) {
      return Fail{postgres::told_as<Error>(rows.error())};
    }
  }
}

Answer<std::int64_t> PostgresArchive::version() {
  // Not to_regclass(): it may answer from before another session made them.
  auto there = connection_->ask(
      "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'mains_log' AND c.relname = 'version'");
  if (!there.ok()) {
    return Fail{postgres::told_as<Error>(there.error())};
  }
  if (there->integer(0, 0) == 0) {
    return std::int64_t{0};
  }
  auto number = connection_->ask("SELECT max(number) FROM mains_log.version");
  if (!number.ok()) {
    return Fail{postgres::told_as<Error>(number.error())};
  }
  return number->integer(0, 0);
}

Answer<Done> PostgresArchive::make_tables() {
  auto found = version();
  if (found.ok() && *found == 0) {
    connection_->queue("BEGIN");
    connection_->queue(take_turns);
    if (auto begun = run(); !begun.ok()) {
      return begun;
    }
    found = version();  // another server may have made them meanwhile
    if (found.ok() && *found == 0) {
      for (const char* sql : schema) {
        connection_->queue(sql);
      }
    }
    connection_->queue("COMMIT");
    if (auto made = run(); !made.ok()) {
      return made;
    }
    found = version();
  }
  if (!found.ok()) {
    return Fail{found.error()};
  }
  if (*found > schema_version) {
    return Fail{Error::newer};
  }
  return Done{};
}

Answer<Standing> PostgresArchive::standing() {
  const std::lock_guard lock(mutex_);
  auto row =
      ask("SELECT origin, keys, size, frontier, checkpoint, witnessed, "
          "least(extract(epoch FROM clock_timestamp() - greatest(signed_at, 'epoch')) * 1000, 1e12)"
          "::bigint FROM mains_log.log");
  if (!row.ok()) {
    return Fail{row.error()};
  }
  auto keys = row->empty() ? std::nullopt : keys_in(row->text(0, 1));
  if (!keys) {
    return Fail{Error::damaged};
  }
  Standing standing;
  standing.identity = {std::string(row->text(0, 0)), std::move(*keys)};
  standing.last = {row->number(0, 2), hashes_of(row->bytes(0, 3)), std::string(row->text(0, 4))};
  standing.witnessed = row->text(0, 5);
  standing.age = std::chrono::milliseconds(row->integer(0, 6));
  return standing;
}

Answer<bool> PostgresArchive::set_identity(const Identity& before, const Identity& next) {
  const std::lock_guard lock(mutex_);
  Parameters parameters;
  parameters.add(std::string_view(next.origin)).add(std::string_view(lines_of(next.keys)));
  parameters.add(std::string_view(before.origin)).add(std::string_view(lines_of(before.keys)));
  // Run twice because of a lost answer, the second time finds what the first one has written.
  auto changed =
      ask("WITH set AS (UPDATE mains_log.log SET origin = $1, keys = $2 WHERE (origin = $3 AND "
          "keys = $4) OR (origin = $1 AND keys = $2) RETURNING 1) SELECT count(*) FROM set",
          parameters);
  if (!changed.ok()) {
    return Fail{changed.error()};
  }
  return changed->integer(0, 0) == 1;
}

Answer<bool> PostgresArchive::put(std::uint64_t before, const Identity& by, const Signed& next,
                                  const TileMap& tiles) {
  const std::lock_guard lock(mutex_);
  auto moved = ask(put_sql, put_parameters(before, by, next, tiles));
  if (!moved.ok()) {
    return Fail{moved.error()};
  }
  return moved->integer(0, 0) == 1;
}

Answer<std::vector<terms::Digest>> PostgresArchive::tile(std::uint32_t level, std::uint64_t index) {
  const std::lock_guard lock(mutex_);
  auto row = ask("SELECT hashes FROM mains_log.tiles WHERE level = $1::bigint AND idx = $2",
                 Parameters().add(level).add(index));
  if (!row.ok()) {
    return Fail{row.error()};
  }
  return row->empty() ? std::vector<terms::Digest>{} : hashes_of(row->bytes(0, 0));
}

Answer<Done> PostgresArchive::put_witnessed(std::uint64_t size, const std::string& checkpoint) {
  const std::lock_guard lock(mutex_);
  auto done =
      ask("UPDATE mains_log.log SET witnessed = $1, witnessed_size = $2 WHERE witnessed_size < $2",
          Parameters().add(std::string_view(checkpoint)).add(size));
  if (!done.ok()) {
    return Fail{done.error()};
  }
  return Done{};
}

Answer<Done> PostgresArchive::put_document(const terms::Digest& leaf_hash,
                                           std::string_view document) {
  const std::lock_guard lock(mutex_);
  auto done = ask("INSERT INTO mains_log.documents VALUES ($1, $2) ON CONFLICT DO NOTHING",
                  Parameters().add(Bytes(bytes_of({leaf_hash}))).add(bytes_in(document)));
  if (!done.ok()) {
    return Fail{done.error()};
  }
  return Done{};
}

Answer<std::optional<std::string>> PostgresArchive::document(const terms::Digest& leaf_hash) {
  const std::lock_guard lock(mutex_);
  auto row = ask("SELECT document FROM mains_log.documents WHERE leaf_hash = $1",
                 Parameters().add(Bytes(bytes_of({leaf_hash}))));
  if (!row.ok()) {
    return Fail{row.error()};
  }
  return row->empty() ? std::optional<std::string>{} : std::optional{text_of(row->bytes(0, 0))};
}

Answer<bool> PostgresArchive::put_day(base::UnixNs at, const DayRow& day, bool once) {
  const std::lock_guard lock(mutex_);
  if (auto connected = connect(); !connected.ok()) {
    return Fail{connected.error()};
  }
  connection_->queue("BEGIN");
  connection_->queue(take_turns);
  connection_->queue(
      "WITH kept AS (INSERT INTO mains_log.days SELECT $1, $2, $3, $4, $5 WHERE $6::bigint = 0 OR "
      "NOT EXISTS (SELECT 1 FROM mains_log.days WHERE day = $2) RETURNING 1) "
      "SELECT count(*) FROM kept",
      day_parameters(at, day).add(std::uint32_t{once ? 1U : 0U}));
  connection_->queue("COMMIT");
  auto answers = connection_->run();
  if (!answers.ok()) {
    (void)connection_->ask("ROLLBACK");
    return Fail{postgres::told_as<Error>(answers.error())};
  }
  return answers->at(2).integer(0, 0) == 1;
}

Answer<std::optional<DayRow>> PostgresArchive::last_day() {
  const std::lock_guard lock(mutex_);
  auto row = ask("SELECT document, seed, balances FROM mains_log.days ORDER BY at DESC LIMIT 1");
  if (!row.ok()) {
    return Fail{row.error()};
  }
  if (row->empty()) {
    return std::optional<DayRow>{};
  }
  const std::vector<terms::Digest> seed = hashes_of(row->bytes(0, 1));
  if (seed.size() != 1) {
    return Fail{Error::damaged};
  }
  const Bytes balances = row->bytes(0, 2);
  return std::optional{
      DayRow{std::string(row->text(0, 0)), seed.front(), {balances.begin(), balances.end()}}};
}

Answer<Done> PostgresArchive::take(SqliteArchive& from,
                                   const std::vector<note::VerifierKey>& keys) {
  const std::lock_guard lock(mutex_);
  if (auto connected = connect(); !connected.ok()) {
    return connected;
  }
  connection_->queue("BEGIN");
  connection_->queue(take_turns);
  auto done = run();
  if (done.ok()) {
    done = take_all(from, keys);
  }
  if (done.ok()) {
    connection_->queue("COMMIT");
    done = run();
  }
  if (!done.ok()) {
    (void)connection_->ask("ROLLBACK");
  }
  return done;
}

Answer<Done> PostgresArchive::take_all(SqliteArchive& from,
                                       const std::vector<note::VerifierKey>& keys) {
  auto told = from.standing();
  if (!told.ok()) {
    return Fail{told.error()};
  }
  const auto write = [this](const char* sql, const Parameters& parameters) -> Answer<Done> {
    auto done = connection_->ask(sql, parameters);
    if (!done.ok()) {
      return Fail{postgres::told_as<Error>(done.error())};
    }
    return Done{};
  };
  auto done = from.each_document([&](const terms::Digest& hash, const std::string& document) {
    return write("INSERT INTO mains_log.documents VALUES ($1, $2) ON CONFLICT DO NOTHING",
                 Parameters().add(Bytes(bytes_of({hash}))).add(bytes_in(document)));
  });
  auto first = connection_->ask(
      "WITH set AS (UPDATE mains_log.log SET origin = $1, keys = $2, size = $3, frontier = $4, "
      "checkpoint = $5, witnessed = $6 WHERE origin = '' RETURNING 1) SELECT count(*) FROM set",
      Parameters()
          .add(std::string_view(told->identity.origin))
          .add(std::string_view(lines_of(keys)))
          .add(told->last.size)
          .add(Bytes(bytes_of(told->last.frontier)))
          .add(std::string_view(told->last.checkpoint))
          .add(std::string_view(told->witnessed)));
  if (!first.ok()) {
    return Fail{postgres::told_as<Error>(first.error())};
  }
  if (!done.ok() || first->integer(0, 0) == 0) {
    return done;
  }
  done = from.each_tile([&](TilePlace place, const std::vector<terms::Digest>& hashes) {
    return write("INSERT INTO mains_log.tiles VALUES ($1::bigint, $2, $3)",
                 Parameters().add(place.first).add(place.second).add(Bytes(bytes_of(hashes))));
  });
  if (!done.ok()) {
    return done;
  }
  return from.each_day([&](base::UnixNs at, const DayRow& day) {
    return write("INSERT INTO mains_log.days VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                 day_parameters(at, day));
  });
}

}  // namespace tlog
