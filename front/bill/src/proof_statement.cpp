#include <bill/proof_statement.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <set>
#include <utility>

#include <receipt/hash.hpp>
#include <receipt/tree.hpp>
#include <verify/statement.hpp>

#include "receipt_range.hpp"

namespace bill {
namespace {

using base::Fail;
using base::Nano;
using base::Result;
using verify::Standing;

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::uint32_t all_rows = std::numeric_limits<std::uint32_t>::max();

template <class T>
using Made = Result<T, ProofFault>;

template <class T>
Made<T> of(ledger::Stored<T> stored) {
  if (!stored.ok()) {
    return Fail{stored.error() == ledger::StoreError::corrupt ? ProofFault::corrupt
                                                              : ProofFault::store};
  }
  return std::move(stored).value();
}

ProofFault of(receipt::ProofError error) {
  return error == receipt::ProofError::unavailable ? ProofFault::store : ProofFault::corrupt;
}

verify::TopUpLine line_of(const ledger::Posting& posting) {
  const bool out = posting.kind == ledger::PostingKind::debit;
  return {{out ? -posting.amount.value : posting.amount.value}, posting.request, posting.time};
}

bool add(Nano& sum, Nano amount) {
  const auto total = base::checked_add(sum, amount);
  sum = total.value_or(sum);
  return total.has_value();
}

}  // namespace

class ProofStatement::Inside {
 public:
  Inside(const Source& source, registry::Tenant tenant, LogView log)
      : source_(source),
        tenant_(std::move(tenant)),
        log_(std::move(log)),
        proofs_(*log_.tiles, log_.size) {}

  Made<base::Done> open(notation::Period period, std::optional<std::uint64_t> since);
  Made<std::string> next();
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  Made<base::Done> choose(notation::Period period);
  Made<base::Done> take_top_ups(base::UnixNs from, base::UnixNs to);
  Made<Nano> credited_before(base::UnixNs time);
  Made<Standing> opening(notation::Period period);
  Made<base::Done> tell(const ledger::Receipt& receipt);
  Made<base::Done> tell_price_list(terms::PriceListId version);
  bool tell_top_up();
  Made<base::Done> more();
  template <class Line>
  void say(const Line& line) {
    text_ += verify::to_text(line) + "\n";
  }

