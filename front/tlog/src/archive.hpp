// What the log must remember besides the ledger's entries, wherever the ledger is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <note/note.hpp>
#include <terms/ids.hpp>
#include <tlog/error.hpp>

#include "edge.hpp"

namespace tlog {

using TileMap = std::map<TilePlace, std::vector<terms::Digest>>;

/// The last checkpoint that was signed, and the tree's frontier at that size.
struct Signed {
  std::uint64_t size = 0;
  std::vector<terms::Digest> frontier;
  std::string checkpoint;  ///< A signed note; empty = nothing was ever signed.
};

/// The log's name, and whose signatures its checkpoints carry, the current key's first.
struct Identity {
  std::string origin;                   ///< Empty: the log has no name yet.
  std::vector<note::VerifierKey> keys;  ///< Empty where the keys' files say it.
  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Standing {
  Identity identity;
  Signed last;
  std::string witnessed;  ///< The highest checkpoint with cosignatures; empty = none.
  /// Since the last one was signed, where somebody else may have done it.
  std::chrono::milliseconds age = std::chrono::milliseconds::max();
};

/// One day's balances, as they were added up.
struct DayRow {
  std::string document;                ///< mains.liabilities.v1
  terms::Digest seed;                  ///< Of the day's salts. Secret.
  std::vector<std::uint8_t> balances;  ///< For each account: 16 + 8 bytes, big-endian, in order.
};

/// Safe from any thread. An error changes nothing, except where a commit's answer was lost.
class Archive {
 public:
  Archive() = default;
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  virtual ~Archive() = default;

  /// Whether several servers write to it. Then it says which keys sign, not the folder.
  [[nodiscard]] virtual bool shared() const = 0;
  [[nodiscard]] virtual Answer<Standing> standing() = 0;
  /// False, and nothing changed: `before` is not what is stored (any more).
  [[nodiscard]] virtual Answer<bool> set_identity(const Identity& before, const Identity& next) = 0;

  /// Tiles and checkpoint in one transaction. False, and nothing changed: what is stored is not
  /// of size `before` any more, somebody else has signed; or `by` is not whose signatures the
  /// checkpoint must carry.
  [[nodiscard]] virtual Answer<bool> put(std::uint64_t before, const Identity& by,
                                         const Signed& next, const TileMap& tiles) = 0;
  /// Hashes of a tile above level 0, as many as there are; empty where there are none.
  [[nodiscard]] virtual Answer<std::vector<terms::Digest>> tile(std::uint32_t level,
                                                                std::uint64_t index) = 0;
  /// size   of that checkpoint; one with cosignatures that is larger stays.
  [[nodiscard]] virtual Answer<base::Done> put_witnessed(std::uint64_t size,
                                                         const std::string& checkpoint) = 0;

  /// Kept for good; again is harmless.
  [[nodiscard]] virtual Answer<base::Done> put_document(const terms::Digest& leaf_hash,
                                                        std::string_view document) = 0;
  [[nodiscard]] virtual Answer<std::optional<std::string>> document(
      const terms::Digest& leaf_hash) = 0;

  /// once   only where nobody has done it for that day yet; false: somebody has.
  [[nodiscard]] virtual Answer<bool> put_day(base::UnixNs at, const DayRow& row, bool once) = 0;
  /// The latest one; nothing when there is none.
  [[nodiscard]] virtual Answer<std::optional<DayRow>> last_day() = 0;
};

/// One SQLite file with full sync, made where it is not there.
[[nodiscard]] Answer<std::unique_ptr<Archive>> open_sqlite_archive(
    const std::filesystem::path& file);

/// Hashes as bytes one after another, and back.
[[nodiscard]] std::vector<std::uint8_t> bytes_of(const std::vector<terms::Digest>& hashes);
[[nodiscard]] std::vector<terms::Digest> hashes_of(std::span<const std::uint8_t> bytes);

}  // namespace tlog
