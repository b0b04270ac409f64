#include <verify/verify.hpp>

#include <istream>
#include <iterator>

#include <notation/id_text.hpp>
#include <notation/money_text.hpp>
#include <note/proof_file.hpp>
#include <receipt/digest.hpp>
#include <verify/balance.hpp>

#include "head.hpp"
#include "statement_check.hpp"

namespace verify {
namespace {

using base::Fail;
using base::Result;

constexpr std::size_t line_bytes_max = 2'000'000;
constexpr std::size_t salt_bytes = 32;
constexpr std::string_view proof_begins = "c2sp.org/tlog-proof";
constexpr std::string_view receipt_begins = "{\"account\":\"";

/// One line with its newline taken off. False at the end.
Result<bool, std::string> next_line(std::istream& file, std::string& line) {
  line.clear();
  for (auto c = file.rdbuf()->sbumpc(); c != std::istream::traits_type::eof();
       c = file.rdbuf()->sbumpc()) {
    if (c == '\n') {
      return true;
    }
    if (line.size() == line_bytes_max) {
      return Fail{std::string("the line is longer than any statement's")};
    }
    line += static_cast<char>(c);
  }
  if (!line.empty()) {
    return Fail{std::string("the file ends in the middle of this line")};
  }
  return false;
}

Result<Proved, Complaint> check_statement(std::istream& file, std::string first,
                                          const Trust& trust) {
  StatementCheck check(trust);
  std::string line = std::move(first);
  std::uint64_t number = 1;
  while (true) {
    if (const Step step = check.take(line); !step.ok()) {
      return Fail{Complaint{number, step.error()}};
    }
    ++number;
    const auto more = next_line(file, line);
    if (!more.ok()) {
      return Fail{Complaint{number, more.error()}};
    }
    if (!more.value()) {
      break;
    }
  }
  auto proved = check.finish();
  if (!proved.ok()) {
    return Fail{Complaint{number, proved.error()}};
  }
  return std::move(proved).value();
}

Result<Proved, std::string> balance_of(std::string_view line, const Trust& trust) {
  const auto read = parse_balance(line);
  if (!read.ok()) {
    return Fail{read.error()};
  }
  const BalanceProof& claim = read.value();
  auto head = believe(claim.checkpoint, trust);
  if (!head.ok()) {
    return Fail{head.error()};
  }
  const auto document = parse_liabilities(claim.document);
  if (!document.ok()) {
    return Fail{document.error()};
  }
  const std::vector<std::uint8_t> entry(claim.document.begin(), claim.document.end());
  for (const Step& step : {check_since(head.value(), trust, std::nullopt),
                           check_included(head.value(), claim.leaf, entry, claim.proof)}) {
    if (!step.ok()) {
      return Fail{"the day's liabilities: " + step.error()};
    }
  }
  const Liabilities& day = document.value();
  const auto root = receipt::sum_root(receipt::sum_leaf(claim.salt, claim.account, claim.balance),
                                      claim.index, day.accounts, claim.path);
  if (!claim.salt.valid() || !claim.account.valid() ||
      root != receipt::SumNode{day.root, day.total}) {
    return Fail{
        std::string("the balance is not part of that day's total: the account, its "
                    "balance, its salt or its path was changed")};
  }
  Proved proved;
  proved.head = std::move(head).value();
  if (trust.since) {
    proved.since = trust.since->size;
  }
  proved.account = claim.account;
  proved.balance = claim.balance;
  proved.total = day.total;
  proved.day = day.day;
  proved.what = "the balance " + notation::to_text(claim.balance) + " of account " +
                notation::to_text(terms::RequestId{claim.account.high, claim.account.low}) +
                " is part of the total " + notation::to_text(day.total) + " of " +
                std::to_string(day.accounts) + " accounts owed on " + day.day + "; that total is " +
                log_words(proved.head, proved.since);
  return proved;
}

/// A receipt in its .tlog-proof file: salt and canonical bytes are the file's extra data.
Result<Proved, std::string> receipt_of(std::string_view text, const Trust& trust) {
  const auto file = note::parse_proof(text);
  if (!file.ok()) {
    return Fail{"the proof: " + std::string(note::describe(file.error()))};
  }
  const std::vector<std::uint8_t>& extra = file.value().extra;
  const std::string opening(extra.begin(), extra.end());
  if (opening.size() <= salt_bytes ||
      !std::string_view(opening).substr(salt_bytes).starts_with(receipt_begins)) {
    return Fail{std::string("the proof's extra data are no salt and receipt of ours")};
  }
  auto read = parse_receipt(std::string_view(opening).substr(salt_bytes));
  if (!read.ok()) {
    return Fail{"the receipt: " + read.error()};
  }
  ledger::Receipt receipt = read.value();
  receipt::DigestBytes salt{};
  std::copy(extra.begin(), extra.begin() + salt_bytes, salt.begin());
  receipt.salt = receipt::from_bytes(salt);
  auto head = believe(file.value().checkpoint, trust);
  if (!head.ok()) {
    return Fail{head.error()};
  }
  const auto entry = receipt::to_bytes(receipt::sha256(extra));
  for (const Step& step :
       {check_since(head.value(), trust, std::nullopt),
        check_included(head.value(), file.value().index, entry, file.value().proof),
        check_arithmetic(receipt)}) {
    if (!step.ok()) {
      return Fail{"receipt " + std::to_string(receipt.sequence) + ": " + step.error()};
    }
  }
  Proved proved;
  proved.head = std::move(head).value();
  if (trust.since) {
    proved.since = trust.since->size;
  }
  proved.account = receipt.account;
  proved.receipts = 1;
  proved.first = proved.last = receipt.sequence;
  proved.charges = receipt.charge;
  proved.what = "receipt " + std::to_string(receipt.sequence) + " of account " +
                notation::to_text(terms::RequestId{receipt.account.high, receipt.account.low}) +
                ", charge " + notation::to_text(receipt.charge) +
                " as its tokens and prices make it, " + log_words(proved.head, proved.since) +
                " (the price list is not in this file: a statement has it)";
  return proved;
}

/// What is small is read as a whole.
Result<std::string, Complaint> rest_of(std::istream& file, std::string text) {
  text += '\n';
  for (auto c = file.rdbuf()->sbumpc(); c != std::istream::traits_type::eof();
       c = file.rdbuf()->sbumpc()) {
    if (text.size() > line_bytes_max) {
      return Fail{Complaint{0, "the file is longer than any proof"}};
    }
    text += static_cast<char>(c);
  }
  return text;
}

}  // namespace

Result<Proved, Complaint> check(std::istream& file, const Trust& trust) {
  std::string first;
  const auto any = next_line(file, first);
  if (!any.ok() || !any.value()) {
    return Fail{Complaint{1, any.ok() ? "the file is empty" : any.error()}};
  }
  if (first.starts_with(proof_begins)) {
    const auto text = rest_of(file, std::move(first));
    if (!text.ok()) {
      return Fail{text.error()};
    }
    auto proved = receipt_of(text.value(), trust);
    return proved.ok() ? Result<Proved, Complaint>(std::move(proved).value())
                       : Fail{Complaint{0, proved.error()}};
  }
  if (first.find("\"format\":\"mains.balance.v1\"") == std::string::npos) {
    return check_statement(file, std::move(first), trust);
  }
  if (file.rdbuf()->sgetc() != std::istream::traits_type::eof()) {
    return Fail{Complaint{2, "something follows the balance"}};
  }
  auto proved = balance_of(first, trust);
  return proved.ok() ? Result<Proved, Complaint>(std::move(proved).value())
                     : Fail{Complaint{1, proved.error()}};
}

}  // namespace verify