  Source source_;
  registry::Tenant tenant_;
  LogView log_;
  receipt::ProofBuilder proofs_;
  std::optional<ReceiptFeed> feed_;
  std::optional<ledger::Receipt> first_;  ///< Out of the feed, and not told yet.
  base::UnixNs until_;                    ///< The statement's end.
  ledger::PrunedRow gone_;                ///< What is not kept.
  Standing at_;                           ///< After the lines so far.
  std::deque<verify::TopUpLine> top_ups_;
  std::set<terms::PriceListId> told_;
  std::string text_;
  bool whole_ = false;
  bool over_ = false;
};

/// The moment until which the statement speaks, and its receipts.
Made<base::Done> ProofStatement::Inside::choose(notation::Period period) {
  const auto gone = of(source_.reader.pruned(tenant_.id));
  if (!gone.ok()) {
    return Fail{gone.error()};
  }
  gone_ = gone.value();
  if (gone_.sequence > 0 && gone_.time >= period.from) {
    return Fail{ProofFault::not_kept};
  }
  const base::UnixNs now = source_.clock.now();
  const bool month_over = period.to <= now;
  until_ = month_over ? period.to : std::max(now, base::UnixNs{period.from.value + 1});
  const auto logged = of(logged_until(source_.reader, tenant_.id, period.from, until_, log_.size));
  if (!logged.ok()) {
    return Fail{logged.error()};
  }
  whole_ = logged.value() == until_;
  if (!whole_ && month_over) {
    return Fail{ProofFault::not_logged_yet};
  }
  until_ = std::max(logged.value(), base::UnixNs{period.from.value + 1});
  const auto first = of(first_from(source_.reader, tenant_.id, period.from));
  const auto end = of(first_from(source_.reader, tenant_.id, until_));
  if (!first.ok() || !end.ok()) {
    return Fail{first.ok() ? end.error() : first.error()};
  }
  if (first.value()) {
    feed_.emplace(source_.reader, tenant_.id, base::UnixNs{period.from.value - disorder_max.value},
                  base::UnixNs{until_.value + disorder_max.value}, *first.value(), end.value());
    auto receipt = of(feed_->next());
    if (!receipt.ok()) {
      return Fail{receipt.error()};
    }
    first_ = receipt.value();
  }
  return base::Done{};
}

Made<base::Done> ProofStatement::Inside::take_top_ups(base::UnixNs from, base::UnixNs to) {
  const auto postings = of(source_.reader.top_ups(tenant_.id, from, to, all_rows));
  if (!postings.ok()) {
    return Fail{postings.error()};
  }
  for (const ledger::Posting& posting : postings.value()) {
    top_ups_.push_back(line_of(posting));
  }
  return base::Done{};
}

Made<Nano> ProofStatement::Inside::credited_before(base::UnixNs time) {
  const auto postings = of(source_.reader.top_ups(tenant_.id, {0}, time, all_rows));
  if (!postings.ok()) {
    return Fail{postings.error()};
  }
  Nano sum;
  for (const ledger::Posting& posting : postings.value()) {
    if (!add(sum, line_of(posting).amount)) {
      return Fail{ProofFault::corrupt};
    }
  }
  return sum;
}

/// Where the account stood before its first line.
Made<Standing> ProofStatement::Inside::opening(notation::Period period) {
  const auto credited = credited_before(period.from);
  if (!credited.ok()) {
    return Fail{credited.error()};
  }
  Standing standing{0, {}, credited.value(), credited.value()};
  if (first_) {
    if (!first_->account.valid()) {
      return Fail{ProofFault::before_the_log};
    }
    standing.sequence = first_->sequence - 1;
    standing.hash = first_->previous;
    // What is told between here and that receipt came in, and its charge went out.
    const bool fits = add(standing.balance, first_->balance_after) &&
                      add(standing.balance, first_->charge) &&
                      add(standing.balance, {-first_->credited.value});
    return fits ? Made<Standing>(standing) : Fail{ProofFault::corrupt};
  }
  const auto last = of(last_before(source_.reader, tenant_.id, period.from));
  if (!last.ok()) {
    return Fail{last.error()};
  }
  if (!last.value() && gone_.sequence > 0 && !gone_.chain.valid()) {
    return Fail{ProofFault::before_the_log};
  }
  if (!last.value()) {  // all that there was before, if anything, is behind the mark
    standing.sequence = gone_.sequence;
    standing.hash = gone_.chain;
    return add(standing.balance, {-gone_.charge.value}) ? Made<Standing>(standing)
                                                        : Fail{ProofFault::corrupt};
  }
  if (!last.value()->account.valid()) {
    return Fail{ProofFault::before_the_log};
  }
  standing.sequence = last.value()->sequence;
  standing.hash = receipt::marks_of(*last.value()).hash;
  const bool fits = add(standing.balance, last.value()->balance_after) &&
                    add(standing.balance, {-last.value()->credited.value});
  return fits ? Made<Standing>(standing) : Fail{ProofFault::corrupt};
}

Made<base::Done> ProofStatement::Inside::open(notation::Period period,
                                              std::optional<std::uint64_t> since) {
  if (const auto chosen = choose(period); !chosen.ok()) {
    return chosen;
  }
  const auto standing = opening(period);
  if (!standing.ok()) {
    return Fail{standing.error()};
  }
  at_ = standing.value();
  verify::HeadLine head{tenant_.account, log_.checkpoint, period.from, until_, at_, {}};
  if (since) {
    auto proof = proofs_.consistency(*since);
    if (!proof.ok()) {
      return Fail{proof.error() == receipt::ProofError::out_of_range ? ProofFault::no_such_size
                                                                     : of(proof.error())};
    }
    head.since = verify::Since{*since, std::move(proof).value()};
  }
  say(head);
  // A little beyond the end: another server's clock may have put one there that a receipt knows.
  return take_top_ups(period.from, {until_.value + disorder_max.value});
}

bool ProofStatement::Inside::tell_top_up() {
  if (top_ups_.empty()) {
    return false;
  }
  const verify::TopUpLine line = top_ups_.front();
  top_ups_.pop_front();
  say(line);
  return add(at_.credited, line.amount) && add(at_.balance, line.amount);
}

Made<base::Done> ProofStatement::Inside::tell_price_list(terms::PriceListId version) {
  if (!told_.insert(version).second) {
    return base::Done{};
  }
  const registry::ListPtr list = source_.registry.price_list(version);
  if (list == nullptr) {
    return Fail{ProofFault::corrupt};
  }
  const std::vector<std::uint8_t> entry(list->canonical.begin(), list->canonical.end());
  const auto leaf = of(source_.reader.document(receipt::leaf_hash(entry)));
  if (!leaf.ok()) {
    return Fail{leaf.error()};
  }
  if (!leaf.value() || leaf.value()->index >= log_.size) {
    return Fail{ProofFault::not_logged_yet};
  }
  auto proof = proofs_.inclusion(leaf.value()->index);
  if (!proof.ok()) {
    return Fail{of(proof.error())};
  }
  say(verify::PriceListLine{list->canonical, leaf.value()->index, std::move(proof).value()});
  return base::Done{};
}

Made<base::Done> ProofStatement::Inside::tell(const ledger::Receipt& receipt) {
  // A receipt says what had come in when it was made: so much is told before it.
  while (at_.credited != receipt.credited) {
    if (!tell_top_up()) {
      return Fail{ProofFault::corrupt};
    }
  }
  if (const auto told = tell_price_list(receipt.price_list); !told.ok()) {
    return told;
  }
  auto proof = proofs_.inclusion(receipt.leaf);
  if (!proof.ok()) {
    return Fail{of(proof.error())};
  }
  say(verify::ReceiptLine{receipt, std::move(proof).value()});
  at_.sequence = receipt.sequence;
  at_.hash = receipt::marks_of(receipt).hash;
  at_.balance = receipt.balance_after;
  return base::Done{};
}

/// One more receipt, or what stands at the end.
Made<base::Done> ProofStatement::Inside::more() {
  if (first_) {
    const ledger::Receipt receipt = *std::exchange(first_, std::nullopt);
    return tell(receipt);
  }
  if (feed_) {
    const auto receipt = of(feed_->next());
    if (!receipt.ok()) {
      return Fail{receipt.error()};
    }
    if (receipt.value()) {
      return tell(*receipt.value());
    }
  }
  while (!top_ups_.empty() && top_ups_.front().time < until_) {
    if (!tell_top_up()) {
      return Fail{ProofFault::corrupt};
    }
  }
  say(verify::EndLine{at_});
  over_ = true;
  return base::Done{};
}

Made<std::string> ProofStatement::Inside::next() {
  while (!over_ && text_.size() < chunk_bytes) {
    if (const auto told = more(); !told.ok()) {
      return Fail{told.error()};
    }
  }
  return std::exchange(text_, {});
}

ProofStatement::ProofStatement(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
ProofStatement::~ProofStatement() = default;

Made<std::unique_ptr<ProofStatement>> ProofStatement::begin(const Source& source,
                                                            const registry::Tenant& tenant,
                                                            notation::Period period, LogView log,
                                                            std::optional<std::uint64_t> since) {
  auto inside = std::make_unique<Inside>(source, tenant, std::move(log));
  if (const auto opened = inside->open(period, since); !opened.ok()) {
    return Fail{opened.error()};
  }
  return std::unique_ptr<ProofStatement>(new ProofStatement(std::move(inside)));
}

bool ProofStatement::whole() const {
  return inside_->whole();
}

std::string_view describe(ProofFault fault) {
  switch (fault) {
    case ProofFault::not_logged_yet:
      return "Not all of the month is under a checkpoint yet; it will be within a second or two.";
    case ProofFault::before_the_log:
      return "The month has receipts that are older than the log; ask for a later month.";
    case ProofFault::not_kept:
      return "The month had receipts that are not kept any more; ask for a later month.";
    case ProofFault::no_such_size: return "The log was never of that size.";
    case ProofFault::corrupt:
      return "The books and the log do not fit together; the operator has to look at it.";
    case ProofFault::store: break;
  }
  return "The ledger cannot be read just now.";
}

Made<std::string> ProofStatement::next() {
  return inside_->next();
}

namespace {

class ProofPages final : public Pages {
 public:
  explicit ProofPages(std::unique_ptr<ProofStatement> statement)
      : statement_(std::move(statement)) {}
  ledger::Stored<std::optional<std::string>> next() override {
    auto piece = statement_->next();
    if (!piece.ok()) {
      return Fail{piece.error() == ProofFault::store ? ledger::StoreError::gone
                                                     : ledger::StoreError::corrupt};
    }
    return piece.value().empty() ? std::optional<std::string>{}
                                 : std::optional(std::move(piece).value());
  }

 private:
  std::unique_ptr<ProofStatement> statement_;
};

}  // namespace

Made<Document> proof_document(const Source& source, const registry::Tenant& tenant,
                              notation::Period period, std::optional<LogView> cosigned,
                              std::optional<LogView> newest, std::optional<std::uint64_t> since) {
  const auto under = [&](std::optional<LogView> log) -> Made<std::unique_ptr<ProofStatement>> {
    if (!log) {
      return Fail{ProofFault::not_logged_yet};
    }
    return ProofStatement::begin(source, tenant, period, std::move(*log), since);
  };
  auto begun = under(std::move(cosigned));
  if (!begun.ok() || !begun.value()->whole()) {
    begun = under(std::move(newest));
  }
  if (!begun.ok()) {
    return Fail{begun.error()};
  }
  // What is wrong shows in the first piece, while there is still somebody to tell.
  auto first = begun.value()->next();
  if (!first.ok()) {
    return Fail{first.error()};
  }
  return Document{"application/x-ndjson",
                  tenant.name + "-" + notation::month_text(period.from) + ".jsonl",
                  std::move(first).value(), std::make_unique<ProofPages>(std::move(begun).value())};
}

}  // namespace bill
