// Signs what the ledger has appended: one checkpoint a turn, durable before it is told.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
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

/// A checkpoint that is on disk and may be told. Immutable.
struct Head {
  note::Checkpoint checkpoint;
  note::Note note;  ///< Signed by the log alone.
};
using HeadPtr = std::shared_ptr<const Head>;

/// turn() is called by one thread at a time; head() by any.
class Publisher {
 public:
  /// Refuses to begin where the ledger does not continue what was signed last.
  [[nodiscard]] static Answer<std::unique_ptr<Publisher>> open(std::string origin, Keys keys,
                                                               ledger::Reader& reader,
                                                               Archive& archive);

  /// Signs what is new, at most `leaves_max` entries. True: there is a new head. An error changes
  /// nothing; ledger_differs is for good.
  [[nodiscard]] Answer<bool> turn();
  /// Null: nothing was ever signed.
  [[nodiscard]] HeadPtr head() const;

  [[nodiscard]] std::vector<note::VerifierKey> verifiers() const;
  [[nodiscard]] const std::string& origin() const { return origin_; }
  /// From the next turn on.
  void use(Keys keys);

  /// Of one turn: what is in memory for it is bounded.
  static constexpr std::uint64_t leaves_max = 65'536;

 private:
  Publisher(std::string origin, Keys keys, ledger::Reader& reader, Archive& archive)
      : origin_(std::move(origin)), keys_(std::move(keys)), reader_(reader), archive_(archive) {}
  /// Takes up where log.db says it was left.
  [[nodiscard]] Answer<base::Done> resume();
  [[nodiscard]] Answer<Edge> restore(receipt::Frontier frontier);
  [[nodiscard]] Answer<base::Done> append_new(Edge& edge);
  [[nodiscard]] Answer<base::Done> check_extends(const Edge& edge, const terms::Digest& root);
  void tell(const note::Checkpoint& checkpoint, note::Note note);

  const std::string origin_;
  mutable std::mutex mutex_;  ///< Guards keys_ and head_.
  Keys keys_;
  HeadPtr head_;
  ledger::Reader& reader_;
  Archive& archive_;
  Edge edge_;  ///< Of head_.
  bool differs_ = false;
};

}  // namespace tlog
