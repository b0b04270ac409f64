#include "publisher.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <receipt/proof.hpp>

#include "tiles.hpp"

namespace tlog {
namespace {

using base::Done;
using base::Fail;

constexpr std::uint32_t leaves_at_once = 4'096;
/// Among servers that share a log each takes its turn once a second; all together sign as often.
constexpr std::chrono::milliseconds between_signatures{950};
/// Of a server that does not sign, with entries waiting, until it says so.
constexpr int turns_unsigned_max = 10;

/// Whether one of the keys signed the note.
bool signed_by(const note::Note& note, const std::vector<note::VerifierKey>& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return note::verify(note, key).ok(); });
}

}  // namespace

Answer<std::unique_ptr<Publisher>> Publisher::open(Identity identity, std::optional<Keys> keys,
                                                   FindKeys find, ledger::Reader& reader,
                                                   Archive& archive, Note note) {
  std::unique_ptr<Publisher> publisher(new Publisher(
      std::move(identity), std::move(keys), std::move(find), reader, archive, std::move(note)));
  auto standing = archive.standing();
  if (!standing.ok()) {
    return Fail{standing.error()};
  }
  publisher->witnessed_ = standing->witnessed;
  auto resumed = publisher->resume(*standing);
  if (!resumed.ok()) {
    return Fail{resumed.error()};
  }
  return publisher;
}

Answer<Head> Publisher::read_head(const Signed& last) const {
  auto note = note::parse(last.checkpoint);
  if (!note.ok()) {
    return Fail{Error::damaged};
  }
  auto checkpoint = note::parse_checkpoint(note.value().text);
  if (!checkpoint.ok() || checkpoint.value().size != last.size ||
      checkpoint.value().origin != identity_.origin) {
    return Fail{Error::damaged};
  }
  if (!signed_by(note.value(), identity_.keys)) {
    return Fail{Error::key_missing};
  }
  return Head{checkpoint.value(), std::move(note).value()};
}

Answer<Done> Publisher::resume(const Standing& standing) {
  if (standing.last.checkpoint.empty()) {
    edge_ = Edge{};
    return Done{};
  }
  auto told = read_head(standing.last);
  if (!told.ok()) {
    return Fail{told.error()};
  }
  auto frontier = receipt::Frontier::restore(standing.last.size, standing.last.frontier);
  if (!frontier || frontier->root() != told->checkpoint.root) {
    return Fail{Error::damaged};
  }
  auto edge = restore(std::move(*frontier));
  if (!edge.ok()) {
    return Fail{edge.error()};
  }
  if (auto extends = check_extends(edge.value(), told->checkpoint.root); !extends.ok()) {
    return extends;
  }
  edge_ = std::move(edge).value();
  (void)tell(std::move(told).value());
  return Done{};
}

Answer<bool> Publisher::contains(std::uint64_t size, const terms::Digest& root) {
  noted_size_ = size;
  if (head() == nullptr) {
    Edge edge;
    if (auto appended = append_new(edge, size); !appended.ok()) {
      return Fail{appended.error()};
    }
    return edge.size() == size && edge.frontier().root() == root;
  }
  if (head()->checkpoint.size < size) {
    return false;
  }
  Tiles tiles(reader_, archive_);
  auto found = receipt::ProofBuilder(tiles, size).root();
  if (!found.ok()) {
    return Fail{tiles.error()};
  }
  return found.value() == root;
}

