#include "answer.hpp"

#include <algorithm>

#include <notation/id_text.hpp>
#include <notation/money_text.hpp>
#include <notation/time_text.hpp>

namespace admin {

using base::Fail;
using notation::to_text;

Problem invalid(std::string param, std::string message) {
  return {400, "invalid_value", std::move(message), std::move(param)};
}

Problem of(registry::Error error, std::string param) {
  const std::string message(registry::describe(error));
  switch (error) {
    case registry::Error::bad_name: return {400, "invalid_value", message, std::move(param)};
    case registry::Error::name_taken: return {409, "name_taken", message, std::move(param)};
    case registry::Error::unknown_tenant:
      return {404, "tenant_not_found", message, std::move(param)};
    case registry::Error::unknown_list:
      return {404, "price_list_not_found", message, std::move(param)};
    case registry::Error::list_in_force:
      return {409, "price_list_in_force", message, std::move(param)};
    case registry::Error::no_price_key:
    case registry::Error::other_price_key: return {409, "price_key", message, ""};
    case registry::Error::unknown_key: return {404, "key_not_found", message, std::move(param)};
    default: return {503, "store_unavailable", message, ""};
  }
}

Problem of(ledger::StoreError error) {
  const auto say = [](const char* message) {
    return Problem{503, "store_unavailable", message, ""};
  };
  switch (error) {
    case ledger::StoreError::busy: return say("another process holds the books; try again");
    case ledger::StoreError::full:
      return say("no space is left for the books; free some and try again");
    case ledger::StoreError::read_only:
      return say("the books cannot be written; check owner and permissions of the data folder");
    case ledger::StoreError::corrupt:
      return say("the books are damaged; run `mains ledger check`, or restore a backup");
    case ledger::StoreError::gone: return say("the books are not there; check the data folder");
    case ledger::StoreError::newer_schema:
      return say("the books were written by a newer version of mains: use that one");
    case ledger::StoreError::older_schema:
      return say("the books are of an older version; start `mains serve` once to bring them up");
    case ledger::StoreError::io: break;
  }
  return say("the books cannot be read or written; check the disk and try again");
}

Reply to_reply(const Problem& problem) {
  const char* type = problem.status >= 500 ? "server_error" : "invalid_request_error";
  json::value param = nullptr;
  if (!problem.param.empty()) {
    param = problem.param;
  }
  return {problem.status,
          json::serialize(json::object{{"error", json::object{{"message", problem.message},
                                                              {"type", type},
                                                              {"code", problem.code},
                                                              {"param", param}}}})};
}

Reply to_reply(Answer answer, unsigned status_if_good) {
  return answer.ok() ? Reply{status_if_good, json::serialize(answer.value())}
                     : to_reply(answer.error());
}

Reply to_reply(DocumentAnswer answer, unsigned status_if_good) {
  if (!answer.ok()) {
    return to_reply(answer.error());
  }
  bill::Document& document = answer.value();
  return {status_if_good, std::move(document.body), std::move(document.content_type),
          std::move(document.more)};
}

Fields::Fields(std::string_view body) {
  if (body.empty()) {
    return;
  }
  boost::system::error_code error;
  json::value root = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !root.is_object()) {
    problem_ = Problem{400, "invalid_json", "the body is no JSON object", ""};
    return;
  }
  object_ = std::move(root.get_object());
}

