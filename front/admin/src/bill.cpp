// A tenant's month as a document.
#include <bill/document.hpp>
#include <bill/statement.hpp>

#include "handlers.hpp"

namespace admin {

using base::Fail;

DocumentAnswer show_bill(const Call& call) {
  const auto tenant = tenant_asked(call);
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  const auto period = bill::asked_month(call.query("month"), call.around.clock.now());
  if (!period) {
    return Fail{invalid("month", "month must be a month until now, such as 2026-11")};
  }
  const auto format = bill::parse_format(call.query("format").value_or("json"));
  if (!format) {
    return Fail{invalid("format", "format is " + std::string(bill::format_words()))};
  }
  const auto statement = bill::make_statement(call.source(), *tenant.value(), *period);
  if (!statement.ok()) {
    return Fail{of(statement.error())};
  }
  return bill::write(statement.value(), *format);
}

}  // namespace admin
