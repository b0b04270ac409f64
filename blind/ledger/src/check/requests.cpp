#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "check/passes.hpp"

namespace ledger::check_passes {
namespace {

/// The row a cursor stands on.
template <class Row>
class Head {
 public:
  static Stored<Head> of(Rows<Row> rows) {
    if (!rows) return base::Fail{rows.error()};
    Head head;
    head.cursor_ = std::move(rows).value();
    auto moved = head.advance();
    if (!moved) return base::Fail{moved.error()};
    return head;
  }
  Stored<base::Done> advance() {
    auto row = cursor_->next();
    if (!row) return base::Fail{row.error()};
    row_ = *row;
    return base::Done{};
  }
  [[nodiscard]] const std::optional<Row>& row() const { return row_; }

 private:
  std::unique_ptr<Cursor<Row>> cursor_;
  std::optional<Row> row_;
};

terms::RequestId request_of(const Posting& row) {
  return row.request;
}
terms::RequestId request_of(const HoldRow& row) {
  return row.request;
}
terms::RequestId request_of(const VoidRow& row) {
  return row.request;
}
terms::RequestId request_of(const Receipt& row) {
  return row.id;
}

/// All that is written about one request.
struct Story {
  terms::RequestId request;
  terms::TenantId tenant;
  bool one_owner = true;
  std::uint64_t top_ups = 0;
  std::uint64_t holds = 0;
  std::uint64_t charges = 0;
  std::int64_t held = 0;
  std::int64_t charged = 0;
  std::int64_t given_back = 0;
  std::optional<HoldRow> open;
  std::optional<Receipt> receipt;
  bool voided = false;
  bool voids_posted = false;

  /// It settled, as far as the postings tell, and has no receipt (any more).
  [[nodiscard]] bool without_receipt() const {
    return holds > 0 && !open && !receipt && !voided && !voids_posted;
  }
  void belongs_to(terms::TenantId owner) {
    one_owner = one_owner && (!tenant.valid() || tenant == owner);
    tenant = owner;
  }
  void add(const Posting& posting) {
    belongs_to(posting.from.tenant.valid() ? posting.from.tenant : posting.to.tenant);
    const std::int64_t amount = posting.amount.value;
    switch (posting.kind) {
      case PostingKind::credit:
      case PostingKind::debit: top_ups += 1; break;
      case PostingKind::hold:
        holds += 1;
        held += amount;
        break;
      case PostingKind::charge:
        charges += 1;
        charged += amount;
        break;
      case PostingKind::release: given_back += amount; break;
      case PostingKind::voided:
        voids_posted = true;
        given_back += amount;
        break;
    }
  }
  void add(const HoldRow& row) {
    belongs_to(row.tenant);
    open = row;
  }
  void add(const Receipt& row) {
    belongs_to(row.tenant);
    receipt = row;
  }
  void add(const VoidRow& row) {
    belongs_to(row.tenant);
    voided = true;
  }
};

/// gone   its receipt is one of those that are not kept: the mark answers for it.
void judge(const Story& story, bool gone, CheckReport& report) {
  const auto find = [&](FindingKind kind, std::int64_t expected, std::int64_t found) {
    report.add({kind, story.tenant, story.request, expected, found});
  };
  if (!story.one_owner) find(FindingKind::owner_differs, 0, 0);
  if (story.top_ups > 1) find(FindingKind::top_up_twice, 1, static_cast<int>(story.top_ups));
  if (story.holds > 1) find(FindingKind::held_twice, 1, static_cast<int>(story.holds));
  const int ends = (story.open ? 1 : 0) + (story.receipt ? 1 : 0) + (story.voided ? 1 : 0);
  if (story.holds > 0 && ends == 0 && !gone) find(FindingKind::never_ended, story.held, 0);
  if (ends > 1) find(FindingKind::ended_twice, 1, ends);
  if (story.charges > 0 && !story.receipt && !gone) {
    find(FindingKind::receipt_missing, story.charged, 0);
  }
  if (story.receipt && story.receipt->charge.value != story.charged) {
    find(FindingKind::receipt_differs, story.charged, story.receipt->charge.value);
  }
  if (story.open && story.open->amount.value != story.held) {
    find(FindingKind::hold_differs, story.held, story.open->amount.value);
  }
  const std::int64_t ended = story.charged + story.given_back;
  if (ended != (story.open ? 0 : story.held)) {
    find(FindingKind::end_differs, story.open ? 0 : story.held, ended);
  }
}

class Matcher {
 public:
  Matcher(Head<Posting> postings, Head<HoldRow> holds, Head<VoidRow> voids, Head<Receipt> receipts)
      : postings_(std::move(postings)),
        holds_(std::move(holds)),
        voids_(std::move(voids)),
        receipts_(std::move(receipts)) {}

