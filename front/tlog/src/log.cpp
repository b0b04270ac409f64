// The doors of the log, and its two threads.
#include <tlog/log.hpp>

#include <utility>

#include <note/base64.hpp>
#include <receipt/digest.hpp>

#include "inside.hpp"
#include "keys.hpp"
#include "liabilities.hpp"
#include "tiles.hpp"

namespace tlog {
namespace {

using base::Fail;

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

/// The log's name is free until it has signed something.
Answer<std::string> settle_origin(Archive& archive, const std::string& wanted, const Keys& keys) {
  auto stored = archive.origin();
  if (!stored.ok()) {
    return stored;
  }
  if (!stored.value().empty() && (wanted.empty() || wanted == stored.value())) {
    return stored;
  }
  if (!stored.value().empty()) {
    auto last = archive.last_signed();
    if (!last.ok()) {
      return Fail{last.error()};
    }
    if (last.value().size > 0) {
      return Fail{Error::other_origin};
    }
  }
  const std::string origin = wanted.empty() ? origin_of(keys.current().public_key()) : wanted;
  if (!note::is_key_name(origin)) {
    return Fail{Error::bad_origin};
  }
  if (auto set = archive.set_origin(origin); !set.ok()) {
    return Fail{set.error()};
  }
  return origin;
}

/// A log that was signed must not get a new key by itself.
Answer<bool> key_is_lost(Archive& archive, const std::filesystem::path& dir) {
  auto origin = archive.origin();
  if (!origin.ok()) {
    return Fail{origin.error()};
  }
  std::error_code ignored;
  return !origin.value().empty() && !std::filesystem::exists(dir / "log.key", ignored) &&
         !std::filesystem::exists(dir / "log.next.key", ignored);
}

}  // namespace

Log::Log(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Log::~Log() = default;

Answer<std::unique_ptr<Log>> Log::open(const std::filesystem::path& data_dir, Options options,
                                       Surroundings surroundings) {
  auto archive = Archive::open(data_dir / "log.db");
  if (!archive.ok()) {
    return Fail{archive.error()};
  }
  auto lost = key_is_lost(*archive.value(), data_dir);
  if (!lost.ok()) {
    return Fail{lost.error()};
  }
  if (*lost) {
    return Fail{Error::key_missing};
  }
  auto keys = Keys::load(data_dir, surroundings.random);
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  auto origin = settle_origin(*archive.value(), options.origin, keys.value());
  if (!origin.ok()) {
    return Fail{origin.error()};
  }
  auto publisher = Publisher::open(std::move(origin).value(), std::move(keys).value(),
                                   surroundings.reader, *archive.value());
  if (!publisher.ok()) {
    return Fail{publisher.error()};
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
const std::string& Log::origin() const {
  return inside_->publisher->origin();
}
std::vector<note::VerifierKey> Log::keys() const {
  return inside_->publisher->verifiers();
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

std::optional<Log::Tree> Log::tree() {
  const HeadPtr head = inside_->publisher->head();
  if (head == nullptr) {
    return std::nullopt;
  }
  return Tree{note::to_text(head->note), head->checkpoint.size,
              std::make_unique<Tiles>(inside_->around.reader, *inside_->archive)};
}

}  // namespace tlog
