// Usage, and whether the books are right.
#include "handlers.hpp"

#include <algorithm>
#include <array>

#include <notation/id_text.hpp>
#include <notation/money_text.hpp>
#include <notation/time_text.hpp>
#include <settle/audit.hpp>

namespace admin {
namespace {

using base::Fail;
using notation::to_text;

struct Range {
  base::UnixNs from;
  base::UnixNs to;
};

/// ?from= and ?to=; this month where they are not given.
base::Result<Range, Problem> asked_range(const Call& call) {
  const auto month = notation::parse_month(notation::month_text(call.around.clock.now()));
  Range range{month->from, month->to};
  for (const auto& [name, target] : {std::pair{"from", &range.from}, std::pair{"to", &range.to}}) {
    if (const auto text = call.query(name)) {
      const auto time = notation::parse_time(*text);
      if (!time) {
        return Fail{invalid(name, std::string(name) + " must be a UTC time such as 2026-11-23 or "
                                                      "2026-11-23T21:00:00Z")};
      }
      *target = *time;
    }
  }
  if (range.from >= range.to) {
    return Fail{invalid("from", "from must be before to")};
  }
  return range;
}

/// ?group_by=, a list with commas; by model where it is not given.
base::Result<ledger::Grouping, Problem> asked_grouping(const Call& call) {
  ledger::Grouping grouping;
  const std::string text = call.query("group_by").value_or("model");
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, comma - at);
    at = comma + 1;
    if (word == "model") {
      grouping.by_model = true;
    } else if (word == "key") {
      grouping.by_key = true;
    } else if (word == "price_list") {
      grouping.by_price_list = true;
    } else if (word == "hour") {
      grouping.bucket = ledger::Bucket::hour;
    } else if (word == "day") {
      grouping.bucket = ledger::Bucket::day;
    } else if (word == "month") {
      grouping.bucket = ledger::Bucket::month;
    } else if (word != "none") {
      return Fail{invalid("group_by",
                          "group_by is none, or a list of model, key, price_list and "
                          "one of hour, day, month, with commas")};
    }
  }
  return grouping;
}

json::object shown(const Call& call, const ledger::UsageLine& line,
                   const ledger::Grouping& grouping) {
  json::object object;
  if (grouping.bucket != ledger::Bucket::none) {
    object["start"] = to_text(line.start);
  }
  if (grouping.by_model) {
    object["model"] = call.around.registry.model_name(line.model);
  }
  if (grouping.by_key) {
    const auto key = call.around.registry.key(line.key);
    object["key"] = key == nullptr ? "" : key->name;
    object["key_id"] = line.key.value;
  }
  if (grouping.by_price_list) {
    object["price_list"] = line.price_list.value;
  }
  object["requests"] = line.requests;
  object["input_tokens"] = line.input.value;
  object["cached_input_tokens"] = line.cached.value;
  object["output_tokens"] = line.output.value;
  object["charge"] = to_text(line.charge);
  return object;
}

struct Words {
  ledger::FindingKind kind;
  const char* code;
  const char* meaning;
};

constexpr std::array words_of_findings = {
    Words{ledger::FindingKind::posting_malformed, "posting_malformed",
          "a posting moves money in a way that is not allowed"},
    Words{ledger::FindingKind::went_below_zero, "went_below_zero",
          "an account was below zero after some posting"},
    Words{ledger::FindingKind::available_differs, "available_differs",
          "the stored balance is not what the postings give"},
    Words{ledger::FindingKind::held_differs, "held_differs",
          "the stored held amount is not what the postings give"},
    Words{ledger::FindingKind::house_differs, "house_differs",
          "the operator's revenue or outside account is not what the postings give"},
    Words{ledger::FindingKind::sum_not_zero, "sum_not_zero", "the accounts do not add up to zero"},
    Words{ledger::FindingKind::holds_differ, "holds_differ",
          "the open holds do not add up to the held amount"},
    Words{ledger::FindingKind::hold_differs, "hold_differs",
          "an open hold is not what was posted for it"},
    Words{ledger::FindingKind::held_twice, "held_twice", "a request was held more than once"},
    Words{ledger::FindingKind::never_ended, "never_ended",
          "a hold is neither open nor settled nor voided"},
    Words{ledger::FindingKind::ended_twice, "ended_twice", "a hold ended more than once"},
    Words{ledger::FindingKind::end_differs, "end_differs",
          "what a hold's end charged and gave back is not what was held"},
    Words{ledger::FindingKind::receipt_differs, "receipt_differs",
          "a receipt's charge is not what was posted"},
    Words{ledger::FindingKind::receipt_missing, "receipt_missing",
          "a charge was posted without a receipt"},
    Words{ledger::FindingKind::top_up_twice, "top_up_twice", "a top-up was posted more than once"},
    Words{ledger::FindingKind::owner_differs, "owner_differs",
          "the parts of a request belong to more than one tenant"},
    Words{ledger::FindingKind::sequence_gap, "sequence_gap",
          "a receipt's number does not follow the one before it"},
    Words{ledger::FindingKind::sequence_differs, "sequence_differs",
          "the last receipt's number is not the tenant's"},
    Words{ledger::FindingKind::usage_differs, "usage_differs",
          "the sums of usage are not those of the receipts"},
    Words{ledger::FindingKind::charge_wrong, "charge_wrong",
          "a receipt's charge is not its usage at its prices"},
    Words{ledger::FindingKind::chain_broken, "chain_broken",
          "a receipt does not point back at the one before it"},
    Words{ledger::FindingKind::credited_differs, "credited_differs",
          "the stored sum of top-ups is not what was posted"},
    Words{ledger::FindingKind::balance_differs, "balance_differs",
          "a receipt's balance is not what was credited less what was charged"},
    Words{ledger::FindingKind::leaf_gap, "leaf_gap",
          "a number is missing in the order of the log's entries"},
    Words{ledger::FindingKind::leaves_differ, "leaves_differ",
          "the log has not as many entries as its size says"},
    Words{ledger::FindingKind::leaf_missing, "leaf_missing", "a receipt is not in the log"},
    Words{ledger::FindingKind::leaf_differs, "leaf_differs",
          "an entry of the log is not the commitment to its receipt"},
    Words{ledger::FindingKind::gone_differs, "gone_differs",
          "what was charged without a receipt is not what the receipts charged that are not kept"},
    Words{ledger::FindingKind::gone_leaves, "gone_leaves",
          "the log's entries without a receipt are not as many as receipts are not kept"},
};