  /// The next request in order, or nothing at the end.
  Stored<std::optional<Story>> next() {
    std::optional<terms::RequestId> least;
    const auto look = [&least](const auto& head) {
      if (head.row() && (!least || request_of(*head.row()) < *least)) {
        least = request_of(*head.row());
      }
    };
    look(postings_);
    look(holds_);
    look(voids_);
    look(receipts_);
    if (!least) return std::optional<Story>{};
    Story story;
    story.request = *least;
    auto error = take(postings_, story);
    if (!error) error = take(holds_, story);
    if (!error) error = take(voids_, story);
    if (!error) error = take(receipts_, story);
    if (error) return base::Fail{*error};
    return std::optional{story};
  }

 private:
  template <class Row>
  static std::optional<StoreError> take(Head<Row>& head, Story& story) {
    while (head.row() && request_of(*head.row()) == story.request) {
      story.add(*head.row());
      auto moved = head.advance();
      if (!moved) return moved.error();
    }
    return std::nullopt;
  }

  Head<Posting> postings_;
  Head<HoldRow> holds_;
  Head<VoidRow> voids_;
  Head<Receipt> receipts_;
};

/// Every tenant's held balance is the sum of its open holds.
Stored<base::Done> compare_holds(Snapshot& snapshot, CheckReport& report,
                                 std::map<terms::TenantId, std::int64_t> open) {
  auto tenants = snapshot.tenants();
  if (!tenants) return base::Fail{tenants.error()};
  for (;;) {
    auto entry = (*tenants)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) return base::Done{};
    const auto& [tenant, row] = **entry;
    if (open[tenant] != row.held.value) {
      report.add({FindingKind::holds_differ, tenant, {}, row.held.value, open[tenant]});
    }
  }
}

/// What was charged without a receipt is what the receipts charged that are gone.
void compare_gone(CheckReport& report, const std::map<terms::TenantId, PrunedRow>& marks,
                  const std::map<terms::TenantId, std::int64_t>& charged) {
  for (const auto& [tenant, mark] : marks) {
    const auto found = charged.find(tenant);
    const std::int64_t sum = found == charged.end() ? 0 : found->second;
    if (sum != mark.charge.value) {
      report.add({FindingKind::gone_differs, tenant, {}, mark.charge.value, sum});
    }
  }
}

Stored<Matcher> match(Snapshot& snapshot) {
  auto postings = Head<Posting>::of(snapshot.postings_by_request());
  if (!postings) return base::Fail{postings.error()};
  auto holds = Head<HoldRow>::of(snapshot.holds_by_request());
  if (!holds) return base::Fail{holds.error()};
  auto voids = Head<VoidRow>::of(snapshot.voids_by_request());
  if (!voids) return base::Fail{voids.error()};
  auto receipts = Head<Receipt>::of(snapshot.receipts_by_request());
  if (!receipts) return base::Fail{receipts.error()};
  return Matcher(std::move(*postings), std::move(*holds), std::move(*voids), std::move(*receipts));
}

}  // namespace

Stored<base::Done> requests(Snapshot& snapshot, CheckReport& report) {
  auto marks = marks_of(snapshot);
  if (!marks) return base::Fail{marks.error()};
  auto matcher = match(snapshot);
  if (!matcher) return base::Fail{matcher.error()};
  std::map<terms::TenantId, std::int64_t> open;
  std::map<terms::TenantId, std::int64_t> gone;
  for (;;) {
    auto story = matcher->next();
    if (!story) return base::Fail{story.error()};
    if (!story->has_value()) break;
    const bool is_gone = (*story)->without_receipt() && marks->contains((*story)->tenant);
    judge(**story, is_gone, report);
    if (is_gone) gone[(*story)->tenant] += (*story)->charged;
    if (const auto& hold = (*story)->open) {
      open[hold->tenant] += hold->amount.value;
      report.open_holds += 1;
    }
  }
  compare_gone(report, *marks, gone);
  return compare_holds(snapshot, report, std::move(open));
}

}  // namespace ledger::check_passes
