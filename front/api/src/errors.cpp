#include "errors.hpp"

#include <algorithm>
#include <string>

#include <notation/id_text.hpp>
#include <wire/anthropic_write.hpp>
#include <wire/openai_write.hpp>

namespace api {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

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
      return try_later(problem(429, "rate_limit_exceeded",
                               "This key's limit of requests per minute is reached."),
                       refused.retry_after);
    case Refusal::too_many_tokens:
      return try_later(
          problem(429, "rate_limit_exceeded", "This key's limit of tokens per minute is reached."),
          refused.retry_after);
    case Refusal::too_many_parallel:
      return try_later(
          problem(429, "rate_limit_exceeded", "This key's limit of parallel requests is reached."),
          refused.retry_after);
    case Refusal::tokens_over_limit:
      return problem(400, "request_over_token_limit",
                     "This request alone needs more tokens than this key may use in a minute. "
                     "Shorten the prompt or ask for fewer tokens.");
    case Refusal::duplicate: {
      Problem p = refused.earlier_settled
                      ? problem(409, "idempotency_key_served",
                                "A request with this Idempotency-Key was already served and "
                                "charged once; x-receipt-id names its receipt. Answers are never "
                                "stored, so it cannot be given again: use a new key.")
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
  const std::int64_t seconds = std::max<std::int64_t>(1, (wait.value + ns_per_s - 1) / ns_per_s);
  problem.headers.emplace_back("retry-after", std::to_string(seconds));
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

Problem no_such_route(std::string_view /*path*/) {
  return problem(404, "route_not_found",
                 "There is no such route. Most clients want a base URL that ends in /v1; "
                 "Anthropic clients want it without.");
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

Problem unfit(const serve::Unfit& unfit) {
  using Kind = serve::Unfit::Kind;
  switch (unfit.kind) {
    case Kind::empty_prompt:
      return problem(400, "empty_prompt", "The prompt has no tokens.", "prompt");
    case Kind::context_exceeded: {
      const std::string context = std::to_string(unfit.context);
      const std::string input = std::to_string(unfit.input);
      const std::string asked =
          unfit.output_asked > 0 ? " and " + std::to_string(unfit.output_asked) + " were asked for"
                                 : "";
      return problem(400, "context_length_exceeded",
                     "This model's context is " + context + " tokens; the prompt has " + input +
                         asked +
                         ". Shorten it, ask for fewer tokens, or use a model with a larger "
                         "context.",
                     "messages");
    }
    case Kind::no_chat_template:
      return problem(400, "no_chat_template",
                     "This model has no chat template. Use /v1/completions.", "model");
    case Kind::bad_conversation:
      return problem(400, "invalid_messages",
                     "The model's chat template refuses this conversation: check the order of "
                     "roles and the tool messages.",
                     "messages");
    case Kind::always_thinks:
      return problem(400, "thinking_cannot_be_switched_off",
                     "This model always thinks before it answers: its template has no way to "
                     "switch that off. Leave the field out, or use another model.",
                     "thinking");
    case Kind::never_thinks:
      return problem(400, "thinking_not_supported",
                     "This model's template knows no thinking. Leave the field out, or use another "
                     "model.",
                     "thinking");
    case Kind::bad_schema:
      return problem(400, "invalid_schema",
                     "The JSON schema (response_format or a tool's parameters) cannot be enforced. "
                     "Simplify it.",
                     "response_format");
    case Kind::bad_token:
      return problem(400, "invalid_token", "A token id is not in this model's vocabulary.",
                     "prompt");
    case Kind::no_embeddings:
      return problem(400, "model_cannot_embed", "This model cannot make embeddings.", "model");
    case Kind::cannot_generate:
      return problem(400, "model_cannot_generate",
                     "This model only makes embeddings. Use /v1/embeddings.", "model");
    case Kind::engine_failed: break;
  }
  return problem(500, "engine_failed", "The engine failed. Nothing was charged. Try again.");
}

Problem failed(const serve::Failed& failed) {
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
                     "and the tools. Nothing was charged.");
    case FailureKind::too_costly:
      return problem(
          400, "constraint_too_costly",
          "Holding the answer to this schema, grammar or these tools took more work than "
          "one token may cost, so the request was ended. Nothing was charged. Simplify "
          "patterns, alternatives and nested repetitions.");
    case FailureKind::cancelled: return wrong_key();
    case FailureKind::not_recorded:
      return try_later(problem(503, "ledger_unavailable",
                               "The ledger could not record the charge of this answer in time, so "
                               "the answer is not given and not charged (unless a receipt with the "
                               "id in x-receipt-id says so). Try again."),
                       {ns_per_s});
    case FailureKind::recorded_later:
      return problem(503, "ledger_unavailable",
                     "The answer is complete, but the ledger cannot record its charge at the "
                     "moment. It is recorded as soon as the ledger works again; x-receipt-id names "
                     "the receipt.");
    case FailureKind::engine_failed: break;
  }
  return problem(500, "engine_failed", "The engine failed. Nothing was charged. Try again.");
}

Problem broken_off(terms::EndReason why) {
  if (why == terms::EndReason::cancel) {
    return problem(401, "invalid_api_key",
                   "The key was revoked while this request ran. What was decoded is charged.");
  }
  return problem(500, "engine_failed",
                 "The engine failed in the middle of the answer. What was decoded is charged.");
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
    case Refusal::handler_failed: break;
  }
  return problem(code, "internal_error", "The server failed to answer. Try again.");
}

http::Response to_response(const Problem& problem, std::string_view path) {
  http::Response response;
  response.status = static_cast<unsigned>(problem.error.status);
  response.headers = problem.headers;
  response.body = path.starts_with("/v1/messages") ? wire::anthropic_error(problem.error)
                                                   : wire::openai_error(problem.error);
  return response;
}

}  // namespace api