Fields::Fields(const json::object& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {}

const json::value* Fields::take(std::string_view name) {
  known_.emplace_back(name);
  const json::value* value = object_.if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

void Fields::fail(Problem problem) {
  if (!problem_) {
    problem_ = std::move(problem);
  }
}

void Fields::wrong(std::string_view name, std::string message) {
  const std::string full = prefix_ + std::string(name);
  fail(invalid(full, full + " " + message));
}

std::optional<std::string> Fields::text(std::string_view name) {
  const json::value* value = take(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string()) {
    wrong(name, "must be text");
    return std::nullopt;
  }
  return std::string(value->get_string());
}

std::string Fields::needed_text(std::string_view name) {
  auto value = text(name);
  if (!value) {
    wrong(name, "is missing");
  }
  return value.value_or("");
}

std::optional<bool> Fields::flag(std::string_view name) {
  const json::value* value = take(name);
  if (value != nullptr && !value->is_bool()) {
    wrong(name, "must be true or false");
    return std::nullopt;
  }
  return value == nullptr ? std::nullopt : std::optional(value->get_bool());
}

std::optional<std::uint64_t> Fields::count(std::string_view name) {
  const json::value* value = take(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  boost::system::error_code error;
  const auto number = value->is_double() ? -1 : value->to_number<std::int64_t>(error);
  if (error || number < 0) {
    wrong(name, "must be a whole number, 0 .. 9223372036854775807 (0 = no limit)");
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(number);
}

std::optional<base::Nano> Fields::amount(std::string_view name, bool may_be_negative) {
  const json::value* value = take(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string()) {
    wrong(name, "must be text such as \"5.00\": only text is exact");
    return std::nullopt;
  }
  const std::string_view given = value->get_string();
  const auto amount =
      may_be_negative ? notation::parse_signed_amount(given) : notation::parse_amount(given);
  if (!amount.ok()) {
    wrong(name, std::string(notation::describe(amount.error())));
    return std::nullopt;
  }
  return amount.value();
}

std::optional<json::object> Fields::object(std::string_view name) {
  const json::value* value = take(name);
  if (value != nullptr && !value->is_object()) {
    wrong(name, "must be an object");
    return std::nullopt;
  }
  return value == nullptr ? std::nullopt : std::optional(value->get_object());
}

std::optional<Problem> Fields::problem() {
  if (problem_) {
    return problem_;
  }
  for (const auto& [name, value] : object_) {
    if (std::find(known_.begin(), known_.end(), std::string_view(name)) == known_.end()) {
      std::string known;
      for (const std::string& each : known_) {
        known += (known.empty() ? "" : ", ") + each;
      }
      return invalid(prefix_ + std::string(name), "unknown field; known here: " + known);
    }
  }
  return std::nullopt;
}

json::object shown(const registry::Tenant& tenant) {
  return {{"id", tenant.id.value}, {"name", tenant.name}, {"created", to_text(tenant.created)}};
}

json::object shown(const registry::Key& key) {
  json::object object{{"id", key.id.value},
                      {"name", key.name},
                      {"prefix", key.prefix},
                      {"admin", key.admin()},
                      {"created", to_text(key.created)},
                      {"revoked_at", nullptr}};
  if (key.revoked()) {
    object["revoked_at"] = to_text(key.revoked_at);
  }
  if (!key.admin()) {
    object["tenant"] = key.tenant_name;
    object["limits"] = json::object{{"requests_per_minute", key.limits.requests_per_minute},
                                    {"tokens_per_minute", key.limits.tokens_per_minute},
                                    {"parallel_requests", key.limits.parallel_requests},
                                    {"cap_per_month", to_text(key.limits.cap_per_month)}};
  }
  return object;
}

json::object shown(const registry::PublishedList& list) {
  json::array models;
  for (const registry::NamedPrices& model : list.models) {
    models.push_back(json::object{{"model", model.model},
                                  {"input_per_mtok", to_text(model.prices.input)},
                                  {"cached_input_per_mtok", to_text(model.prices.cached)},
                                  {"output_per_mtok", to_text(model.prices.output)}});
  }
  return {{"version", list.list.id.value},
          {"currency", list.currency},
          {"valid_from", to_text(list.list.valid_from)},
          {"published", to_text(list.published)},
          {"models", std::move(models)},
          {"hash_sha256", list.hash},
          {"signature_ed25519", list.signature},
          {"public_key", list.public_key},
          {"canonical", list.canonical},
          {"withdrawn", list.withdrawn}};
}

json::object list_of(json::array data) {
  return {{"object", "list"}, {"data", std::move(data)}};
}

base::Result<registry::TenantPtr, Problem> tenant_named(const Call& call, std::string_view name) {
  auto tenant = call.around.registry.tenant(name);
  if (tenant == nullptr && call.around.registry.catch_up()) {
    tenant = call.around.registry.tenant(name);
  }
  if (tenant == nullptr) {
    return Fail{Problem{404, "tenant_not_found",
                        "no tenant has this name; `mains tenant list` shows all", "tenant"}};
  }
  return tenant;
}

base::Result<registry::TenantPtr, Problem> tenant_asked(const Call& call) {
  const auto name = call.query("tenant");
  if (!name || name->empty()) {
    return Fail{invalid("tenant", "say whose: ?tenant=NAME")};
  }
  const std::size_t mark = name->starts_with('#') ? 1 : 0;
  if (const auto account = notation::parse_request_id(name->substr(mark))) {
    if (auto left = call.around.registry.deleted_tenant({account->high, account->low})) {
      return left;
    }
  }
  return tenant_named(call, *name);
}

settle::Limits read_limits(Fields& fields, settle::Limits limits) {
  limits.requests_per_minute =
      fields.count("requests_per_minute").value_or(limits.requests_per_minute);
  limits.tokens_per_minute = fields.count("tokens_per_minute").value_or(limits.tokens_per_minute);
  limits.parallel_requests = fields.count("parallel_requests").value_or(limits.parallel_requests);
  limits.cap_per_month = fields.amount("cap_per_month", false).value_or(limits.cap_per_month);
  return limits;
}

terms::RequestId fresh_id(const Call& call) {
  return {call.around.random.next(), call.around.random.next()};
}

}  // namespace admin