Answer<Edge> Publisher::restore(receipt::Frontier frontier) {
  const std::uint64_t size = frontier.size();
  Tiles tiles(reader_, archive_);
  // The last tile is read from the ledger whether or not it is full: a ledger that was set back
  // and went on from there has other entries in it.
  const std::uint64_t last = (size - 1) / receipt::tile_width_max;
  const receipt::Tile end = *receipt::tile_at(0, last, size);
  auto below = tiles.read(end);
  if (!below.ok()) {
    return Fail{tiles.error()};
  }
  receipt::ProofBuilder builder(tiles, size);
  auto root = builder.root();
  if (!root.ok()) {
    return Fail{tiles.error()};
  }
  bool same = root.value() == frontier.root();
  if (end.width == receipt::tile_width_max) {
    auto above = tiles.read({1, last / receipt::tile_width_max,
                             static_cast<std::uint32_t>(last % receipt::tile_width_max) + 1});
    if (!above.ok()) {
      return Fail{tiles.error()};
    }
    same = same && above.value().at(last % receipt::tile_width_max) ==
                       receipt::root_of_full_tile(below.value());
  }
  if (!same) {
    return Fail{Error::ledger_differs};
  }
  std::array<std::vector<terms::Digest>, receipt::tile_levels> partial;
  for (std::uint32_t level = 0; level < receipt::tile_levels; ++level) {
    const std::uint64_t nodes = size >> (receipt::tile_height * level);
    const auto width = static_cast<std::uint32_t>(nodes % receipt::tile_width_max);
    if (width == 0) continue;
    auto hashes = tiles.read({level, nodes / receipt::tile_width_max, width});
    if (!hashes.ok()) {
      return Fail{tiles.error()};
    }
    partial.at(level).assign(hashes.value().begin(), hashes.value().begin() + width);
  }
  return Edge(std::move(frontier), std::move(partial));
}

Answer<Done> Publisher::append_new(Edge& edge, std::uint64_t most) {
  for (std::uint64_t taken = 0; taken < most;) {
    const auto wanted =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(leaves_at_once, most - taken));
    auto rows = reader_.leaves(edge.size(), wanted);
    if (!rows.ok()) {
      return Fail{Error::ledger_unavailable};
    }
    for (const ledger::LeafRow& row : *rows) {
      if (row.index != edge.size()) {
        return Fail{Error::ledger_differs};
      }
      edge.append(leaf_hash_of(row));
    }
    taken += rows->size();
    if (rows->size() < wanted) break;
  }
  return Done{};
}

/// The one thing that a log must never do is sign two trees of which one does not begin the other.
/// So this is checked once more, from what is stored and not from what is in memory.
Answer<Done> Publisher::check_extends(const Edge& edge, const terms::Digest& root) {
  const HeadPtr before = head();
  if (before == nullptr) {
    return Done{};
  }
  Tiles tiles(reader_, archive_, &edge);
  receipt::ProofBuilder builder(tiles, edge.size());
  auto proof = builder.consistency(before->checkpoint.size);
  if (!proof.ok()) {
    return Fail{tiles.error()};
  }
  if (!receipt::extends(before->checkpoint.root, before->checkpoint.size, root, edge.size(),
                        proof.value())) {
    return Fail{Error::ledger_differs};
  }
  return Done{};
}

Answer<bool> Publisher::turn() {
  if (differs_) {
    return Fail{Error::ledger_differs};
  }
  auto done = take_turn();
  differs_ = !done.ok() && done.error() == Error::ledger_differs;
  return done;
}

Answer<bool> Publisher::take_turn() {
  auto standing = archive_.standing();
  if (!standing.ok()) {
    return Fail{standing.error()};
  }
  witnessed_ = standing->witnessed;
  if (archive_.shared()) {
    if (auto known = follow_identity(standing->identity); !known.ok()) {
      return Fail{known.error()};
    }
  }
  auto followed = follow(*standing);
  if (!followed.ok() || *followed) {
    turns_unsigned_ = 0;
    return followed;
  }
  if (!signs()) {
    return wait_for_signer();
  }
  return standing->age < between_signatures ? false : sign_new();
}

/// Another server may have rotated the key; ours is then of no use until the files are brought
/// here.
Answer<Done> Publisher::follow_identity(const Identity& identity) {
  {
    const std::lock_guard lock(mutex_);
    identity_ = identity;
  }
  if (signs() || identity.origin.empty()) {
    return Done{};
  }
  auto found = find_keys_(identity);
  if (!found.ok()) {
    return Fail{found.error()};
  }
  const std::lock_guard lock(mutex_);
  keys_ = std::move(found).value();
  return Done{};
}

