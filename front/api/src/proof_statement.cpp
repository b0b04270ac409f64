// A customer's month with everything that is needed to check it alone, sent as it is made.
#include <memory>
#include <string>
#include <utility>

#include <bill/proof_statement.hpp>
#include <note/checkpoint.hpp>

#include "inside.hpp"

namespace api {
namespace {

using Made = base::Result<bill::Document, bill::ProofFault>;

std::optional<bill::LogView> view_of(std::optional<tlog::Log::Tree> tree) {
  if (!tree) {
    return std::nullopt;
  }
  return bill::LogView{std::move(tree->checkpoint), tree->size, std::move(tree->tiles)};
}

Problem problem_of(bill::ProofFault fault) {
  const std::string words(bill::describe(fault));
  switch (fault) {
    case bill::ProofFault::not_logged_yet:
      return try_later(problem(503, "not_yet_in_the_log", words), {1'000'000'000});
    case bill::ProofFault::before_the_log: return problem(409, "older_than_the_log", words);
    case bill::ProofFault::not_kept: return problem(410, "receipts_not_kept", words);
    case bill::ProofFault::no_such_size: return problem(400, "invalid_since", words, "since");
    case bill::ProofFault::corrupt: return problem(500, "books_and_log_differ", words);
    case bill::ProofFault::store: break;
  }
  return try_later(problem(503, "ledger_unavailable", words), {1'000'000'000});
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
  std::optional<Made> slowly_made = co_await slowly(call, Weight::heavy, [&] {
    return bill::proof_document(source, *tenant, period, view_of(around_.log.witnessed_tree()),
                                view_of(around_.log.tree()), since_text ? since : std::nullopt);
  });
  if (!slowly_made.has_value()) {
    co_await fail(call, too_much_waiting());
    co_return;
  }
  Made made = std::move(*slowly_made);
  if (!made.ok()) {
    co_await fail(call, problem_of(made.error()));
    co_return;
  }
  bill::Document& document = made.value();
  http::Response response;
  response.headers.emplace_back("content-disposition",
                                "attachment; filename=\"" + document.file_name + "\"");
  response.headers.emplace_back("cache-control", "no-store");
  response.headers.emplace_back("x-content-type-options", "nosniff");
  response.content_type = std::move(document.content_type);
  response.body = std::move(document.body);
  auto pages = std::move(document.more);
  co_await send_pages(call, std::move(response), std::move(pages), Weight::heavy);
}

}  // namespace api
