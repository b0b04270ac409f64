#include "publisher.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <receipt/proof.hpp>

#include "tiles.hpp"

namespace tlog {
namespace {

using base::Done;
using base::Fail;

constexpr std::uint32_t leaves_at_once = 4'096;

/// Whether one of the keys signed the note.
bool signed_by(const note::Note& note, const std::vector<note::VerifierKey>& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return note::verify(note, key).ok(); });
}

}  // namespace

Answer<std::unique_ptr<Publisher>> Publisher::open(std::string origin, Keys keys,
                                                   ledger::Reader& reader, Archive& archive) {
  std::unique_ptr<Publisher> publisher(
      new Publisher(std::move(origin), std::move(keys), reader, archive));
  auto resumed = publisher->resume();
  if (!resumed.ok()) {
    return Fail{resumed.error()};
  }
  return publisher;
}

Answer<Done> Publisher::resume() {
  auto stored = archive_.last_signed();
  if (!stored.ok()) {
    return Fail{stored.error()};
  }
  if (stored.value().checkpoint.empty()) {
    edge_ = Edge{};
    return Done{};
  }
  auto note = note::parse(stored.value().checkpoint);
  if (!note.ok()) {
    return Fail{Error::damaged};
  }
  auto checkpoint = note::parse_checkpoint(note.value().text);
  auto frontier = receipt::Frontier::restore(stored.value().size, stored.value().frontier);
  if (!checkpoint.ok() || !frontier || frontier->size() != checkpoint.value().size ||
      frontier->root() != checkpoint.value().root || checkpoint.value().origin != origin_) {
    return Fail{Error::damaged};
  }
  if (!signed_by(note.value(), keys_.verifiers(origin_))) {
    return Fail{Error::key_missing};
  }
  auto edge = restore(std::move(*frontier));
  if (!edge.ok()) {
    return Fail{edge.error()};
  }
  edge_ = std::move(edge).value();
  tell(checkpoint.value(), std::move(note).value());
  return Done{};
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

Answer<Done> Publisher::append_new(Edge& edge) {
  for (std::uint64_t taken = 0; taken < leaves_max;) {
    auto rows = reader_.leaves(edge.size(), leaves_at_once);
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
    if (rows->size() < leaves_at_once) break;
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
  Edge next = edge_;
  auto appended = append_new(next);
  if (appended.ok() && next.size() == edge_.size()) {
    return false;
  }
  note::Checkpoint checkpoint{origin_, next.size(), next.frontier().root()};
  if (appended.ok()) {
    appended = check_extends(next, checkpoint.root);
  }
  if (!appended.ok()) {
    differs_ = appended.error() == Error::ledger_differs;
    return Fail{appended.error()};
  }
  note::Note note{note::to_text(checkpoint), {}};
  {
    const std::lock_guard lock(mutex_);
    note.signatures = keys_.sign(note.text, origin_);
  }
  auto stored = archive_.put(
      edge_.size(), {next.size(), next.frontier().hashes(), note::to_text(note)}, next.touched());
  if (!stored.ok()) {
    return Fail{stored.error()};
  }
  if (!*stored) {  // an earlier commit that was reported as failed had happened after all
    auto resumed = resume();
    if (!resumed.ok()) {
      return Fail{resumed.error()};
    }
    return true;
  }
  next.forget_touched();
  edge_ = std::move(next);
  tell(checkpoint, std::move(note));
  return true;
}

HeadPtr Publisher::head() const {
  const std::lock_guard lock(mutex_);
  return head_;
}

void Publisher::tell(const note::Checkpoint& checkpoint, note::Note note) {
  const std::lock_guard lock(mutex_);
  head_ = std::make_shared<const Head>(Head{checkpoint, std::move(note)});
}

std::vector<note::VerifierKey> Publisher::verifiers() const {
  const std::lock_guard lock(mutex_);
  return keys_.verifiers(origin_);
}

void Publisher::use(Keys keys) {
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
}

}  // namespace tlog
