#include "liabilities.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <notation/id_text.hpp>
#include <notation/time_text.hpp>
#include <receipt/digest.hpp>
#include <receipt/sum_tree.hpp>

namespace tlog {
namespace {

using base::Fail;

constexpr std::size_t entry_bytes = 24;

struct Entry {
  terms::Pseudonym account;
  base::Nano balance;
};

void put_u64(std::vector<std::uint8_t>& bytes, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::uint64_t u64_at(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + 8; ++i) {
    value = value << 8U | bytes.at(i);
  }
  return value;
}

std::vector<std::uint8_t> bytes_of(const std::vector<Entry>& entries) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(entries.size() * entry_bytes);
  for (const Entry& entry : entries) {
    put_u64(bytes, entry.account.high);
    put_u64(bytes, entry.account.low);
    put_u64(bytes, static_cast<std::uint64_t>(entry.balance.value));
  }
  return bytes;
}

std::vector<Entry> entries_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<Entry> entries;
  for (std::size_t at = 0; at + entry_bytes <= bytes.size(); at += entry_bytes) {
    entries.push_back({{u64_at(bytes, at), u64_at(bytes, at + 8)},
                       {static_cast<std::int64_t>(u64_at(bytes, at + 16))}});
  }
  return entries;
}

/// The day's secret makes a salt for each account that nobody else can guess.
terms::Digest salt_of(const terms::Digest& seed, terms::Pseudonym account) {
  std::vector<std::uint8_t> bytes;
  put_u64(bytes, account.high);
  put_u64(bytes, account.low);
  receipt::Hasher hasher;
  hasher.add_bytes(receipt::to_bytes(seed));
  hasher.add_bytes(bytes);
  return hasher.digest();
}

base::Result<receipt::SumTree, receipt::SumError> tree_of(const std::vector<Entry>& entries,
                                                          const terms::Digest& seed) {
  std::vector<receipt::SumNode> leaves;
  leaves.reserve(entries.size());
  for (const Entry& entry : entries) {
    leaves.push_back(receipt::sum_leaf(salt_of(seed, entry.account), entry.account, entry.balance));
  }
  return receipt::SumTree::over(std::move(leaves));
}

std::string document_of(const receipt::SumTree& tree, base::UnixNs at) {
  const receipt::SumNode root = tree.root();
  return "{\"accounts\":" + std::to_string(tree.size()) + ",\"at_ns\":\"" +
         std::to_string(at.value) + "\",\"day\":\"" + day_of(at) +
         "\",\"format\":\"mains.liabilities.v1\",\"root_sha256\":\"" +
         notation::to_text(root.hash) + "\",\"total_nano\":\"" + std::to_string(root.sum.value) +
         "\"}";
}

/// Every tenant's balance, by account; and that they are what came in and was not spent.
Answer<std::vector<Entry>> balances(
    ledger::Snapshot& snapshot,
    const std::function<terms::Pseudonym(terms::TenantId)>& account_of) {
  auto house = snapshot.house();
  auto tenants = snapshot.tenants();
  if (!house.ok() || !tenants.ok()) {
    return Fail{Error::ledger_unavailable};
  }
  std::vector<Entry> entries;
  std::uint64_t sum = 0;
  for (;;) {
    auto row = (*tenants)->next();
    if (!row.ok()) {
      return Fail{Error::ledger_unavailable};
    }
    if (!row->has_value()) break;
    const auto balance = base::checked_add((*row)->row.available, (*row)->row.held);
    const terms::Pseudonym account = account_of((*row)->tenant);
    if (!balance) {
      return Fail{Error::sum_differs};
    }
    if (!account.valid() && balance->value == 0) {
      continue;  // a tenant that was deleted: nothing is owed to nobody
    }
    if (!account.valid()) {
      return Fail{Error::no_account};
    }
    entries.push_back({account, *balance});
    sum += static_cast<std::uint64_t>(balance->value);
  }
  const std::uint64_t owed = std::uint64_t{0} - static_cast<std::uint64_t>(house->outside.value) -
                             static_cast<std::uint64_t>(house->revenue.value);
  if (sum != owed) {
    return Fail{Error::sum_differs};
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.account < b.account; });
  return entries;
}

}  // namespace

std::string day_of(base::UnixNs at) {
  return notation::to_text(at).substr(0, 10);
}

std::string_view day_in(std::string_view document) {
  static constexpr std::string_view before = "\"day\":\"";
  const std::size_t at = document.find(before);
  return at == std::string_view::npos ? std::string_view{}
                                      : document.substr(at + before.size(), 10);
}

Answer<DayRow> add_up(ledger::Reader& reader,
                      const std::function<terms::Pseudonym(terms::TenantId)>& account_of,
                      base::UnixNs at, const terms::Digest& seed) {
  auto snapshot = reader.snapshot();
  if (!snapshot.ok()) {
    return Fail{Error::ledger_unavailable};
  }
  auto entries = balances(**snapshot, account_of);
  if (!entries.ok()) {
    return Fail{entries.error()};
  }
  auto tree = tree_of(entries.value(), seed);
  if (!tree.ok()) {
    return Fail{Error::sum_differs};
  }
  return DayRow{document_of(tree.value(), at), seed, bytes_of(entries.value())};
}

std::optional<OwnBalance> place_of(const DayRow& day, terms::Pseudonym account) {
  const std::vector<Entry> entries = entries_of(day.balances);
  const auto found = std::find_if(entries.begin(), entries.end(), [account](const Entry& entry) {
    return entry.account == account;
  });
  auto tree = tree_of(entries, day.seed);
  if (found == entries.end() || !tree.ok()) {
    return std::nullopt;
  }
  const auto index = static_cast<std::uint64_t>(found - entries.begin());
  return OwnBalance{
      account,     found->balance, index, salt_of(day.seed, account), tree.value().path(index),
      day.document};
}

}  // namespace tlog
