// A small log with one customer's receipts in it, and what a server would make of it.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <note/checkpoint.hpp>
#include <note/note.hpp>
#include <price/price.hpp>
#include <receipt/digest.hpp>
#include <receipt/hash.hpp>
#include <receipt/proof.hpp>
#include <receipt/tree.hpp>
#include <signing/key.hpp>
#include <verify/statement.hpp>
#include <verify/verify.hpp>

namespace verify::test {

inline constexpr std::int64_t s = 1'000'000'000;
inline constexpr std::int64_t november_ns = 1'793'491'200 * s;  // 2026-11-01
inline constexpr std::int64_t december_ns = 1'796'083'200 * s;

inline std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

/// Leaves, and from them every tile.
class Log final : public receipt::TileSource {
 public:
  std::uint64_t add(std::span<const std::uint8_t> entry) {
    leaves.push_back(receipt::leaf_hash(entry));
    return leaves.size() - 1;
  }
  base::Result<std::vector<terms::Digest>, receipt::ProofError> read(
      const receipt::Tile& tile) override {
    std::vector<terms::Digest> hashes = leaves;
    for (std::uint32_t level = 0; level < tile.level; ++level) {
      std::vector<terms::Digest> above;
      for (std::size_t i = 0; i + 256 <= hashes.size(); i += 256) {
        above.push_back(receipt::root_of_full_tile(std::span(hashes).subspan(i, 256)));
      }
      hashes = std::move(above);
    }
    const auto first = static_cast<std::ptrdiff_t>(tile.index * 256);
    return std::vector(hashes.begin() + first, hashes.begin() + first + tile.width);
  }
  [[nodiscard]] note::Checkpoint checkpoint(std::uint64_t size) {
    return {"example.com/log", size, receipt::ProofBuilder(*this, size).root().value()};
  }
  [[nodiscard]] std::string sign(std::uint64_t size, std::vector<note::Signature> more = {}) {
    note::Note signed_note{note::to_text(checkpoint(size)), {}};
    signed_note.signatures.push_back(note::sign(signed_note.text, "example.com/log", key));
    for (const std::string& name : witnesses) {
      signed_note.signatures.push_back(
          note::cosign(signed_note.text, name, witness, 1'796'000'000));
    }
    signed_note.signatures.insert(signed_note.signatures.end(), more.begin(), more.end());
    return note::to_text(signed_note);
  }
  [[nodiscard]] note::VerifierKey verifier() const {
    return {"example.com/log", note::KeyType::ed25519, key.public_key()};
  }
  [[nodiscard]] note::VerifierKey witness_verifier(std::string name) const {
    return {std::move(name), note::KeyType::cosignature, witness.public_key()};
  }

  std::vector<terms::Digest> leaves;
  std::vector<std::string> witnesses;
  signing::Key key = signing::Key::of(signing::Seed{1});
  signing::Key witness = signing::Key::of(signing::Seed{2});
};

/// A customer's account as the books would keep it, other people's entries in between.
class Account {
 public:
  Account(Log& log_given, std::uint64_t number) : log(log_given), account{number, number + 1} {}

  void publish(const std::string& document) {
    lists.push_back({document, log.add(bytes_of(document)), {}});
  }
  void top_up(std::int64_t nano) {
    balance += nano;
    credited += nano;
    // In place: gcc 12 sees uninitialized members in a variant that is moved.
    lines.emplace_back(TopUpLine{{nano}, {7, ++ids}, {now += s}});
  }
  void charge(std::uint32_t input, std::uint32_t cached, std::uint32_t output) {
    ledger::Receipt made;
    made.id = {9, ++ids};
    made.account = account;
    made.key = {3};
    made.sequence = ++sequence;
    made.model = {4};
    made.price_list = {lists.size()};
    made.price_list_hash = receipt::sha256(bytes_of(lists.back().document));
    made.prices = {{150'000'000}, {75'000'000}, {600'000'000}};
    made.weights = {{1, 2, 3, 4}};
    made.output = {{ids, 6, 7, 8}};
    made.previous = chain;
    made.held_at = {now += s};
    made.time = {now += s};
    made.usage = {{input}, {cached}, {output}};
    made.charge = price::charge(made.usage, made.prices).value();
    balance -= made.charge.value;
    made.balance_after = {balance};
    made.credited = {credited};
    made.salt = {{ids, account.high, 12, 13}};
    append(made);
  }
  /// Whatever it says.
  void append(ledger::Receipt made) {
    const auto marks = receipt::marks_of(made);
    chain = marks.hash;
    made.leaf = log.add(receipt::to_bytes(marks.commitment));
    lines.push_back(ReceiptLine{made, {}});
  }
  [[nodiscard]] Standing standing() const { return {sequence, chain, {balance}, {credited}}; }

  /// The statement's lines; everything since the last time this was asked.
  [[nodiscard]] std::vector<std::string> statement(std::optional<std::uint64_t> since = {}) {
    const std::uint64_t size = log.leaves.size();
    receipt::ProofBuilder builder(log, size);
    HeadLine head{account, log.sign(size), {november_ns}, {december_ns}, opening, {}};
    if (since) {
      head.since = Since{*since, builder.consistency(*since).value()};
    }
    std::vector<std::string> text{to_text(head)};
    for (PriceListLine list : lists) {
      list.proof = builder.inclusion(list.leaf).value();
      text.push_back(to_text(list));
    }
    for (Line& line : lines) {
      if (auto* receipt = std::get_if<ReceiptLine>(&line)) {
        receipt->proof = builder.inclusion(receipt->receipt.leaf).value();
      }
      text.push_back(std::visit([](const auto& any) { return to_text(any); }, line));
    }
    text.push_back(to_text(EndLine{standing()}));
    opening = standing();
    lines.clear();
    return text;
  }

  Log& log;
  terms::Pseudonym account;
  std::vector<PriceListLine> lists;
  std::vector<Line> lines;
  Standing opening;
  std::int64_t now = november_ns;
  std::int64_t balance = 0;
  std::int64_t credited = 0;
  std::uint64_t sequence = 0;
  std::uint64_t ids = 0;
  terms::Digest chain;
};

inline constexpr std::string_view price_list =
    "{\"currency\":\"USD\",\"models\":[{\"cached_input_per_mtok\":\"0.075\",\"id\":4,"
    "\"input_per_mtok\":\"0.15\",\"model\":\"a\",\"output_per_mtok\":\"0.60\"}],"
    "\"valid_from\":\"2026-10-31T00:00:00Z\",\"version\":1}";

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

inline Trust trust_in(const Log& log) {
  return {{log.verifier()}, {}, 0, std::nullopt, nullptr};
}

inline base::Result<Proved, Complaint> check_text(const std::string& text, const Trust& trust) {
  std::istringstream file(text);
  return check(file, trust);
}

/// "7: what is wrong", or "" when it was verified.
inline std::string refusal(const std::string& text, const Trust& trust) {
  const auto proved = check_text(text, trust);
  return proved.ok() ? "" : std::to_string(proved.error().line) + ": " + proved.error().what;
}

}  // namespace verify::test
