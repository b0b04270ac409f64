#include <bill/events.hpp>

#include <utility>

#include <boost/json.hpp>
#include <notation/end_text.hpp>
#include <notation/id_text.hpp>
#include <notation/money_text.hpp>

#include "lookup.hpp"

namespace bill {
namespace {

namespace json = boost::json;
using base::Fail;
using ledger::Stored;
using notation::to_text;

constexpr std::uint32_t receipts_a_piece = 200;

json::object data_of(const registry::Registry& registry, const ledger::Receipt& receipt) {
  const registry::ListPtr list = registry.price_list(receipt.price_list);
  return {{"sequence", receipt.sequence},
          {"key", receipt.key.value},
          {"model", registry.model_name(receipt.model)},
          {"price_list", receipt.price_list.value},
          {"input_tokens", receipt.usage.input.value},
          {"cached_input_tokens", receipt.usage.cached.value},
          {"output_tokens", receipt.usage.output.value},
          {"charge", to_text(receipt.charge)},
          {"currency",
           list == nullptr ? currency_at(registry, receipt.time) : std::string(list->currency)},
          {"held_at_ns", std::to_string(receipt.held_at.value)},
          {"settled_at_ns", std::to_string(receipt.time.value)},
          {"end", to_text(receipt.end)}};
}

std::string line_of(const registry::Registry& registry, const ledger::Receipt& receipt,
                    std::uint64_t cursor) {
  json::object event{{"specversion", "1.0"},
                     {"id", to_text(receipt.id)},
                     {"source", "/v1/receipts"},
                     {"type", "mains.receipt.v1"},
                     {"time", to_text(receipt.time)}};
  if (receipt.account.valid()) {
    event["subject"] = to_text(terms::RequestId{receipt.account.high, receipt.account.low});
  }
  event["datacontenttype"] = "application/json";
  event["cursor"] = std::to_string(cursor);
  event["data"] = data_of(registry, receipt);
  return json::serialize(event) + "\n";
}

class EventPages final : public Pages {
 public:
  EventPages(const Source& source, registry::TenantPtr tenant, std::uint64_t after)
      : source_(source), tenant_(std::move(tenant)), cursor_(after) {}

  Stored<std::optional<std::string>> next() override {
    if (over_) {
      return std::optional<std::string>{};
    }
    const auto receipts =
        tenant_ == nullptr ? source_.reader.receipts_of_leaves(cursor_, receipts_a_piece)
                           : source_.reader.receipts_after(tenant_->id, cursor_, receipts_a_piece);
    over_ = !receipts.ok() || receipts->size() < receipts_a_piece;
    if (!receipts.ok()) {
      return Fail{receipts.error()};
    }
    std::string piece;
    for (const ledger::Receipt& receipt : receipts.value()) {
      // Of the log: how long it was once this was in it.
      cursor_ = tenant_ == nullptr ? receipt.leaf + 1 : receipt.sequence;
      piece += line_of(source_.registry, receipt, cursor_);
    }
    return piece.empty() ? std::optional<std::string>{} : std::optional(std::move(piece));
  }

 private:
  const Source source_;
  const registry::TenantPtr tenant_;
  std::uint64_t cursor_;
  bool over_ = false;
};

}  // namespace

Document cloud_events(const Source& source, registry::TenantPtr tenant, std::uint64_t after) {
  const std::string of = tenant == nullptr ? "" : "-" + tenant->name;
  return {"application/x-ndjson", "events" + of + ".jsonl", "",
          std::make_unique<EventPages>(source, std::move(tenant), after)};
}

}  // namespace bill
