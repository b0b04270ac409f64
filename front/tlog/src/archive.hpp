// log.db: what the log must remember besides the ledger's entries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <terms/ids.hpp>
#include <tlog/error.hpp>

#include "edge.hpp"

struct sqlite3;

namespace tlog {

/// The last checkpoint that was signed, and the tree's frontier at that size.
struct Signed {
  std::uint64_t size = 0;
  std::vector<terms::Digest> frontier;
  std::string checkpoint;  ///< A signed note; empty = nothing was ever signed.
};

/// One day's balances, as they were added up.
struct DayRow {
  std::string document;                ///< mains.liabilities.v1
  terms::Digest seed;                  ///< Of the day's salts. Secret.
  std::vector<std::uint8_t> balances;  ///< For each account: 16 + 8 bytes, big-endian, in order.
};

/// One SQLite file with full sync. Safe from any thread. An error changes nothing.
class Archive {
 public:
  [[nodiscard]] static Answer<std::unique_ptr<Archive>> open(const std::filesystem::path& file);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  /// Empty until set; changes until something is signed, and then never.
  [[nodiscard]] Answer<std::string> origin();
  [[nodiscard]] Answer<base::Done> set_origin(const std::string& origin);

  [[nodiscard]] Answer<Signed> last_signed();
  /// Tiles and checkpoint in one transaction. False, and nothing changed: what is stored is not
  /// of size `before` any more, somebody else has signed.
  [[nodiscard]] Answer<bool> put(std::uint64_t before, const Signed& next,
                                 const std::map<TilePlace, std::vector<terms::Digest>>& tiles);
  /// Hashes of a tile above level 0, as many as there are; empty where there are none.
  [[nodiscard]] Answer<std::vector<terms::Digest>> tile(std::uint32_t level, std::uint64_t index);

  /// The highest checkpoint with cosignatures; empty = none.
  [[nodiscard]] Answer<std::string> witnessed();
  [[nodiscard]] Answer<base::Done> put_witnessed(const std::string& checkpoint);

  /// Kept for good; again is harmless.
  [[nodiscard]] Answer<base::Done> put_document(const terms::Digest& leaf_hash,
                                                std::string_view document);
  [[nodiscard]] Answer<std::optional<std::string>> document(const terms::Digest& leaf_hash);

  [[nodiscard]] Answer<base::Done> put_day(base::UnixNs at, const DayRow& row);
  /// The latest one; nothing when there is none.
  [[nodiscard]] Answer<std::optional<DayRow>> last_day();

 private:
  class Statement;
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Archive(sqlite3* db) : db_(db) {}
  [[nodiscard]] Answer<base::Done> run(const char* sql);
  [[nodiscard]] Answer<base::Done> make_tables();
  [[nodiscard]] Answer<bool> put_in_transaction(
      std::uint64_t before, const Signed& next,
      const std::map<TilePlace, std::vector<terms::Digest>>& tiles);
  [[nodiscard]] Error last_error() const;

  std::mutex mutex_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace tlog
