#include "inside.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <receipt/digest.hpp>
#include <receipt/tree.hpp>

#include "liabilities.hpp"
#include "tiles.hpp"

namespace tlog {
namespace {

using base::Done;
using base::Fail;

constexpr std::chrono::seconds between_checkpoints{1};
constexpr std::chrono::seconds between_asks{15};  // where nothing new is signed
constexpr std::size_t entry_bytes_max = 65'535;
/// An entry of 32 bytes is a receipt's commitment; a document must not look like one.
constexpr std::size_t document_bytes_min = 33;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string as_text(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

bool may_stand_in_the_log(std::string_view document) {
  return document.size() >= document_bytes_min && document.size() <= entry_bytes_max &&
         document.front() == '{' && document.back() == '}';
}

/// Two bytes of length, big-endian, and the entry.
void put_entry(std::string& bundle, std::string_view entry) {
  bundle.push_back(static_cast<char>(static_cast<unsigned char>(entry.size() >> 8U)));
  bundle.push_back(static_cast<char>(static_cast<unsigned char>(entry.size() & 255U)));
  bundle += entry;
}

}  // namespace

std::optional<receipt::Proof> consistency(ledger::Reader& reader, Archive& archive,
                                          std::uint64_t size, std::uint64_t before) {
  Tiles tiles(reader, archive);
  auto proof = receipt::ProofBuilder(tiles, size).consistency(before);
  if (!proof.ok()) {
    return std::nullopt;
  }
  return std::move(proof).value();
}

Log::Inside::Inside(std::filesystem::path folder, Surroundings surroundings,
                    std::unique_ptr<Archive> opened, std::unique_ptr<Publisher> made,
                    std::vector<Witness> witnesses)
    : dir(std::move(folder)),
      around(std::move(surroundings)),
      archive(std::move(opened)),
      publisher(std::move(made)),
      witnesses_(witnesses,
                 [this](const Head& head, std::uint64_t before) {
                   return consistency(around.reader, *archive, head.checkpoint.size, before);
                 }),
      has_witnesses_(!witnesses.empty()) {
  show_witnessed(publisher->witnessed());
}

void Log::Inside::start() {
  signer_ = std::jthread([this](const std::stop_token& stop) { sign_each_second(stop); });
  if (has_witnesses_) {
    asker_ = std::jthread([this](const std::stop_token& stop) { ask_each_head(stop); });
  }
}

void Log::Inside::stop() {
  for (std::jthread* thread : {&asker_, &signer_}) {
    if (thread->joinable()) {
      thread->request_stop();
      thread->join();
    }
  }
}

void Log::Inside::sign_each_second(const std::stop_token& stop) {
  for (;;) {
    const bool last = stop.stop_requested();  // what was settled until now is signed before the end
    (void)turn();
    if (last) return;
    std::unique_lock lock(mutex_);
    new_head_.wait_for(lock, stop, between_checkpoints, [] { return false; });
  }
}

void Log::Inside::ask_each_head(const std::stop_token& stop) {
  std::uint64_t asked = 0;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      new_head_.wait_for(lock, stop, between_asks, [&] { return heads_ != asked; });
      asked = heads_;
    }
    ask_witnesses(stop);
  }
}

Answer<bool> Log::Inside::turn() {
  const std::lock_guard one(turn_mutex_);
  auto due = liabilities_due();
  auto done = sign_new();
  if (done.ok() && !due.ok()) {
    done = Fail{due.error()};
  }
  const std::lock_guard lock(mutex_);
  state_ = {done.ok(), done.ok() ? Error::unavailable : done.error()};
  return done;
}

Answer<bool> Log::Inside::sign_new() {
  auto done = publisher->turn();
  show_witnessed(publisher->witnessed());
  if (done.ok() && *done) {
    const std::lock_guard lock(mutex_);
    heads_ += 1;
    new_head_.notify_all();
  }
  return done;
}

/// Where several servers share the log, the first one's day is everybody's: its document is kept
/// before it is published, and whoever finds it unpublished publishes it.
Answer<Done> Log::Inside::liabilities_due() {
  auto last = archive->last_day();
  if (!last.ok()) {
    return Fail{last.error()};
  }
  const base::UnixNs now = around.clock.now();
  if (!last->has_value() || day_in((*last)->document) < day_of(now)) {
    auto published = publish_day(now, true);
    if (!published.ok()) {
      return Fail{published.error()};
    }
    return Done{};
  }
  auto leaf = leaf_of((*last)->document);
  if (!leaf.ok()) {
    return Fail{leaf.error()};
  }
  if (!leaf->has_value()) {
    auto published = publish((*last)->document);
    if (!published.ok()) {
      return Fail{published.error()};
    }
  }
  return Done{};
}

