// A customer's month with everything that is needed to check it alone, sent as it is made.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <bill/proof_statement.hpp>
#include <note/checkpoint.hpp>

#include "inside.hpp"

namespace api {
namespace {

using Begun = base::Result<std::unique_ptr<bill::ProofStatement>, bill::ProofFault>;

Problem problem_of(bill::ProofFault fault) {
  switch (fault) {
    case bill::ProofFault::not_logged_yet:
      return try_later(problem(503, "not_yet_in_the_log",
                               "Not all of the month is under a checkpoint yet; it will be within "
                               "a second or two."),
                       {1'000'000'000});
    case bill::ProofFault::before_the_log:
      return problem(409, "older_than_the_log",
                     "The month has receipts that are older than the log; ask for a later month.");
    case bill::ProofFault::no_such_size:
      return problem(400, "invalid_since", "The log was never of that size.", "since");
    case bill::ProofFault::corrupt:
      return problem(500, "books_and_log_differ",
                     "The books and the log do not fit together; the operator has to look at it.");
    case bill::ProofFault::store: break;
  }
  return try_later(problem(503, "ledger_unavailable", "The ledger cannot be read just now."),
                   {1'000'000'000});
}

}  // namespace

asio::awaitable<void> Api::Inside::proof_statement(Call& call, registry::TenantPtr tenant,
                                                   notation::Period period) {
  const auto since_text = call.request.query("since");
  const auto since = note::parse_size(since_text.value_or("0"));
  if (!since) {
    co_await fail(call, problem(400, "invalid_since",
                                "'since' is the size of a checkpoint that you kept.", "since"));
    co_return;
  }
  const bill::Source source{around_.registry, around_.reader, around_.clock};
  Begun begun = co_await on_desk(call, [&]() -> Begun {
    const auto under = [&](std::optional<tlog::Log::Tree> tree) -> Begun {
      if (!tree) {
        return base::Fail{bill::ProofFault::not_logged_yet};
      }
      return bill::ProofStatement::begin(
          source, *tenant, period,
          {std::move(tree->checkpoint), tree->size, std::move(tree->tiles)},
          since_text ? since : std::nullopt);
    };
    // With a witness's cosignature where that covers the month, else under the newest checkpoint.
    Begun cosigned = under(around_.log.witnessed_tree());
    const bool enough = cosigned.ok() && (*cosigned)->whole();
    return enough ? std::move(cosigned) : under(around_.log.tree());
  });
  if (!begun.ok()) {
    co_await fail(call, problem_of(begun.error()));
    co_return;
  }
  bill::ProofStatement& statement = *begun.value();
  auto piece = co_await on_desk(call, [&] { return statement.next(); });
  if (!piece.ok()) {
    co_await fail(call, problem_of(piece.error()));
    co_return;
  }
  const std::string name = tenant->name + "-" + notation::month_text(period.from) + ".jsonl";
  around_.metrics.on_answer(200);
  std::vector<std::pair<std::string, std::string>> headers;
  headers.emplace_back("content-disposition", "attachment; filename=\"" + name + "\"");
  headers.emplace_back("cache-control", "no-store");
  headers.emplace_back("x-content-type-options", "nosniff");
  bool there = co_await call.exchange.begin_stream(200, "application/x-ndjson", std::move(headers));
  while (there && piece.ok() && !piece.value().empty()) {
    there = co_await call.exchange.write(piece.value());
    piece = co_await on_desk(call, [&] { return statement.next(); });
  }
  // What fails in the middle is a broken stream, and a statement without its last line.
  if (there && piece.ok()) {
    co_await call.exchange.end_stream();
  }
}

}  // namespace api
