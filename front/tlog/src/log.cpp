// The doors of the log, and its two threads.
#include <tlog/log.hpp>

#include <filesystem>
#include <optional>
#include <utility>

#include <note/base64.hpp>
#include <receipt/digest.hpp>

#include "inside.hpp"
#include "keys.hpp"
#include "liabilities.hpp"
#include "postgres_archive.hpp"
#include "sqlite_archive.hpp"
#include "tiles.hpp"

namespace tlog {
namespace {

using base::Fail;

constexpr const char* file = "log.db";
/// Of a log that has moved to the database.
constexpr const char* moved_file = "log.migrated.db";

/// A name that says nothing but stays the same: eight digits of the key's hash.
std::string origin_of(const signing::PublicKey& key) {
  static constexpr char digits[] = "0123456789abcdef";
  const terms::Digest hash = receipt::sha256(key);
  std::string text = "mains-";
  for (int shift = 60; shift >= 32; shift -= 4) {
    text += digits[(hash.words[0] >> shift) & 15U];
  }
  return text + "/log";
}

Identity named(const std::string& wanted, const Keys& keys) {
  const std::string origin = wanted.empty() ? origin_of(keys.current().public_key()) : wanted;
  return {origin, keys.verifiers(origin)};
}

/// What a log in the folder has goes to the database that its ledger has gone to.
Answer<base::Done> move_from_folder(const std::filesystem::path& dir, PostgresArchive& to,
                                    base::Random& random) {
  std::error_code error;
  if (!std::filesystem::exists(dir / file, error)) {
    return base::Done{};
  }
  auto from = SqliteArchive::open(dir / file);
  auto standing = from.ok() ? (*from)->standing() : Answer<Standing>(Fail{from.error()});
  if (!standing.ok()) {
    return Fail{standing.error()};
  }
  if (const std::string& origin = standing->identity.origin; !origin.empty()) {
    if (!Keys::there(dir)) {
      return Fail{Error::key_missing};
    }
    auto keys = Keys::load(dir, random);
    if (!keys.ok()) {
      return Fail{keys.error()};
    }
    if (auto taken = to.take(**from, keys->verifiers(origin)); !taken.ok()) {
      return taken;
    }
  }
  from->reset();
  std::filesystem::rename(dir / file, dir / moved_file, error);
  if (error) {
    return Fail{Error::read_only};
  }
  return base::Done{};
}

Answer<std::unique_ptr<Archive>> open_archive(const std::filesystem::path& dir,
                                              const std::string& database, base::Random& random) {
  if (database.empty()) {
    return open_sqlite_archive(dir / file);
  }
  auto archive = PostgresArchive::open(database);
  if (!archive.ok()) {
    return Fail{archive.error()};
  }
  if (auto moved = move_from_folder(dir, **archive, random); !moved.ok()) {
    return Fail{moved.error()};
  }
  return std::unique_ptr<Archive>(std::move(archive).value());
}

/// Who the log is, and what of its keys is here.
struct Self {
  Identity identity;
  std::optional<Keys> keys;
};

/// The log of one folder: its files say whose signatures its checkpoints carry.
Answer<Self> self_in_folder(const std::filesystem::path& dir, const std::string& wanted,
                            const Standing& standing, Archive& archive, base::Random& random) {
  const std::string& origin = standing.identity.origin;
  // A log that was signed must not get a new key by itself.
  if (!origin.empty() && !Keys::there(dir)) {
    return Fail{Error::key_missing};
  }
  auto keys = Keys::load(dir, random);
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  Self self{named(origin.empty() || !wanted.empty() ? wanted : origin, *keys), {}};
  if (self.identity.origin != origin) {
    if (standing.last.size > 0) {
      return Fail{Error::other_origin};
    }
    if (!note::is_key_name(self.identity.origin)) {
      return Fail{Error::bad_origin};
    }
    auto set = archive.set_identity(standing.identity, self.identity);
    if (!set.ok()) {
      return Fail{set.error()};
    }
  }
  self.keys = std::move(keys).value();
  return self;
}

/// The first server names the log of all, with a key of its own making. Nothing: another one was
/// quicker.
Answer<std::optional<Self>> found_shared(const std::filesystem::path& dir,
                                         const std::string& wanted, Archive& archive,
                                         base::Random& random) {
  const bool fresh = !Keys::there(dir);
  auto keys = Keys::load(dir, random);
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  Self self{named(wanted, *keys), {}};
  if (!note::is_key_name(self.identity.origin)) {
    return Fail{Error::bad_origin};
  }
  auto set = archive.set_identity({}, self.identity);
  if (!set.ok()) {
    return Fail{set.error()};
  }
  if (!*set) {
    if (fresh) Keys::discard(dir);
    return std::optional<Self>{};
  }
  self.keys = std::move(keys).value();
  return std::optional{std::move(self)};
}

/// The log of all servers: the database says whose signatures its checkpoints carry. A folder
/// without keys follows; one with others is refused.
Answer<Self> join_shared(const std::filesystem::path& dir, const std::string& wanted,
                         const Standing& standing, Archive& archive, base::Random& random) {
  Self self{standing.identity, {}};
  std::vector<note::VerifierKey>& names = self.identity.keys;
  if (names.empty()) {
    return Fail{Error::damaged};
  }
  auto keys = Keys::find(dir, names.front().key, random);
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  if (keys->has_value() && !(*keys)->can_sign_as(names)) {
    return Fail{Error::other_key};
  }
  self.keys = std::move(keys).value();
  if (wanted.empty() || wanted == self.identity.origin) {
    return self;
  }
  if (standing.last.size > 0) {
    return Fail{Error::other_origin};
  }
  if (!note::is_key_name(wanted)) {
    return Fail{Error::bad_origin};
  }
  self.identity.origin = wanted;
  for (note::VerifierKey& key : names) {
    key.name = wanted;
  }
  auto set = archive.set_identity(standing.identity, self.identity);
  if (!set.ok() || !*set) {
    return Fail{set.ok() ? Error::other_origin : set.error()};
  }
  return self;
}

Answer<Self> find_self(const std::filesystem::path& dir, const Options& options, Archive& archive,
                       base::Random& random) {
  for (;;) {
    auto standing = archive.standing();
    if (!standing.ok()) {
      return Fail{standing.error()};
    }
    if (!archive.shared()) {
      return self_in_folder(dir, options.origin, *standing, archive, random);
    }
    if (!standing->identity.origin.empty()) {
      return join_shared(dir, options.origin, *standing, archive, random);
    }
    if (!options.founds) {
      return Self{};
    }
    auto founded = found_shared(dir, options.origin, archive, random);
    if (!founded.ok()) {
      return Fail{founded.error()};
    }
    if (founded->has_value()) {
      return std::move(**founded);
    }
  }
}

}  // namespace

Log::Log(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Log::~Log() = default;

Answer<std::unique_ptr<Log>> Log::open(const std::filesystem::path& data_dir, Options options,
                                       Surroundings surroundings) {
  base::Random& random = surroundings.random;
  auto archive = open_archive(data_dir, options.database, random);
  if (!archive.ok()) {
    return Fail{archive.error()};
  }
  auto self = find_self(data_dir, options, **archive, random);
  if (!self.ok()) {
    return Fail{self.error()};
  }
  const auto find_keys = [data_dir, &random](const Identity& identity) {
    return Keys::find(data_dir, identity.keys.front().key, random);
  };
  auto publisher = Publisher::open(std::move(self->identity), std::move(self->keys), find_keys,
                                   surroundings.reader, **archive, surroundings.note_signed);
  if (!publisher.ok()) {
    return Fail{publisher.error()};
  }
  if (options.noted_size > 0) {
    const auto contained = (*publisher)->contains(options.noted_size, options.noted_root);
    if (!contained.ok() || !*contained) {
      return Fail{contained.ok() ? Error::set_back : contained.error()};
    }
  }
  return std::unique_ptr<Log>(new Log(
      std::make_unique<Inside>(data_dir, std::move(surroundings), std::move(archive).value(),
                               std::move(publisher).value(), std::move(options.witnesses))));
}

void Log::start() {
  inside_->start();
}
void Log::stop() {
  inside_->stop();
}
Answer<bool> Log::turn() {
  return inside_->turn();
}
void Log::ask_witnesses() {
  inside_->ask_witnesses({});
}
State Log::state() const {
  return inside_->state();
}
std::string Log::origin() const {
  return inside_->publisher->identity().origin;
}
std::vector<note::VerifierKey> Log::keys() const {
  return inside_->publisher->identity().keys;
}
bool Log::signs() const {
  return inside_->publisher->signs();
}
Answer<std::uint64_t> Log::publish(std::string_view document) {
  return inside_->publish(document);
}
std::string Log::checkpoint() const {
  return inside_->checkpoint();
}
std::string Log::witnessed() const {
  return inside_->witnessed();
}
std::uint64_t Log::size() const {
  return inside_->size();
}
Answer<std::optional<std::string>> Log::tile(const receipt::Tile& tile) {
  return inside_->tile(tile);
}
Answer<std::optional<std::string>> Log::entries(const receipt::Tile& tile) {
  return inside_->entries(tile);
}
Answer<std::optional<Inclusion>> Log::prove(std::uint64_t leaf) {
  return inside_->prove(leaf);
}
Answer<PublishedDocument> Log::publish_liabilities() {
  return inside_->publish_liabilities();
}
Answer<PublishedDocument> Log::rotate_key() {
  return inside_->rotate_key();
}
Answer<base::Done> Log::drop_previous_key() {
  return inside_->drop_previous_key();
}
Answer<std::optional<std::uint64_t>> Log::leaf_of(std::string_view document) {
  return inside_->leaf_of(document);
}

Answer<std::optional<OwnBalance>> Log::own_balance(terms::Pseudonym account) {
  auto day = inside_->archive->last_day();
  if (!day.ok()) {
    return Fail{day.error()};
  }
  return day->has_value() ? place_of(**day, account) : std::nullopt;
}

std::optional<Log::Tree> Log::Inside::tree_of(Sealed sealed) {
  if (sealed.size == 0) {
    return std::nullopt;
  }
  return Tree{std::move(sealed.note), sealed.size,
              std::make_unique<Tiles>(around.reader, *archive)};
}

std::optional<Log::Tree> Log::tree() {
  return inside_->tree_of(inside_->newest());
}
std::optional<Log::Tree> Log::witnessed_tree() {
  return inside_->tree_of(inside_->cosigned());
}

}  // namespace tlog