terms::Digest Log::Inside::random_digest() const {
  return {{around.random.next(), around.random.next(), around.random.next(),
           around.random.next() | 1U}};
}

Answer<PublishedDocument> Log::Inside::publish_liabilities() {
  return publish_day(around.clock.now(), false);
}

/// once   nothing is published, and the document empty, where somebody has done it for this day.
Answer<PublishedDocument> Log::Inside::publish_day(base::UnixNs now, bool once) {
  auto day = add_up(around.reader, around.account_of, now, random_digest());
  if (!day.ok()) {
    return Fail{day.error()};
  }
  auto kept = archive->put_day(now, day.value(), once);
  if (!kept.ok()) {
    return Fail{kept.error()};
  }
  if (!*kept) {
    return PublishedDocument{};
  }
  auto leaf = publish(day.value().document);
  if (!leaf.ok()) {
    return Fail{leaf.error()};
  }
  return PublishedDocument{std::move(day.value().document), *leaf};
}

Answer<std::uint64_t> Log::Inside::publish(std::string_view document) {
  if (!may_stand_in_the_log(document)) {
    return Fail{Error::bad_document};
  }
  const terms::Digest hash = receipt::leaf_hash(as_bytes(document));
  // Its bytes first: an entry that cannot be shown must not be in the log.
  if (auto kept = archive->put_document(hash, document); !kept.ok()) {
    return Fail{kept.error()};
  }
  const settle::Outcome outcome = around.execute(settle::Publish{hash});
  if (const auto* published = std::get_if<settle::Published>(&outcome)) {
    return published->index;
  }
  return Fail{Error::ledger_unavailable};
}

Answer<std::optional<std::uint64_t>> Log::Inside::leaf_of(std::string_view document) {
  auto row = around.reader.document(receipt::leaf_hash(as_bytes(document)));
  if (!row.ok()) {
    return Fail{Error::ledger_unavailable};
  }
  if (!row->has_value()) {
    return std::optional<std::uint64_t>{};
  }
  return std::optional{(*row)->index};
}

Answer<PublishedDocument> Log::Inside::rotate_key() {
  const std::lock_guard one(turn_mutex_);
  // What is signed must be signed by the key that will be the previous one: else a rotation right
  // after another would leave a checkpoint that neither key has signed.
  if (auto signed_all = sign_new(); !signed_all.ok()) {
    return Fail{signed_all.error()};
  }
  if (!publisher->signs()) {
    return Fail{Error::other_key};
  }
  const Identity before = publisher->identity();
  const note::VerifierKey& old = before.keys.front();
  const HeadPtr head = publisher->head();
  if (head != nullptr && !note::verify(head->note, old).ok()) {
    return Fail{Error::key_missing};
  }
  auto next = Keys::prepare_next(dir, around.random);
  if (!next.ok()) {
    return Fail{next.error()};
  }
  const note::VerifierKey fresh{before.origin, note::KeyType::ed25519, next.value().public_key()};
  std::string document = "{\"at_ns\":\"" + std::to_string(around.clock.now().value) +
                         "\",\"format\":\"mains.log_key.v1\",\"new_key\":\"" +
                         note::to_text(fresh) + "\",\"old_key\":\"" + note::to_text(old) + "\"}";
  auto leaf = publish(document);
  if (!leaf.ok()) {
    return Fail{leaf.error()};
  }
  if (auto replaced = replace_key({before.origin, {fresh, old}}); !replaced.ok()) {
    return Fail{replaced.error()};
  }
  if (auto signed_by_both = sign_new(); !signed_by_both.ok()) {
    return Fail{signed_by_both.error()};
  }
  return PublishedDocument{std::move(document), *leaf};
}

/// All servers first, then the files: broken off between, the files follow (Keys::find).
Answer<Done> Log::Inside::replace_key(const Identity& next) {
  if (archive->shared()) {
    auto set = archive->set_identity(publisher->identity(), next);
    if (!set.ok()) {
      return Fail{set.error()};
    }
    if (!*set) {
      return Fail{Error::other_key};  // another server has rotated at the same moment
    }
  }
  auto keys = Keys::put_in_place(dir, around.random);
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  publisher->use(std::move(keys).value(), next);
  return Done{};
}

Answer<Done> Log::Inside::drop_previous_key() {
  const std::lock_guard one(turn_mutex_);
  if (!publisher->signs()) {
    return Fail{Error::other_key};
  }
  const Identity before = publisher->identity();
  const Identity next{before.origin, {before.keys.front()}};
  if (archive->shared()) {
    auto set = archive->set_identity(before, next);
    if (!set.ok()) {
      return Fail{set.error()};
    }
    if (!*set) {
      return Fail{Error::other_key};
    }
  }
  auto keys = Keys::drop_previous(dir, around.random);
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  publisher->use(std::move(keys).value(), next);
  return Done{};
}

