// A statement, line after line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <verify/verify.hpp>

#include "head.hpp"
#include "price_document.hpp"

namespace verify {

/// Lines in, in order; the first that is wrong ends it.
class StatementCheck {
 public:
  explicit StatementCheck(const Trust& trust) : trust_(trust) {}

  /// Without its newline.
  [[nodiscard]] Step take(std::string_view line);
  [[nodiscard]] base::Result<Proved, std::string> finish();

 private:
  struct Known {
    PriceDocument document;
    terms::Digest hash;
  };

  Step take(const HeadLine& line);
  Step take(const PriceListLine& line);
  Step take(const TopUpLine& line);
  Step take(const ReceiptLine& line);
  Step take(const EndLine& line);
  [[nodiscard]] bool in_period(base::UnixNs time) const;
  Step check_prices(const ledger::Receipt& receipt) const;
  Step check_place(const ledger::Receipt& receipt) const;

  const Trust& trust_;
  bool begun_ = false;
  bool ended_ = false;
  Proved proved_;
  Standing at_;                             ///< After the lines so far.
  std::optional<std::uint64_t> last_leaf_;  ///< Of the receipt before.
  std::map<terms::PriceListId, Known> lists_;
};

}  // namespace verify
