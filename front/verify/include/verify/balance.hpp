// A customer's place in the day's liabilities.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <base/result.hpp>
#include <receipt/proof.hpp>
#include <receipt/sum_tree.hpp>
#include <terms/ids.hpp>

namespace verify {

/// That one balance is part of a published total.
struct BalanceProof {
  terms::Pseudonym account;
  base::Nano balance;
  std::string checkpoint;   ///< A signed note.
  std::string document;     ///< The day's mains.liabilities.v1, a leaf of the log in clear.
  std::uint64_t index = 0;  ///< Of the account among the document's.
  std::uint64_t leaf = 0;   ///< Of the document in the log.
  receipt::SumProof path;   ///< Up to the document's root.
  receipt::Proof proof;     ///< That the document is in the log.
  terms::Digest salt;

  friend bool operator==(const BalanceProof&, const BalanceProof&) = default;
};

/// One line of canonical JSON, "mains.balance.v1", without its newline. Pure.
[[nodiscard]] std::string to_text(const BalanceProof& proof);
/// Exactly what to_text() writes. Pure.
[[nodiscard]] base::Result<BalanceProof, std::string> parse_balance(std::string_view line);

/// The day's liabilities as they enter the log.
struct Liabilities {
  std::uint64_t accounts = 0;
  base::UnixNs at;
  std::string day;  ///< "2026-11-24"
  terms::Digest root;
  base::Nano total;

  friend bool operator==(const Liabilities&, const Liabilities&) = default;
};

/// "mains.liabilities.v1", canonical JSON. Pure.
[[nodiscard]] std::string to_text(const Liabilities& document);
[[nodiscard]] base::Result<Liabilities, std::string> parse_liabilities(std::string_view document);

}  // namespace verify
