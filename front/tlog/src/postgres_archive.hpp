// The log of several servers, beside their ledger: one row says what was signed last, and with
// which keys. Whoever signs must find it as it was when the signature was made, so nobody needs a
// lease, and nobody who was away for long can sign over what others have signed.
#pragma once

#include <memory>
#include <mutex>

#include <postgres/connection.hpp>

#include "archive.hpp"

namespace tlog {

class SqliteArchive;

/// The schema mains_log, made where it is not there (which takes a role that may). Every commit is
/// on the server's disk when it returns. One connection, opened again where it was lost.
class PostgresArchive final : public Archive {
 public:
  [[nodiscard]] static Answer<std::unique_ptr<PostgresArchive>> open(const std::string& url);

  [[nodiscard]] bool shared() const override { return true; }
  [[nodiscard]] Answer<Standing> standing() override;
  [[nodiscard]] Answer<bool> set_identity(const Identity& before, const Identity& next) override;
  [[nodiscard]] Answer<bool> put(std::uint64_t before, const Identity& by, const Signed& next,
                                 const TileMap& tiles) override;
  [[nodiscard]] Answer<std::vector<terms::Digest>> tile(std::uint32_t level,
                                                        std::uint64_t index) override;
  [[nodiscard]] Answer<base::Done> put_witnessed(std::uint64_t size,
                                                 const std::string& checkpoint) override;
  [[nodiscard]] Answer<base::Done> put_document(const terms::Digest& leaf_hash,
                                                std::string_view document) override;
  [[nodiscard]] Answer<std::optional<std::string>> document(
      const terms::Digest& leaf_hash) override;
  [[nodiscard]] Answer<bool> put_day(base::UnixNs at, const DayRow& day, bool once) override;
  [[nodiscard]] Answer<std::optional<DayRow>> last_day() override;

  /// All that is in a log of one server.
  /// keys   whose signatures its checkpoints carry.
  [[nodiscard]] Answer<base::Done> take(SqliteArchive& from,
                                        const std::vector<note::VerifierKey>& keys);

 private:
  explicit PostgresArchive(std::string url) : url_(std::move(url)) {}
  [[nodiscard]] Answer<base::Done> connect();
  [[nodiscard]] Answer<base::Done> make_tables();
  [[nodiscard]] Answer<std::int64_t> version();
  [[nodiscard]] Answer<base::Done> run();
  /// One statement, on a new connection where the old one turns out to be gone.
  [[nodiscard]] Answer<postgres::Rows> ask(const std::string& sql,
                                           const postgres::Parameters& parameters = {});
  [[nodiscard]] Answer<base::Done> take_all(SqliteArchive& from,
                                            const std::vector<note::VerifierKey>& keys);

  const std::string url_;
  std::mutex mutex_;
  std::unique_ptr<postgres::Connection> connection_;
};

}  // namespace tlog
