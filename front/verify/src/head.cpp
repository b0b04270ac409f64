#include "head.hpp"

#include <price/price.hpp>
#include <receipt/tree.hpp>

namespace verify {
namespace {

using base::Done;
using base::Fail;
using base::Result;

/// Whether one of the log's keys signed, and none was imitated.
Result<const note::VerifierKey*, std::string> signer_of(const note::Note& note,
                                                        const Trust& trust) {
  const note::VerifierKey* signer = nullptr;
  for (const note::VerifierKey& key : trust.log_keys) {
    const auto verified = note::verify(note, key);
    if (verified.ok()) {
      signer = &key;
    } else if (verified.error() != note::Fault::unsigned_by) {
      return Fail{"the checkpoint: " + std::string(note::describe(verified.error()))};
    }
  }
  if (signer == nullptr) {
    return Fail{"the checkpoint: " + std::string(note::describe(note::Fault::unsigned_by))};
  }
  return signer;
}

}  // namespace

Result<Head, std::string> believe(std::string_view signed_note, const Trust& trust) {
  const auto note = note::parse(signed_note);
  if (!note.ok()) {
    return Fail{"the checkpoint: " + std::string(note::describe(note.error()))};
  }
  const auto signer = signer_of(note.value(), trust);
  if (!signer.ok()) {
    return Fail{signer.error()};
  }
  const auto checkpoint = note::parse_checkpoint(note.value().text);
  if (!checkpoint.ok()) {
    return Fail{"the checkpoint: " + std::string(note::describe(checkpoint.error()))};
  }
  if (checkpoint.value().origin != signer.value()->name) {
    return Fail{std::string("the checkpoint is of another log than the key that was given")};
  }
  Head head{checkpoint.value(), {}};
  for (const note::VerifierKey& key : trust.witnesses) {
    const auto verified = note::verify(note.value(), key);
    if (verified.ok()) {
      head.witnesses.push_back({key.name, verified.value().time_s.value_or(0)});
    } else if (verified.error() != note::Fault::unsigned_by) {
      return Fail{"the checkpoint: the cosignature of " + key.name + " is wrong"};
    }
  }
  if (head.witnesses.size() < trust.quorum) {
    return Fail{"the checkpoint has the cosignatures of " + std::to_string(head.witnesses.size()) +
                " of the witnesses given, and " + std::to_string(trust.quorum) + " are needed"};
  }
  return head;
}

Step check_since(const Head& head, const Trust& trust, const std::optional<Since>& proof) {
  if (!trust.since) {
    // What comes unasked must still be right where it can be: it cannot, without the old root.
    return Done{};
  }
  const note::Checkpoint& before = *trust.since;
  const note::Checkpoint& now = head.checkpoint;
  if (before.origin != now.origin) {
    return Fail{"the earlier checkpoint is of another log, " + before.origin};
  }
  if (before.size > now.size) {
    return Fail{"the earlier checkpoint is larger (" + std::to_string(before.size) +
                ") than the one here (" + std::to_string(now.size) +
                "): the log has shrunk, or "
                "this file is older"};
  }
  receipt::Proof hashes;
  if (proof && proof->size == before.size) {
    hashes = proof->proof;
  } else if (trust.tiles != nullptr) {
    auto built = receipt::ProofBuilder(*trust.tiles, now.size).consistency(before.size);
    if (!built.ok()) {
      return Fail{std::string("the tiles given are not all that the log must have")};
    }
    hashes = std::move(built).value();
  } else if (before.size != 0 && before.size != now.size) {
    return Fail{"there is no proof here that the log of size " + std::to_string(before.size) +
                " is the beginning of this one: ask for the statement with &since=" +
                std::to_string(before.size) + ", or give the log's tiles with --tiles"};
  }
  if (!receipt::extends(before.root, before.size, now.root, now.size, hashes)) {
    return Fail{"the log of size " + std::to_string(before.size) +
                " is NOT the beginning of this one of size " + std::to_string(now.size)};
  }
  return Done{};
}

Step check_included(const Head& head, std::uint64_t leaf, std::span<const std::uint8_t> entry,
                    const receipt::Proof& proof) {
  const note::Checkpoint& tree = head.checkpoint;
  if (leaf >= tree.size) {
    return Fail{"leaf " + std::to_string(leaf) + " is not in a log of size " +
                std::to_string(tree.size)};
  }
  if (!receipt::includes(tree.root, tree.size, leaf, receipt::leaf_hash(entry), proof)) {
    return Fail{"it is not leaf " + std::to_string(leaf) +
                " of the log: something in it, its salt, its leaf or its proof was changed"};
  }
  return Done{};
}

Step check_arithmetic(const ledger::Receipt& receipt) {
  const auto charge = price::charge(receipt.usage, receipt.prices);
  if (!charge.ok()) {
    return Fail{std::string(charge.error() == price::Error::bad_usage
                                ? "more tokens are cached than there were"
                                : "its tokens and prices make no charge that fits")};
  }
  if (charge.value() != receipt.charge) {
    return Fail{"charge_nano is " + std::to_string(receipt.charge.value) +
                ", but its tokens and prices make " + std::to_string(charge.value().value)};
  }
  if (receipt.sequence == 0 || !receipt.account.valid() || !receipt.salt.valid()) {
    return Fail{std::string("it has no number, no account or no salt")};
  }
  return Done{};
}

std::string log_words(const Head& head, const std::optional<std::uint64_t>& since) {
  std::string words = "included in the log " + head.checkpoint.origin + " of size " +
                      std::to_string(head.checkpoint.size);
  if (!head.witnesses.empty()) {
    words += ", cosigned by";
    for (const Cosigned& witness : head.witnesses) {
      words += (&witness == head.witnesses.data() ? " " : ", ") + witness.name;
    }
  }
  if (since) {
    words += "; consistent with the log of size " + std::to_string(*since);
  }
  return words;
}

}  // namespace verify
