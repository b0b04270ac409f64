#include "usage.hpp"

#include <ledger/month.hpp>

namespace store {
namespace {

base::UnixNs start_of_bucket(base::UnixNs time, ledger::Bucket bucket) {
  switch (bucket) {
    case ledger::Bucket::none: return {};
    case ledger::Bucket::hour: return ledger::floor_to(time, ledger::one_hour);
    case ledger::Bucket::day: return ledger::floor_to(time, ledger::one_day);
    case ledger::Bucket::month: return ledger::start_of(ledger::month_of(time));
  }
  return {};
}

}  // namespace

void UsageTable::add(const ledger::UsageLine& line) {
  ledger::UsageLine group;
  group.start = start_of_bucket(line.start, grouping_.bucket);
  group.model = grouping_.by_model ? line.model : terms::ModelId{};
  group.key = grouping_.by_key ? line.key : terms::KeyId{};
  group.price_list = grouping_.by_price_list ? line.price_list : terms::PriceListId{};
  const Key key{group.start.value, group.model.value, group.key.value, group.price_list.value};
  ledger::UsageLine& sum = lines_.try_emplace(key, group).first->second;
  sum.requests += line.requests;
  sum.input.value += line.input.value;
  sum.cached.value += line.cached.value;
  sum.output.value += line.output.value;
  // Charges are money that came in, of which there is less than 2^63.
  sum.charge.value += line.charge.value;
}

std::vector<ledger::UsageLine> UsageTable::lines() const {
  std::vector<ledger::UsageLine> lines;
  lines.reserve(lines_.size());
  for (const auto& [key, line] : lines_) {
    lines.push_back(line);
  }
  return lines;
}

UsageParts parts_of(base::UnixNs from, base::UnixNs to) {
  const std::int64_t hour = ledger::one_hour.value;
  const base::UnixNs last_hour = ledger::floor_to(to, ledger::one_hour);
  base::UnixNs first_hour = ledger::floor_to(from, ledger::one_hour);
  if (first_hour < from && first_hour < last_hour) {
    first_hour.value += hour;
  }
  if (first_hour >= last_hour) {
    return {.head = {from, to}, .tail = {}};
  }
  return {.head = {from, first_hour},
          .tail = {last_hour, to},
          .first_hour = first_hour.value / hour,
          .last_hour = last_hour.value / hour};
}

ledger::UsageLine line_of(const ledger::Receipt& receipt) {
  return {.start = receipt.time,
          .model = receipt.model,
          .key = receipt.key,
          .price_list = receipt.price_list,
          .requests = 1,
          .input = {receipt.usage.input.value},
          .cached = {receipt.usage.cached.value},
          .output = {receipt.usage.output.value},
          .charge = receipt.charge};
}

}  // namespace store