/// What another server has signed is what we would have: the ledger's entries behind those of our
/// last checkpoint give its root, or somebody signs another order.
Answer<bool> Publisher::follow(const Standing& standing) {
  const Signed& last = standing.last;
  if (last.size == edge_.size()) {
    return false;
  }
  if (last.size < edge_.size()) {
    return Fail{Error::ledger_differs};
  }
  if (last.size - edge_.size() > leaves_max) {
    auto resumed = resume(standing);
    if (!resumed.ok()) {
      return Fail{resumed.error()};
    }
    return true;
  }
  auto told = read_head(last);
  if (!told.ok()) {
    return Fail{told.error()};
  }
  Edge next = edge_;
  if (auto appended = append_new(next, last.size - edge_.size()); !appended.ok()) {
    return Fail{appended.error()};
  }
  if (next.size() != last.size || next.frontier().root() != told->checkpoint.root) {
    return Fail{Error::ledger_differs};
  }
  next.forget_touched();
  edge_ = std::move(next);
  (void)tell(std::move(told).value());
  return true;
}

Answer<bool> Publisher::wait_for_signer() {
  bool has_keys = false;
  {
    const std::lock_guard lock(mutex_);
    has_keys = keys_.has_value() && !identity_.keys.empty();
  }
  if (has_keys) {
    return Fail{Error::other_key};
  }
  auto rows = reader_.leaves(edge_.size(), 1);
  if (!rows.ok()) {
    return Fail{Error::ledger_unavailable};
  }
  turns_unsigned_ = rows->empty() ? 0 : turns_unsigned_ + 1;
  if (turns_unsigned_ > turns_unsigned_max) {
    return Fail{Error::not_signed};
  }
  return false;
}

Answer<bool> Publisher::sign_new() {
  Edge next = edge_;
  // A log that begins anew does not sign less than was signed before.
  const std::uint64_t missing = noted_size_ > edge_.size() ? noted_size_ - edge_.size() : 0;
  auto appended = append_new(next, std::max(leaves_max, missing));
  if (appended.ok() && next.size() == edge_.size()) {
    return false;
  }
  const Identity by = identity();
  const note::Checkpoint checkpoint{by.origin, next.size(), next.frontier().root()};
  if (appended.ok()) {
    appended = check_extends(next, checkpoint.root);
  }
  if (!appended.ok()) {
    return Fail{appended.error()};
  }
  note::Note note{note::to_text(checkpoint), {}};
  {
    const std::lock_guard lock(mutex_);
    note.signatures = keys_->sign(note.text, by.keys);
  }
  // Nobody is told of a signature before this has taken it; one that it refuses is forgotten.
  auto stored =
      archive_.put(edge_.size(), by, {next.size(), next.frontier().hashes(), note::to_text(note)},
                   next.touched());
  if (!stored.ok() || !*stored) {
    return stored;
  }
  next.forget_touched();
  edge_ = std::move(next);
  if (!tell({checkpoint, std::move(note)})) {
    return Fail{Error::unavailable};
  }
  return true;
}

HeadPtr Publisher::head() const {
  const std::lock_guard lock(mutex_);
  return head_;
}

bool Publisher::tell(Head head) {
  // Noted after it is durable, so that what is noted is always in the archive, and before anybody
  // sees it. Where that fails the log is not healthy, and the next checkpoint makes up for it.
  const bool noted = !note_ || note_(head.checkpoint.size, head.checkpoint.root);
  const std::lock_guard lock(mutex_);
  head_ = std::make_shared<const Head>(std::move(head));
  return noted;
}

Identity Publisher::identity() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

bool Publisher::signs() const {
  const std::lock_guard lock(mutex_);
  return keys_ && keys_->can_sign_as(identity_.keys);
}

void Publisher::use(Keys keys, Identity identity) {
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  identity_ = std::move(identity);
}

}  // namespace tlog
