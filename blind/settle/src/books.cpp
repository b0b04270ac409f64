#include <settle/books.hpp>

#include <algorithm>
#include <type_traits>

#include <ledger/rules.hpp>
#include <ledger/working_set.hpp>

#include "expected.hpp"
#include "pipeline.hpp"

namespace settle {
namespace {

using ledger::Stored;
using ledger::WorkingSet;

constexpr std::uint32_t recovered_at_once = 256;

bool is_bug(const Outcome& outcome) {
  const Refused* refused = std::get_if<Refused>(&outcome);
  return refused != nullptr &&
         (refused->why == Refusal::bad_command || refused->why == Refusal::usage_over_hold);
}

Stored<base::Done> commit(WorkingSet& set) {
  auto flushed = set.flush();
  if (!flushed) return flushed;
  return set.txn().commit();
}

/// Ends up to recovered_at_once holds of a server. Returns how many there were.
Stored<std::uint64_t> end_some(WorkingSet& set, terms::ServerId server, base::UnixNs now) {
  auto holds = set.txn().open_holds(server, {}, recovered_at_once);
  if (!holds) return base::Fail{holds.error()};
  ledger::Expected expected = expected_at(now);
  for (const ledger::HoldRow& hold : *holds) {
    expected.requests.push_back(hold.request);
  }
  auto fetched = set.txn().expect(expected);
  if (!fetched) return base::Fail{fetched.error()};
  for (const ledger::HoldRow& hold : *holds) {
    auto undone = ledger::undo(set, hold, now);
    if (!undone) return base::Fail{undone.error()};
  }
  return holds->size();
}

bool asks_again(std::span<const Command> batch, terms::RequestId request) {
  return std::any_of(batch.begin(), batch.end(), [request](const Command& command) {
    const Hold* hold = std::get_if<Hold>(&command);
    return hold != nullptr && hold->request == request;
  });
}

}  // namespace

ledger::Stored<std::uint64_t> Books::recover(base::UnixNs now) {
  std::uint64_t voided = 0;
  for (;;) {
    auto txn = journal_.begin();
    if (!txn) return base::Fail{txn.error()};
    WorkingSet set(**txn);
    auto ended = end_some(set, server_of(**txn), now);
    if (!ended) return ended;
    auto committed = commit(set);
    if (!committed) return base::Fail{committed.error()};
    voided += *ended;
    if (*ended < recovered_at_once) break;
  }
  auto others = tend(now);
  if (!others) return others;
  return voided + *others;
}

ledger::Stored<std::uint64_t> Books::tend(base::UnixNs now) {
  auto cleared = undo_doubtful({});
  if (!cleared) return base::Fail{cleared.error()};
  std::uint64_t voided = 0;
  for (;;) {
    auto txn = journal_.begin();
    if (!txn) return base::Fail{txn.error()};
    WorkingSet set(**txn);
    auto lapsed = set.txn().lapsed_servers();
    if (!lapsed) return base::Fail{lapsed.error()};
    if (!lapsed->empty()) {
      auto ended = end_some(set, lapsed->front(), now);
      if (!ended) return ended;
      voided += *ended;
      if (*ended < recovered_at_once) {
        auto forgotten = set.txn().forget(lapsed->front());
        if (!forgotten) return base::Fail{forgotten.error()};
      }
    }
    auto committed = commit(set);
    if (!committed) return base::Fail{committed.error()};
    if (lapsed->empty()) return voided;
  }
}

ledger::Stored<base::Done> Books::probe() {
  auto txn = journal_.begin();
  if (!txn) return base::Fail{txn.error()};
  auto house = (*txn)->house();
  if (!house) return base::Fail{house.error()};
  auto put = (*txn)->put(*house);
  if (!put) return put;
  return (*txn)->commit();
}

std::vector<Outcome> Books::apply(std::span<const Command> batch) {
  if (batch.empty()) {
    return {};
  }
  auto outcomes = try_apply(batch);
  if (!outcomes) {
    last_store_error_ = outcomes.error();
    return std::vector<Outcome>(batch.size(), Outcome{Refused{}});
  }
  bugs_refused_ +=
      static_cast<std::uint64_t>(std::count_if(outcomes->begin(), outcomes->end(), is_bug));
  return std::move(outcomes).value();
}

ledger::Stored<std::vector<Outcome>> Books::try_apply(std::span<const Command> batch) {
  auto cleared = undo_doubtful(batch);
  if (!cleared) return base::Fail{cleared.error()};
  auto txn = journal_.begin();
  if (!txn) return base::Fail{txn.error()};
  WorkingSet set(**txn);
  auto fetched = set.txn().expect(expected_of(batch));
  if (!fetched) return base::Fail{fetched.error()};
  const terms::ServerId server = server_of(**txn);
  std::vector<Hold> placed;
  std::vector<Outcome> outcomes;
  outcomes.reserve(batch.size());
  for (const Command& command : batch) {
    auto outcome = std::visit(
        [&](const auto& that) {
          if constexpr (std::is_same_v<std::decay_t<decltype(that)>, Hold>) {
            return carry_out(set, that, server, placed);
          } else {
            return carry_out(set, that);
          }
        },
        command);
    if (!outcome) return base::Fail{outcome.error()};
    outcomes.push_back(*outcome);
  }
  auto flushed = set.flush();
  if (!flushed) return base::Fail{flushed.error()};
  auto committed = set.txn().commit();
  if (!committed) {
    // A hold that was only said again is in no doubt: it was answered, and somebody uses it.
    doubtful_.insert(doubtful_.end(), placed.begin(), placed.end());
    return base::Fail{committed.error()};
  }
  doubtful_.clear();  // what was left of them was asked again, and is answered now
  return outcomes;
}

ledger::Stored<base::Done> Books::undo_doubtful(std::span<const Command> batch) {
  if (doubtful_.empty()) {
    return base::Done{};
  }
  auto txn = journal_.begin();
  if (!txn) return base::Fail{txn.error()};
  WorkingSet set(**txn);
  ledger::Expected expected = expected_at(doubtful_.back().now);
  for (const Hold& doubtful : doubtful_) {
    expected.requests.push_back(doubtful.request);
  }
  auto fetched = set.txn().expect(expected);
  if (!fetched) return fetched;
  for (const Hold& doubtful : doubtful_) {
    if (asks_again(batch, doubtful.request)) {
      continue;  // its caller is still there, and will end it
    }
    auto hold = set.txn().hold(doubtful.request);
    if (!hold) return base::Fail{hold.error()};
    if (hold->has_value()) {
      auto undone = ledger::undo(set, **hold, doubtful.now);
      if (!undone) return undone;
    }
  }
  auto committed = commit(set);
  if (!committed) return committed;
  std::erase_if(doubtful_, [batch](const Hold& hold) { return !asks_again(batch, hold.request); });
  return base::Done{};
}

}  // namespace settle
