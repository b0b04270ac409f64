// A tenant's month as a document, and everybody's for other programs.
#include <bill/document.hpp>
#include <bill/events.hpp>
#include <bill/focus.hpp>
#include <bill/proof_statement.hpp>
#include <bill/statement.hpp>
#include <notation/id_text.hpp>

#include "handlers.hpp"

namespace admin {

namespace {

using base::Fail;

base::Result<notation::Period, Problem> month_asked(const Call& call) {
  const auto period = bill::asked_month(call.query("month"), call.around.clock.now());
  if (!period) {
    return Fail{invalid("month", "month must be a month until now, such as 2026-11")};
  }
  return *period;
}

/// The tenant of ?tenant=, else all, and those that were deleted: what they used was billed.
base::Result<std::vector<registry::TenantPtr>, Problem> tenants_asked(const Call& call) {
  if (!call.query("tenant")) {
    std::vector<registry::TenantPtr> all = call.around.registry.tenants();
    for (registry::TenantPtr& left : call.around.registry.deleted_tenants()) {
      all.push_back(std::move(left));
    }
    return all;
  }
  const auto tenant = tenant_asked(call);
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  return std::vector{tenant.value()};
}

Problem of(bill::ProofFault fault) {
  const std::string words(bill::describe(fault));
  switch (fault) {
    case bill::ProofFault::before_the_log: return {409, "older_than_the_log", words, "month"};
    case bill::ProofFault::not_kept: return {410, "receipts_not_kept", words, "month"};
    case bill::ProofFault::not_logged_yet: return {503, "not_yet_in_the_log", words, ""};
    case bill::ProofFault::no_such_size:
    case bill::ProofFault::corrupt: return {500, "books_and_log_differ", words, ""};
    case bill::ProofFault::store: break;
  }
  return {503, "store_unavailable", words, ""};
}

std::optional<bill::LogView> view_of(std::optional<tlog::Log::Tree> tree) {
  if (!tree) {
    return std::nullopt;
  }
  return bill::LogView{std::move(tree->checkpoint), tree->size, std::move(tree->tiles)};
}

/// What the tenant itself gets from GET /v1/statement?format=proof.
DocumentAnswer proof(const Call& call, const registry::Tenant& tenant, notation::Period period) {
  tlog::Log* log = call.around.log;
  if (log == nullptr) {
    return Fail{of(bill::ProofFault::store)};
  }
  auto document =
      bill::proof_document(call.source(), tenant, period, view_of(log->witnessed_tree()),
                           view_of(log->tree()), std::nullopt);
  if (!document.ok()) {
    return Fail{of(document.error())};
  }
  return std::move(document).value();
}

}  // namespace

DocumentAnswer show_bill(const Call& call) {
  const auto tenant = tenant_asked(call);
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  const auto period = month_asked(call);
  if (!period.ok()) {
    return Fail{period.error()};
  }
  const std::string word = call.query("format").value_or("json");
  if (word == "proof") {
    return proof(call, *tenant.value(), period.value());
  }
  const auto format = bill::parse_format(word);
  if (!format) {
    return Fail{invalid("format", "format is " + std::string(bill::format_words()) + ", or proof")};
  }
  const auto statement = bill::make_statement(call.source(), *tenant.value(), *period);
  if (!statement.ok()) {
    return Fail{of(statement.error())};
  }
  return bill::write(statement.value(), *format);
}

DocumentAnswer export_focus(const Call& call) {
  const auto period = month_asked(call);
  if (!period.ok()) {
    return Fail{period.error()};
  }
  auto tenants = tenants_asked(call);
  if (!tenants.ok()) {
    return Fail{tenants.error()};
  }
  return bill::focus_csv(call.source(), std::move(tenants).value(), period.value());
}

DocumentAnswer export_events(const Call& call) {
  const auto after = notation::parse_count(call.query("after").value_or("0"));
  if (!after) {
    return Fail{invalid("after",
                        "after is the cursor of the last event that you have; or leave "
                        "it out to begin at the start")};
  }
  registry::TenantPtr tenant;
  if (call.query("tenant")) {
    const auto asked = tenant_asked(call);
    if (!asked.ok()) {
      return Fail{asked.error()};
    }
    tenant = asked.value();
  }
  return bill::cloud_events(call.source(), std::move(tenant), *after);
}

}  // namespace admin
