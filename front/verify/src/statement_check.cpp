#include "statement_check.hpp"

#include <notation/id_text.hpp>
#include <notation/money_text.hpp>
#include <notation/time_text.hpp>
#include <price/price_list.hpp>
#include <receipt/digest.hpp>
#include <receipt/hash.hpp>

namespace verify {
namespace {

using base::Done;
using base::Fail;
using base::Result;

std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string account_text(terms::Pseudonym account) {
  return notation::to_text(terms::RequestId{account.high, account.low});
}

std::string units(base::Nano amount, const std::string& currency) {
  return notation::to_text(amount) + (currency.empty() ? "" : " " + currency);
}

/// Adds, or says that the sum does not fit.
Step add(base::Nano& sum, base::Nano amount) {
  const auto total = base::checked_add(sum, amount);
  if (!total) {
    return Fail{std::string("amounts that do not fit in 63 bits")};
  }
  sum = *total;
  return Done{};
}

std::string off(std::string_view what, std::int64_t is, std::int64_t should_be) {
  return std::string(what) + " is " + std::to_string(is) + ", but the lines before make " +
         std::to_string(should_be);
}

}  // namespace

Step StatementCheck::take(std::string_view text) {
  const auto line = parse_line(text);
  if (!line.ok()) {
    return Fail{line.error()};
  }
  const bool head = std::holds_alternative<HeadLine>(line.value());
  if (head == begun_) {
    return Fail{std::string(begun_ ? "a second first line" : "this is not the first line")};
  }
  if (ended_) {
    return Fail{std::string("a line after the last")};
  }
  begun_ = true;
  return std::visit([this](const auto& any) { return take(any); }, line.value());
}

Step StatementCheck::take(const HeadLine& line) {
  auto head = believe(line.checkpoint, trust_);
  if (!head.ok()) {
    return Fail{head.error()};
  }
  if (const Step since = check_since(head.value(), trust_, line.since); !since.ok()) {
    return since;
  }
  if (line.from >= line.to || !line.account.valid() ||
      (line.opening.sequence == 0 && line.opening.hash.valid())) {
    return Fail{std::string("a period, an account or an opening that cannot be")};
  }
  proved_.head = std::move(head).value();
  if (trust_.since) {
    proved_.since = trust_.since->size;
  }
  proved_.statement = true;
  proved_.account = line.account;
  proved_.from = line.from;
  proved_.to = line.to;
  proved_.opening = line.opening;
  at_ = line.opening;
  return Done{};
}

Step StatementCheck::take(const PriceListLine& line) {
  auto document = parse_price_list(line.document);
  if (!document.ok()) {
    return Fail{document.error()};
  }
  const auto bytes = bytes_of(line.document);
  if (const Step step = check_included(proved_.head, line.leaf, bytes, line.proof); !step.ok()) {
    return Fail{"the price list: " + step.error()};
  }
  if (!price::check(document.value().list).empty()) {
    return Fail{std::string("the price list has prices that cannot be published")};
  }
  const std::string& currency = document.value().currency;
  if (!proved_.currency.empty() && proved_.currency != currency) {
    return Fail{"prices in " + currency + " after prices in " + proved_.currency};
  }
  proved_.currency = currency;
  const terms::PriceListId version = document.value().list.id;
  if (!lists_.try_emplace(version, Known{std::move(document).value(), receipt::sha256(bytes)})
           .second) {
    return Fail{"price list " + std::to_string(version.value) + " is here twice"};
  }
  ++proved_.price_lists;
  return Done{};
}

Step StatementCheck::take(const TopUpLine& line) {
  if (line.amount.value == 0 || !in_period(line.time)) {
    return Fail{std::string("a top-up of nothing, or outside the period")};
  }
  for (base::Nano* const sum : {&at_.balance, &at_.credited, &proved_.top_ups}) {
    if (const Step added = add(*sum, line.amount); !added.ok()) {
      return added;
    }
  }
  return Done{};
}

bool StatementCheck::in_period(base::UnixNs time) const {
  // Compared without sums that could wrap.
  const auto outside = [](base::UnixNs early, base::UnixNs late) {
    return base::checked_sub(late, early).value_or(base::UnixNs::max()).value > clock_slack.value;
  };
  return !outside(time, proved_.from) && !outside(proved_.to, time);
}

Step StatementCheck::check_prices(const ledger::Receipt& receipt) const {
  const auto known = lists_.find(receipt.price_list);
  if (known == lists_.end()) {
    return Fail{"price list " + std::to_string(receipt.price_list.value) +
                " is not in the statement before it"};
  }
  const auto& [document, hash] = known->second;
  if (receipt.price_list_hash != hash) {
    return Fail{std::string("price_list_sha256 is not that of the price list")};
  }
  const auto prices = price::lookup(document.list, receipt.model);
  if (!prices.ok()) {
    return Fail{"the price list has no price for model " + std::to_string(receipt.model.value)};
  }
  if (prices.value() != receipt.prices) {
    return Fail{std::string("its prices are not those of the price list")};
  }
  if (document.list.valid_from > receipt.held_at) {
    return Fail{std::string("its price list was not valid yet")};
  }
  return Done{};
}

Step StatementCheck::check_place(const ledger::Receipt& receipt) const {
  if (receipt.account != proved_.account) {
    return Fail{"it is of account " + account_text(receipt.account) + ", not of the statement's"};
  }
  if (receipt.sequence != at_.sequence + 1) {
    return Fail{"its number is " + std::to_string(receipt.sequence) + ", but " +
                std::to_string(at_.sequence + 1) + " is next: a receipt is missing or too many"};
  }
  if (receipt.previous != at_.hash) {
    return Fail{std::string("previous_sha256 is not the SHA-256 of the receipt before")};
  }
  if (!in_period(receipt.time)) {
    return Fail{std::string("it was settled outside the statement's period")};
  }
  if (last_leaf_ && receipt.leaf <= *last_leaf_) {
    return Fail{std::string("it entered the log before the receipt before it")};
  }
  return Done{};
}

Step StatementCheck::take(const ReceiptLine& line) {
  const ledger::Receipt& receipt = line.receipt;
  const auto marks = receipt::marks_of(receipt);
  const auto entry = receipt::to_bytes(marks.commitment);
  for (const Step& step :
       {check_included(proved_.head, receipt.leaf, entry, line.proof), check_arithmetic(receipt),
        check_place(receipt), check_prices(receipt)}) {
    if (!step.ok()) {
      return Fail{"receipt " + std::to_string(receipt.sequence) + ": " + step.error()};
    }
  }
  if (receipt.credited != at_.credited) {
    return Fail{off("credited_nano", receipt.credited.value, at_.credited.value)};
  }
  for (const Step& step :
       {add(at_.balance, {-receipt.charge.value}), add(proved_.charges, receipt.charge)}) {
    if (!step.ok()) {
      return step;
    }
  }
  if (receipt.balance_after != at_.balance) {
    return Fail{off("balance_after_nano", receipt.balance_after.value, at_.balance.value)};
  }
  at_.sequence = receipt.sequence;
  at_.hash = marks.hash;
  last_leaf_ = receipt.leaf;
  proved_.first = proved_.receipts == 0 ? receipt.sequence : proved_.first;
  proved_.last = receipt.sequence;
  ++proved_.receipts;
  return Done{};
}

Step StatementCheck::take(const EndLine& line) {
  if (line.closing != at_) {
    return Fail{std::string("the closing is not where the lines before it lead")};
  }
  proved_.closing = at_;
  ended_ = true;
  return Done{};
}

Result<Proved, std::string> StatementCheck::finish() {
  if (!ended_) {
    return Fail{std::string("the statement does not end: its last line is missing")};
  }
  const std::string& currency = proved_.currency;
  std::string& what = proved_.what;
  what = std::to_string(proved_.receipts) + " receipts of account " + account_text(proved_.account);
  if (proved_.receipts > 0) {
    what += " (" + std::to_string(proved_.first) + ".." + std::to_string(proved_.last) + ")";
  }
  what += " from " + notation::to_text(proved_.from) + " to " + notation::to_text(proved_.to) +
          ", charges " + units(proved_.charges, currency) + ", top-ups " +
          units(proved_.top_ups, currency) + ", balance " +
          units(proved_.opening.balance, currency) + " -> " +
          units(proved_.closing.balance, currency) + ", price lists " +
          std::to_string(proved_.price_lists) + "; all " + log_words(proved_.head, proved_.since);
  return std::move(proved_);
}

}  // namespace verify
