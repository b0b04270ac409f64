// Faults, in the words of the protocol that asked, with what to do next.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <http/message.hpp>
#include <serve/hall.hpp>
#include <serve/stream.hpp>
#include <wire/answer.hpp>

namespace api {

/// An error and the headers that belong to it (retry-after, x-receipt-id, x-should-retry).
struct Problem {
  wire::ApiError error;
  std::vector<std::pair<std::string, std::string>> headers;
};

[[nodiscard]] Problem problem(int status, std::string code, std::string message,
                              std::string param = {});
/// Wait before trying again; seconds are rounded up, 1 .. 59. Some clients take no notice of 60
/// and more, and come back at once.
[[nodiscard]] Problem try_later(Problem problem, base::SpanNs wait);

[[nodiscard]] Problem no_key();
[[nodiscard]] Problem wrong_key();
[[nodiscard]] Problem admin_key_elsewhere();
/// The tenant's share of the threads that prepare requests, or read, is taken.
[[nodiscard]] Problem too_much_waiting();
/// Quotes, counts, prefixes and refused requests of the last minute.
/// of_key   the bound is the key's own; else its tenant's
[[nodiscard]] Problem too_much_unpaid(base::SpanNs wait, bool of_key);
[[nodiscard]] Problem no_funds();
[[nodiscard]] Problem ledger_unavailable();
[[nodiscard]] Problem out_of_memory();
[[nodiscard]] Problem no_such_model();
[[nodiscard]] Problem model_without_price();
[[nodiscard]] Problem body_error(const wire::ParseError& error);
/// form   the field that gave the answer's form; empty: none did
[[nodiscard]] Problem failed(const serve::Failed& failed, std::string_view form = {});
/// A request that ended in the middle, charged for what was decoded.
[[nodiscard]] Problem broken_off(terms::EndReason why);
/// A refusal of the HTTP server, before a handler saw the request.
[[nodiscard]] Problem refused(http::Refusal reason, unsigned status);

/// The problem of a body that is compressed; nothing where it is not.
[[nodiscard]] std::optional<Problem> coded_body(const http::Request& request);

/// Routes under /v1/messages answer in Anthropic's form, all others in OpenAI's. Says where asking
/// again cannot help.
[[nodiscard]] http::Response to_response(const Problem& problem, std::string_view path,
                                         const std::string& request_id);

}  // namespace api