void Log::Inside::ask_witnesses(const std::stop_token& stop) {
  const HeadPtr head = publisher->head();
  if (head == nullptr) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (witnessed_text_ == head->note.text) {
      return;
    }
  }
  std::vector<note::Signature> given = witnesses_.ask(*head, stop);
  if (given.empty()) {
    return;
  }
  note::Note cosigned = head->note;
  cosigned.signatures.insert(cosigned.signatures.end(), given.begin(), given.end());
  std::string text = note::to_text(cosigned);
  // Asked again after a restart, where this fails.
  (void)archive->put_witnessed(head->checkpoint.size, text);
  show_witnessed(std::move(text));
}

/// The one that is shown only grows: what another server has got may be older than our own.
void Log::Inside::show_witnessed(std::string text) {
  const auto note = note::parse(text);
  const auto checkpoint = note.ok() ? note::parse_checkpoint(note->text)
                                    : note::Read<note::Checkpoint>(Fail{note.error()});
  if (!checkpoint.ok()) {
    return;  // none yet
  }
  const std::lock_guard lock(mutex_);
  if (checkpoint->size < witnessed_size_) {
    return;
  }
  witnessed_size_ = checkpoint->size;
  witnessed_ = std::move(text);
  witnessed_text_ = note->text;
}

Log::Inside::Sealed Log::Inside::newest() const {
  const HeadPtr head = publisher->head();
  if (head == nullptr) {
    return {};
  }
  const std::lock_guard lock(mutex_);
  return {head->checkpoint.size,
          witnessed_text_ == head->note.text ? witnessed_ : note::to_text(head->note)};
}

/// None where the log's key of today has not signed it: then it is from before a rotation.
Log::Inside::Sealed Log::Inside::cosigned() const {
  Sealed sealed;
  {
    const std::lock_guard lock(mutex_);
    sealed = {witnessed_size_, witnessed_};
  }
  const Identity now = publisher->identity();
  const auto note = note::parse(sealed.note);
  if (!note.ok() || now.keys.empty() || !note::verify(note.value(), now.keys.front()).ok()) {
    return {};
  }
  return sealed;
}

std::string Log::Inside::checkpoint() const {
  return newest().note;
}

std::string Log::Inside::witnessed() const {
  const std::lock_guard lock(mutex_);
  return witnessed_;
}

State Log::Inside::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::uint64_t Log::Inside::size() const {
  const HeadPtr head = publisher->head();
  return head == nullptr ? 0 : head->checkpoint.size;
}

Answer<std::optional<std::string>> Log::Inside::tile(const receipt::Tile& tile) {
  if (!receipt::exists(tile, size())) {
    return std::optional<std::string>{};
  }
  Tiles tiles(around.reader, *archive);
  const auto hashes = tiles.read(tile);
  if (!hashes.ok()) {
    return Fail{tiles.error()};
  }
  std::string bytes;
  bytes.reserve(tile.width * receipt::digest_bytes);
  for (std::uint32_t i = 0; i < tile.width; ++i) {
    bytes += as_text(receipt::to_bytes(hashes.value().at(i)));
  }
  return std::optional{std::move(bytes)};
}

Answer<std::optional<std::string>> Log::Inside::entries(const receipt::Tile& tile) {
  if (tile.level != 0 || !receipt::exists(tile, size())) {
    return std::optional<std::string>{};
  }
  auto rows = leaves_of(around.reader, tile.index * receipt::tile_width_max, tile.width);
  if (!rows.ok()) {
    return Fail{rows.error()};
  }
  std::string bundle;
  for (const ledger::LeafRow& row : *rows) {
    if (row.kind == ledger::LeafKind::receipt) {
      put_entry(bundle, as_text(receipt::to_bytes(row.value)));
      continue;
    }
    auto document = archive->document(row.value);
    if (!document.ok()) {
      return Fail{document.error()};
    }
    if (!document->has_value()) {
      return Fail{Error::elsewhere};
    }
    put_entry(bundle, **document);
  }
  return std::optional{std::move(bundle)};
}

Answer<std::optional<Inclusion>> Log::Inside::prove(std::uint64_t leaf) {
  Sealed sealed = cosigned();
  if (leaf >= sealed.size) {
    sealed = newest();
  }
  if (leaf >= sealed.size) {
    return std::optional<Inclusion>{};
  }
  Tiles tiles(around.reader, *archive);
  auto proof = receipt::ProofBuilder(tiles, sealed.size).inclusion(leaf);
  if (!proof.ok()) {
    return Fail{tiles.error()};
  }
  return std::optional{Inclusion{leaf, std::move(proof).value(), std::move(sealed.note)}};
}

}  // namespace tlog
