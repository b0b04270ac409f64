// Signs what the ledger has appended: one checkpoint a turn, durable before it is told.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <ledger/reader.hpp>
#include <note/checkpoint.hpp>
#include <note/note.hpp>
#include <tlog/error.hpp>

#include "archive.hpp"
#include "edge.hpp"
#include "keys.hpp"

namespace tlog {

/// A checkpoint that is durable and may be told. Immutable.
struct Head {
  note::Checkpoint checkpoint;
  note::Note note;  ///< Signed by the log alone.
};
using HeadPtr = std::shared_ptr<const Head>;

/// turn() is called by one thread at a time; head() by any.
class Publisher {
 public:
  /// Keeps what is about to be told.
  using Note = std::function<bool(std::uint64_t size, const terms::Digest& root)>;
  /// What the folder's files say now; nothing where there are none. Asked again while this server
  /// may not sign.
  using FindKeys = std::function<Answer<std::optional<Keys>>(const Identity& identity)>;

  /// Refuses to begin where the ledger does not continue what was signed last.
  [[nodiscard]] static Answer<std::unique_ptr<Publisher>> open(Identity identity,
                                                               std::optional<Keys> keys,
                                                               FindKeys find,
                                                               ledger::Reader& reader,
                                                               Archive& archive, Note note = {});
  /// Whether the tree of the newest checkpoint, or where there is none the ledger's entries, begins
  /// with one of that size and root.
  [[nodiscard]] Answer<bool> contains(std::uint64_t size, const terms::Digest& root);

  /// Takes up what another server has signed; else signs what is new, at most `leaves_max` entries,
  /// where this server is one that signs and none has for a second. True: there is a new head. An
  /// error changes nothing; ledger_differs is for good.
  [[nodiscard]] Answer<bool> turn();
  /// Null: nothing was ever signed.
  [[nodiscard]] HeadPtr head() const;

  [[nodiscard]] Identity identity() const;
  /// Whether this server has the keys.
  [[nodiscard]] bool signs() const;
  /// The highest checkpoint with cosignatures that turn() has seen.
  [[nodiscard]] const std::string& witnessed() const { return witnessed_; }
  /// From the next turn on.
  void use(Keys keys, Identity identity);

  /// Of one turn: what is in memory for it is bounded.
  static constexpr std::uint64_t leaves_max = 65'536;

 private:
  Publisher(Identity identity, std::optional<Keys> keys, FindKeys find, ledger::Reader& reader,
            Archive& archive, Note note)
      : identity_(std::move(identity)),
        keys_(std::move(keys)),
        find_keys_(std::move(find)),
        reader_(reader),
        archive_(archive),
        note_(std::move(note)) {}
  [[nodiscard]] Answer<bool> take_turn();
  /// Takes up where the archive says it was left.
  [[nodiscard]] Answer<base::Done> resume(const Standing& standing);
  [[nodiscard]] Answer<Edge> restore(receipt::Frontier frontier);
  [[nodiscard]] Answer<Head> read_head(const Signed& last) const;
  [[nodiscard]] Answer<base::Done> follow_identity(const Identity& identity);
  [[nodiscard]] Answer<bool> follow(const Standing& standing);
  [[nodiscard]] Answer<bool> wait_for_signer();
  [[nodiscard]] Answer<bool> sign_new();
  [[nodiscard]] Answer<base::Done> append_new(Edge& edge, std::uint64_t most);
  [[nodiscard]] Answer<base::Done> check_extends(const Edge& edge, const terms::Digest& root);
  /// False: it could not be noted, and is not told yet.
  bool tell(Head head);

  mutable std::mutex mutex_;  ///< Guards identity_, keys_ and head_.
  Identity identity_;
  std::optional<Keys> keys_;
  HeadPtr head_;
  const FindKeys find_keys_;
  ledger::Reader& reader_;
  Archive& archive_;
  const Note note_;
  std::uint64_t noted_size_ = 0;  ///< Of before this start.
  Edge edge_;                     ///< Of head_.
  std::string witnessed_;
  int turns_unsigned_ = 0;
  bool differs_ = false;
};

}  // namespace tlog
