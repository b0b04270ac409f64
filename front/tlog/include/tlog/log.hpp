// The transparency log: everything that was settled, in an order that nobody can change afterwards.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/ports.hpp>
#include <ledger/reader.hpp>
#include <note/note.hpp>
#include <receipt/proof.hpp>
#include <receipt/sum_tree.hpp>
#include <settle/commands.hpp>
#include <terms/ids.hpp>
#include <tlog/error.hpp>

namespace tlog {

/// Witnesses that are asked to cosign each checkpoint, and their addresses.
struct Witness {
  note::VerifierKey key;
  std::string url;  ///< Of its submission prefix, without a slash at the end.
  friend bool operator==(const Witness&, const Witness&) = default;
};

struct Options {
  std::string origin;  ///< Empty: what it was, or one made of the key.
  std::vector<Witness> witnesses;
  /// A PostgreSQL address: the log that all servers on that database share. Empty: the folder's
  /// own.
  std::string database = {};
  /// Whether this may name a shared log that nobody has named yet, with a key of its own making.
  bool founds = true;
  /// What the registry keeps of the newest checkpoint that was signed: a log, or a ledger, that
  /// does not contain it was lost or set back, and is not opened. Size 0: nothing.
  std::uint64_t noted_size = 0;
  terms::Digest noted_root = {};
};

/// The log's surroundings. All of it must outlive the log.
struct Surroundings {
  ledger::Reader& reader;
  /// Durable when it returns; safe on any thread.
  std::function<settle::Outcome(const settle::Command&)> execute;
  /// A tenant's name in receipts; none = no such tenant.
  std::function<terms::Pseudonym(terms::TenantId)> account_of;
  const base::Clock& clock;
  base::Random& random;
  /// Keeps size and root of a checkpoint before anybody is told of it; false: it cannot, now. May
  /// be empty.
  std::function<bool(std::uint64_t, const terms::Digest&)> note_signed = {};
};

/// That an entry is in the tree of a checkpoint.
struct Inclusion {
  std::uint64_t leaf = 0;
  receipt::Proof proof;
  std::string checkpoint;  ///< A signed note.
};

/// A customer's place in the latest published liabilities.
struct OwnBalance {
  terms::Pseudonym account;
  base::Nano balance;
  std::uint64_t index = 0;  ///< Among the document's accounts.
  terms::Digest salt;
  receipt::SumProof path;
  std::string document;  ///< mains.liabilities.v1
};

struct PublishedDocument {
  std::string document;
  std::uint64_t leaf = 0;
};

/// The result of a turn.
struct State {
  bool healthy = true;
  Error error = Error::unavailable;  ///< Where it is not.
};

/// Any thread, unless said otherwise.
class Log {
 public:
  /// Opens `data_dir`/log.key, and log.db or the shared log, or makes them. A folder without
  /// log.key makes none where the shared log has one already: it follows.
  [[nodiscard]] static Answer<std::unique_ptr<Log>> open(const std::filesystem::path& data_dir,
                                                         Options options,
                                                         Surroundings surroundings);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Starts the thread that signs, or follows, once a second, and one that asks the witnesses.
  void start();
  /// Signs what is there and joins. Repeatable.
  void stop();
  /// The signing thread's work of each second: the day's liabilities where they are due, a
  /// checkpoint where there is something new. True: there is a new one. One thread at a time.
  [[nodiscard]] Answer<bool> turn();
  /// Asks every witness about the newest checkpoint. One thread at a time; blocks for seconds.
  void ask_witnesses();
  [[nodiscard]] State state() const;

  /// Empty: a shared log that nobody has named yet.
  [[nodiscard]] std::string origin() const;
  /// Keys whose signatures checkpoints carry: the log's key, and the one before it while it is
  /// kept.
  [[nodiscard]] std::vector<note::VerifierKey> keys() const;

  /// Whether this server has the keys. One that has not serves what others sign.
  [[nodiscard]] bool signs() const;

  /// Puts a document in clear into the log, once. Durable when it returns, with its bytes.
  [[nodiscard]] Answer<std::uint64_t> publish(std::string_view document);

  /// The newest checkpoint, with the cosignatures that have come in; empty = none yet.
  [[nodiscard]] std::string checkpoint() const;
  /// The newest checkpoint that a witness has cosigned; empty = none.
  [[nodiscard]] std::string witnessed() const;
  /// Entries under the newest checkpoint.
  [[nodiscard]] std::uint64_t size() const;
  /// The bytes of a tile, or of the entries below a tile of level 0. Nothing: the log has none
  /// such under its newest checkpoint. Blocks on the stores.
  [[nodiscard]] Answer<std::optional<std::string>> tile(const receipt::Tile& tile);
  [[nodiscard]] Answer<std::optional<std::string>> entries(const receipt::Tile& tile);
  /// Under the newest checkpoint that a witness has cosigned where that covers it, else under the
  /// newest. Nothing: not yet under any. Blocks on the stores.
  [[nodiscard]] Answer<std::optional<Inclusion>> prove(std::uint64_t leaf);
  /// For proofs of many entries: a checkpoint, and where its tiles are.
  struct Tree {
    std::string checkpoint;
    std::uint64_t size = 0;
    std::unique_ptr<receipt::TileSource> tiles;
  };
  /// The newest checkpoint's. Nothing: none yet.
  [[nodiscard]] std::optional<Tree> tree();
  /// That of the newest one that a witness has cosigned. Nothing: none yet.
  [[nodiscard]] std::optional<Tree> witnessed_tree();

  /// Adds up all balances of this moment and publishes the total.
  [[nodiscard]] Answer<PublishedDocument> publish_liabilities();
  /// Nothing: nothing was published yet, or the account was not there then.
  [[nodiscard]] Answer<std::optional<OwnBalance>> own_balance(terms::Pseudonym account);
  /// The entry of a published document; nothing when it is in no log.
  [[nodiscard]] Answer<std::optional<std::uint64_t>> leaf_of(std::string_view document);

  /// A new key signs from now on. The old one signs too, and has signed a document that names the
  /// new one, until it is dropped or replaced by the next rotation. Other servers of a shared log
  /// sign again once they have both files.
  [[nodiscard]] Answer<PublishedDocument> rotate_key();
  /// The previous key signs no more, and its file is removed here.
  [[nodiscard]] Answer<base::Done> drop_previous_key();

 private:
  class Inside;
  explicit Log(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace tlog
