// What a store answers where it knows no faster way.
#include <ledger/reader.hpp>

#include <algorithm>
#include <limits>

#include <ledger/month.hpp>

namespace ledger {

Stored<Carried> Reader::carried(terms::TenantId tenant, Month month) {
  const base::UnixNs until = start_of(month);
  auto postings = top_ups(tenant, {0}, until, std::numeric_limits<std::uint32_t>::max());
  if (!postings) return base::Fail{postings.error()};
  auto lines = usage(tenant, {0}, until, {});
  if (!lines) return base::Fail{lines.error()};
  Carried sum;  // wraps where the books are so broken that it does not fit
  const auto add = [](base::Nano& to, std::int64_t amount) {
    to.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(to.value) +
                                         static_cast<std::uint64_t>(amount));
  };
  for (const Posting& posting : *postings) {
    const bool out = posting.kind == PostingKind::debit;
    add(sum.credited, out ? -posting.amount.value : posting.amount.value);
  }
  for (const UsageLine& line : *lines) {
    add(sum.charged, line.charge.value);
  }
  return sum;
}

Stored<std::vector<Receipt>> Reader::receipts_after(terms::TenantId tenant, std::uint64_t sequence,
                                                    std::uint32_t limit) {
  const auto any = std::numeric_limits<std::int64_t>::max();
  auto all = receipts(tenant, {0}, {any}, {}, std::numeric_limits<std::uint32_t>::max());
  if (!all) return all;
  std::erase_if(*all, [&](const Receipt& receipt) { return receipt.sequence <= sequence; });
  std::sort(all->begin(), all->end(),
            [](const Receipt& a, const Receipt& b) { return a.sequence < b.sequence; });
  all->resize(std::min<std::size_t>(all->size(), limit));
  return all;
}

Stored<std::vector<Receipt>> Reader::receipts_of_leaves(std::uint64_t leaf, std::uint32_t limit) {
  auto books = snapshot();
  if (!books) return base::Fail{books.error()};
  auto rows = (*books)->receipts_by_leaf();
  if (!rows) return base::Fail{rows.error()};
  std::vector<Receipt> found;
  while (found.size() < limit) {
    auto row = (*rows)->next();
    if (!row) return base::Fail{row.error()};
    if (!row->has_value()) break;
    if ((*row)->leaf >= leaf) found.push_back(**row);
  }
  return found;
}

Stored<std::optional<Carried>> Snapshot::month_sum(terms::TenantId) {
  return std::optional<Carried>{};
}

}  // namespace ledger
