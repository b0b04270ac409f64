#include "receipt_range.hpp"

#include <algorithm>

namespace bill {
namespace {

using base::Fail;
using base::UnixNs;
using ledger::Stored;

constexpr std::uint32_t page_rows = 256;
constexpr std::uint32_t disorder_rows = 4096;

Stored<std::optional<ledger::Receipt>> earliest(ledger::Reader& reader, terms::TenantId tenant,
                                                UnixNs from, UnixNs to) {
  const auto found = reader.receipts(tenant, from, to, {}, 1);
  if (!found.ok()) {
    return Fail{found.error()};
  }
  return found.value().empty() ? std::nullopt : std::optional(found.value().front());
}

UnixNs plus(UnixNs time, base::SpanNs span) {
  return base::checked_add(time, UnixNs{span.value}).value_or(UnixNs::max());
}

}  // namespace

Stored<std::optional<std::uint64_t>> first_from(ledger::Reader& reader, terms::TenantId tenant,
                                                UnixNs time) {
  const auto any = earliest(reader, tenant, time, UnixNs::max());
  if (!any.ok()) {
    return Fail{any.error()};
  }
  if (!any.value()) {
    return std::optional<std::uint64_t>{};
  }
  const auto near = reader.receipts(tenant, time, plus(time, disorder_max), {}, disorder_rows);
  if (!near.ok()) {
    return Fail{near.error()};
  }
  std::uint64_t first = any.value()->sequence;
  for (const ledger::Receipt& receipt : near.value()) {
    first = std::min(first, receipt.sequence);
  }
  return std::optional(first);
}

Stored<std::optional<ledger::Receipt>> last_before(ledger::Reader& reader, terms::TenantId tenant,
                                                   UnixNs time) {
  UnixNs there{0};
  UnixNs gone = time;
  while (gone.value - there.value > 1) {
    const UnixNs middle{there.value + (gone.value - there.value) / 2};
    const auto found = earliest(reader, tenant, middle, time);
    if (!found.ok()) {
      return Fail{found.error()};
    }
    (found.value() ? there : gone) = middle;
  }
  const UnixNs from{std::max<std::int64_t>(there.value - disorder_max.value, 0)};
  const auto near = reader.receipts(tenant, from, time, {}, disorder_rows);
  if (!near.ok()) {
    return Fail{near.error()};
  }
  const auto last =
      std::max_element(near.value().begin(), near.value().end(),
                       [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  return last == near.value().end() ? std::nullopt : std::optional(*last);
}

Stored<UnixNs> logged_until(ledger::Reader& reader, terms::TenantId tenant, UnixNs from, UnixNs to,
                            std::uint64_t size) {
  // Receipts enter the log in the order of their numbers, and so, but for a little, of their times.
  UnixNs in = from;  // what comes first from here is in the log
  UnixNs out = to;   // ... is not, or is nothing
  const auto first = earliest(reader, tenant, from, to);
  if (!first.ok()) {
    return Fail{first.error()};
  }
  if (first.value() && first.value()->leaf >= size) {
    return first.value()->time;
  }
  while (out.value - in.value > 1) {
    const UnixNs middle{in.value + (out.value - in.value) / 2};
    const auto found = earliest(reader, tenant, middle, to);
    if (!found.ok()) {
      return Fail{found.error()};
    }
    const bool logged = found.value() && found.value()->leaf < size;
    (logged ? in : out) = middle;
  }
  const auto next = earliest(reader, tenant, out, to);
  if (!next.ok()) {
    return Fail{next.error()};
  }
  return next.value() ? next.value()->time : to;
}

Stored<std::optional<ledger::Receipt>> ReceiptFeed::next() {
  while (end_.value_or(next_ + 1) > next_) {
    if (const auto found = waiting_.find(next_); found != waiting_.end()) {
      const ledger::Receipt receipt = found->second;
      waiting_.erase(found);
      ++next_;
      return std::optional(receipt);
    }
    if (read_all_) {
      break;
    }
    const auto page = reader_.receipts(tenant_, from_, to_, mark_, page_rows);
    if (!page.ok()) {
      return Fail{page.error()};
    }
    read_all_ = page.value().size() < page_rows;
    for (const ledger::Receipt& receipt : page.value()) {
      mark_ = {receipt.time, receipt.sequence};
      if (receipt.sequence >= next_ && receipt.sequence < end_.value_or(UINT64_MAX)) {
        waiting_.emplace(receipt.sequence, receipt);
      }
    }
  }
  if (!waiting_.empty() || next_ < end_.value_or(0)) {
    return Fail{ledger::StoreError::corrupt};
  }
  return std::optional<ledger::Receipt>{};
}

}  // namespace bill