bool is_a_number(ledger::FindingKind kind) {
  using enum ledger::FindingKind;
  return kind == sequence_gap || kind == sequence_differs || kind == leaf_gap ||
         kind == leaves_differ || kind == leaf_missing || kind == leaf_differs ||
         kind == gone_leaves;
}

/// A finding's values, in the unit of what it tells.
std::string value_text(ledger::FindingKind kind, std::int64_t value) {
  return is_a_number(kind) ? std::to_string(value) : to_text(base::Nano{value});
}

json::object shown(const Call& call, const ledger::Finding& finding) {
  const auto same = [&](const Words& words) { return words.kind == finding.kind; };
  const auto* words = std::find_if(words_of_findings.begin(), words_of_findings.end(), same);
  base::invariant(words != words_of_findings.end(), "every kind of finding has its words");
  json::object object{{"code", words->code}, {"meaning", words->meaning}};
  if (finding.tenant.valid()) {
    const auto tenant = call.around.registry.tenant(finding.tenant);
    object["tenant"] =
        tenant == nullptr ? "id " + std::to_string(finding.tenant.value) : tenant->name;
  }
  if (finding.request.valid()) {
    object["request"] = to_text(finding.request);
  }
  object["expected"] = value_text(finding.kind, finding.expected);
  object["found"] = value_text(finding.kind, finding.found);
  return object;
}

}  // namespace

Answer usage(const Call& call) {
  const auto tenant = tenant_asked(call);
  const auto range = asked_range(call);
  const auto grouping = asked_grouping(call);
  if (!tenant.ok() || !range.ok() || !grouping.ok()) {
    return Fail{!tenant.ok() ? tenant.error() : !range.ok() ? range.error() : grouping.error()};
  }
  const auto lines = call.around.reader.usage(tenant.value()->id, range.value().from,
                                              range.value().to, grouping.value());
  if (!lines.ok()) {
    return Fail{of(lines.error())};
  }
  json::array data;
  for (const ledger::UsageLine& line : lines.value()) {
    data.emplace_back(shown(call, line, grouping.value()));
  }
  const auto list = call.around.registry.price_list(call.around.clock.now());
  return json::object{{"object", "usage"},
                      {"tenant", tenant.value()->name},
                      {"from", to_text(range.value().from)},
                      {"to", to_text(range.value().to)},
                      {"currency", list == nullptr ? "" : list->currency},
                      {"data", std::move(data)}};
}

Answer show_books(const Call& call) {
  const BooksFacts& books = call.around.books;
  return json::object{{"ledger", books.where}, {"id", books.id}, {"shared", books.shared}};
}

Answer check_ledger(const Call& call) {
  const auto snapshot = call.around.reader.snapshot();
  if (!snapshot.ok()) {
    return Fail{of(snapshot.error())};
  }
  const auto report = settle::audit(*snapshot.value());
  if (!report.ok()) {
    return Fail{of(report.error())};
  }
  json::array findings;
  std::uint64_t count = report.value().finding_count;
  if (call.around.books.compare) {
    if (const auto same = call.around.books.compare(); !same.ok()) {
      findings.emplace_back(json::object{
          {"code", "parts_differ"}, {"meaning", same.error()}, {"expected", ""}, {"found", ""}});
      count += 1;
    }
  }
  for (const ledger::Finding& finding : report.value().findings) {
    findings.emplace_back(shown(call, finding));
  }
  return json::object{{"ok", count == 0},
                      {"finding_count", count},
                      {"findings", std::move(findings)},
                      {"tenants", report.value().tenants},
                      {"postings", report.value().postings},
                      {"receipts", report.value().receipts},
                      {"open_holds", report.value().open_holds},
                      {"leaves", report.value().leaves}};
}

}  // namespace admin
