#include "errors.hpp"

#include <algorithm>
#include <string>

#include <notation/id_text.hpp>
#include <wire/anthropic_write.hpp>
#include <wire/openai_write.hpp>

namespace api {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

std::int64_t whole_seconds(base::SpanNs wait) {
  return std::max<std::int64_t>(1, (wait.value + ns_per_s - 1) / ns_per_s);
}

/// Says how long to wait, in the text also where the header says less.
Problem limit_reached(std::string limit, base::SpanNs wait) {
  return try_later(
      problem(429, "rate_limit_exceeded",
              "This key's limit of " + std::move(limit) + " is reached. Try again in " +
                  std::to_string(whole_seconds(wait)) + " s."),
      wait);
}

/// Clients made by Stainless (openai, @anthropic-ai/sdk) do not repeat what has this header.
Problem not_again(Problem problem) {
  problem.headers.emplace_back("x-should-retry", "false");
  return problem;
}

Problem refused_by_books(const settle::Refused& refused) {
  using settle::Refusal;
  switch (refused.why) {
    case Refusal::insufficient_balance:
      return problem(402, "insufficient_quota",
                     "The balance does not cover the highest possible charge of this request. Add "
                     "credit, or ask for fewer tokens (max_tokens) or choices (n).");
    case Refusal::cap_reached:
      return problem(402, "insufficient_quota",
                     "This key's spending cap for the month does not cover the highest possible "
                     "charge of this request. Raise the cap, ask for fewer tokens, or wait for the "
                     "next month (UTC).");
    case Refusal::too_many_requests:
      return limit_reached("requests per minute", refused.retry_after);
    case Refusal::too_many_tokens: return limit_reached("tokens per minute", refused.retry_after);
    case Refusal::too_many_parallel: return limit_reached("parallel requests", refused.retry_after);
    case Refusal::tokens_over_limit:
      return problem(400, "request_over_token_limit",
                     "This request alone needs more tokens than this key may use in a minute. "
                     "Shorten the prompt or ask for fewer tokens.");
    case Refusal::duplicate: {
      Problem p =
          refused.earlier_settled
              ? not_again(problem(409, "idempotency_key_served",
                                  "A request with this Idempotency-Key was already served and "
                                  "charged once; x-receipt-id names its receipt. Answers are "
                                  "never stored, so it cannot be given again: use a new key."))
              : problem(409, "idempotency_key_in_use",
                        "A request with this Idempotency-Key is still running. Wait for "
                        "its answer.");
      p.headers.emplace_back("x-receipt-id", notation::to_text(refused.earlier));
      return p;
    }
    case Refusal::overflow:
      return problem(400, "charge_overflow",
                     "The highest possible charge of this request cannot be expressed. Ask for "
                     "fewer tokens.");
    case Refusal::already_ended:
      return try_later(problem(503, "server_was_away",
                               "This server could not be reached by its ledger for so long that "
                               "the request was ended without it. Nothing was charged. Try again."),
                       {ns_per_s});
    default:
      return try_later(problem(503, "ledger_unavailable",
                               "The ledger cannot record this request at the moment, so it is not "
                               "run. Nothing was charged. Try again."),
                       {ns_per_s});
  }
}

}  // namespace

Problem problem(int status, std::string code, std::string message, std::string param) {
  return {{status, std::move(message), std::move(param), std::move(code)}, {}};
}

Problem try_later(Problem problem, base::SpanNs wait) {
  constexpr std::int64_t told_max = 59;
  problem.headers.emplace_back("retry-after",
                               std::to_string(std::min(told_max, whole_seconds(wait))));
  return problem;
}

Problem no_key() {
  return problem(401, "missing_api_key",
                 "No API key. Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.");
}

Problem wrong_key() {
  return problem(401, "invalid_api_key",
                 "This API key is not valid: it is mistyped or was revoked. Ask the operator for a "
                 "new one ('mains key create').");
}

Problem admin_key_elsewhere() {
  return problem(401, "admin_key_cannot_run_inference",
                 "This is an admin key: it manages tenants and keys and cannot run inference. Use "
                 "a tenant's key ('mains key create').");
}

Problem too_much_waiting() {
  return try_later(problem(429, "too_many_waiting",
                           "Too many of this account's requests wait to be read or prepared. "
                           "Nothing was charged. Wait for their answers, then try again."),
                   {ns_per_s});
}

Problem too_much_unpaid(base::SpanNs wait, bool of_key) {
  const char* const text =
      of_key ? "This key's own limit of requests a minute is reached; quotes, token "
               "counts, prefixes and refused requests count, too."
             : "This account's limit of unpaid requests is reached: quotes, token counts, "
               "prefixes and refused requests of all its keys within a minute.";
  return try_later(problem(429, "rate_limit_exceeded", text), wait);
}

Problem no_funds() {
  return problem(402, "insufficient_quota",
                 "This account has no money, so nothing is done for it. Add credit.");
}

Problem ledger_unavailable() {
  return try_later(
      problem(503, "ledger_unavailable", "The ledger cannot be read at the moment. Try again."),
      {ns_per_s});
}

