// log.db in the data folder of a server that keeps its own books.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "archive.hpp"

struct sqlite3;

namespace tlog {

class SqliteArchive final : public Archive {
 public:
  [[nodiscard]] static Answer<std::unique_ptr<SqliteArchive>> open(
      const std::filesystem::path& file);
  ~SqliteArchive() override;

  [[nodiscard]] bool shared() const override { return false; }
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

  // For whoever moves it: everything, row by row. The first error of `take` ends it.
  using TakeTile = std::function<Answer<base::Done>(TilePlace, const std::vector<terms::Digest>&)>;
  using TakeDocument = std::function<Answer<base::Done>(const terms::Digest&, const std::string&)>;
  using TakeDay = std::function<Answer<base::Done>(base::UnixNs, const DayRow&)>;
  [[nodiscard]] Answer<base::Done> each_tile(const TakeTile& take);
  [[nodiscard]] Answer<base::Done> each_document(const TakeDocument& take);
  [[nodiscard]] Answer<base::Done> each_day(const TakeDay& take);

 private:
  class Statement;
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit SqliteArchive(sqlite3* db) : db_(db) {}
  [[nodiscard]] Answer<base::Done> run(const char* sql);
  [[nodiscard]] Answer<base::Done> make_tables();
  [[nodiscard]] Answer<bool> put_in_transaction(std::uint64_t before, const Signed& next,
                                                const TileMap& tiles);
  [[nodiscard]] Answer<base::Done> each(const char* sql,
                                        const std::function<Answer<base::Done>(Statement&)>& take);
  [[nodiscard]] Error last_error() const;

  std::mutex mutex_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace tlog
