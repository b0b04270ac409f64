// The statement that can be checked: its lines, as they are written and read (docs/statement.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <ledger/rows.hpp>
#include <receipt/proof.hpp>
#include <terms/ids.hpp>

namespace verify {

/// Clocks of several servers differ: a line's time may be so far outside its period. What belongs
/// to a period is decided by numbers without a gap, so that no two periods share a receipt.
inline constexpr base::SpanNs clock_slack{3'600'000'000'000};

/// Where an account stands between two receipts.
struct Standing {
  std::uint64_t sequence = 0;  ///< Of the receipt before; 0 = none.
  terms::Digest hash;          ///< Of that receipt's canonical bytes; none where it is not chained.
  base::Nano balance;          ///< Available and held.
  base::Nano credited;         ///< All that ever came in, less what went back out.

  friend bool operator==(const Standing&, const Standing&) = default;
};

/// That an earlier tree of the log is the beginning of the checkpoint's.
struct Since {
  std::uint64_t size = 0;
  receipt::Proof proof;
  friend bool operator==(const Since&, const Since&) = default;
};

/// The first line.
struct HeadLine {
  terms::Pseudonym account;
  std::string checkpoint;  ///< A signed note; every proof below is for its tree.
  base::UnixNs from;       ///< Included.
  base::UnixNs to;         ///< Excluded.
  Standing opening;
  std::optional<Since> since;
  friend bool operator==(const HeadLine&, const HeadLine&) = default;
};

/// A document of the log in clear.
struct PriceListLine {
  std::string document;  ///< Canonical JSON, as it was published.
  std::uint64_t leaf = 0;
  receipt::Proof proof;
  friend bool operator==(const PriceListLine&, const PriceListLine&) = default;
};

struct TopUpLine {
  base::Nano amount;  ///< Below zero: paid back.
  terms::RequestId id;
  base::UnixNs time;
  friend bool operator==(const TopUpLine&, const TopUpLine&) = default;
};

struct ReceiptLine {
  ledger::Receipt receipt;  ///< With salt and leaf; the tenant's id stays with the server.
  receipt::Proof proof;
  friend bool operator==(const ReceiptLine&, const ReceiptLine&) = default;
};

/// The last line.
struct EndLine {
  Standing closing;
  friend bool operator==(const EndLine&, const EndLine&) = default;
};

using Line = std::variant<HeadLine, PriceListLine, TopUpLine, ReceiptLine, EndLine>;

/// One line without its newline: canonical JSON (RFC 8785). Pure.
[[nodiscard]] std::string to_text(const HeadLine& line);
[[nodiscard]] std::string to_text(const PriceListLine& line);
[[nodiscard]] std::string to_text(const TopUpLine& line);
[[nodiscard]] std::string to_text(const ReceiptLine& line);
[[nodiscard]] std::string to_text(const EndLine& line);

/// Reads exactly what to_text() writes: any other spelling of the same is refused. The error says
/// what is wrong, and quotes nothing. Pure.
[[nodiscard]] base::Result<Line, std::string> parse_line(std::string_view line);

/// A receipt's own JSON, exactly as it is hashed. Salt, leaf and tenant stay empty.
[[nodiscard]] base::Result<ledger::Receipt, std::string> parse_receipt(std::string_view json);

/// A receipt's `extra` in its .tlog-proof file: salt[32], canonical bytes. SHA-256 of it is the
/// log's entry.
[[nodiscard]] std::vector<std::uint8_t> opening_of(const ledger::Receipt& receipt);

}  // namespace verify