Problem out_of_memory() {
  return try_later(problem(503, "out_of_memory",
                           "The server has no memory left for this request. Nothing was charged. "
                           "Try again later, or send less at a time."),
                   {ns_per_s});
}

Problem no_such_model() {
  return problem(404, "model_not_found",
                 "This model is not served here. GET /v1/models lists those that are.", "model");
}

Problem model_without_price() {
  return problem(404, "model_not_found",
                 "This model has no price in the current price list, and nothing is served without "
                 "one. The operator can publish a list with it ('mains price publish').",
                 "model");
}

Problem body_error(const wire::ParseError& error) {
  return {wire::ApiError::of(error), {}};
}

Problem failed(const serve::Failed& failed, std::string_view form) {
  using serve::FailureKind;
  switch (failed.kind) {
    case FailureKind::refused_by_books: return refused_by_books(failed.refused);
    case FailureKind::queue_full:
      return try_later(
          problem(429, "server_busy", "The queue is full. Nothing was charged. Try again."),
          {ns_per_s});
    case FailureKind::draining:
      return try_later(problem(503, "shutting_down",
                               "The server is shutting down. Nothing was charged. Try again."),
                       {5 * ns_per_s});
    case FailureKind::bad_request:
      return problem(400, "invalid_constraint",
                     "The model cannot follow this constraint: check logit_bias, the JSON schema "
                     "and the tools. Nothing was charged.",
                     std::string(form));
    case FailureKind::too_costly:
      return problem(
          400, "constraint_too_costly",
          "Holding the answer to this schema, grammar or these tools took more work than "
          "one token may cost, so the request was ended. Nothing was charged. Simplify "
          "patterns, alternatives and nested repetitions.",
          std::string(form));
    case FailureKind::cancelled: return wrong_key();
    case FailureKind::not_recorded:
      return try_later(problem(503, "ledger_unavailable",
                               "The ledger could not record the charge of this answer in time, so "
                               "the answer is not given and not charged (unless a receipt with the "
                               "id in x-receipt-id says so). Try again."),
                       {ns_per_s});
    case FailureKind::recorded_later:
      return not_again(
          problem(503, "ledger_unavailable",
                  "The answer is complete, but the ledger cannot record its charge at the "
                  "moment. It is recorded as soon as the ledger works again; x-receipt-id "
                  "names the receipt."));
    case FailureKind::engine_failed: break;
  }
  return problem(500, "engine_failed", "The engine failed. Nothing was charged. Try again.");
}

Problem broken_off(terms::EndReason why) {
  if (why == terms::EndReason::cancel) {
    return problem(401, "invalid_api_key",
                   "The key was revoked while this request ran. What was decoded is charged.");
  }
  return not_again(problem(500, "engine_failed",
                           "The engine failed in the middle of the answer. What was decoded is "
                           "charged."));
}

Problem refused(http::Refusal reason, unsigned status) {
  using http::Refusal;
  const int code = static_cast<int>(status);
  switch (reason) {
    case Refusal::malformed: return problem(code, "bad_http", "The request is not valid HTTP/1.1.");
    case Refusal::header_late:
    case Refusal::body_late:
      return problem(code, "request_timeout", "The request did not arrive in time.");
    case Refusal::body_too_large:
      return problem(code, "body_too_large", "The body is larger than this server accepts.");
    case Refusal::header_too_large:
      return problem(code, "header_too_large", "The header is larger than this server accepts.");
    case Refusal::overloaded:
      return try_later(problem(code, "too_many_connections", "Too many connections."), {ns_per_s});
    case Refusal::out_of_memory: return out_of_memory();
    case Refusal::handler_failed: break;
  }
  return problem(code, "internal_error", "The server failed to answer. Try again.");
}

std::optional<Problem> coded_body(const http::Request& request) {
  const std::string_view coding = request.header("content-encoding");
  if (coding.empty() || request.body.empty() || http::equal_without_case(coding, "identity")) {
    return std::nullopt;
  }
  std::string name = "This encoding";
  for (const std::string_view known : {"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}) {
    if (http::equal_without_case(coding, known)) {
      name = "Content-Encoding: " + std::string(known);
    }
  }
  Problem coded = problem(415, "unsupported_content_encoding",
                          name +
                              " is not taken here. Send the body as it is, without a "
                              "Content-Encoding header.");
  coded.headers.emplace_back("accept-encoding", "identity");
  return coded;
}

namespace {

/// Whether the same request may fare better later.
bool may_be_repeated(int status) {
  return status >= 500 || status == 408 || status == 409 || status == 429;
}

}  // namespace

http::Response to_response(const Problem& problem, std::string_view path,
                           const std::string& request_id) {
  http::Response response;
  response.status = static_cast<unsigned>(problem.error.status);
  response.headers = problem.headers;
  if (!may_be_repeated(problem.error.status)) {
    response.headers.emplace_back("x-should-retry", "false");
  }
  if (problem.error.status == 401) {
    response.headers.emplace_back("www-authenticate", "Bearer");
  }
  if (path.starts_with("/v1/messages")) {
    wire::ApiError named = problem.error;
    named.request_id = request_id;
    response.body = wire::anthropic_error(named);
  } else {
    response.body = wire::openai_error(problem.error);
  }
  return response;
}

}  // namespace api
