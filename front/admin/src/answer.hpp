// Answers, and what may be wrong with a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <admin/admin.hpp>
#include <base/result.hpp>
#include <bill/document.hpp>
#include <boost/json.hpp>

namespace admin {

namespace json = boost::json;

/// Why a request got no answer: says what to do next.
struct Problem {
  unsigned status = 400;
  std::string code;
  std::string message;
  std::string param;  ///< The field or parameter meant; may be empty.
};

using Answer = base::Result<json::object, Problem>;
/// Of the routes that answer with a document instead of an object.
using DocumentAnswer = base::Result<bill::Document, Problem>;

[[nodiscard]] Problem invalid(std::string param, std::string message);
[[nodiscard]] Problem of(registry::Error error, std::string param);
[[nodiscard]] Problem of(ledger::StoreError error);
[[nodiscard]] Reply to_reply(const Problem& problem);
[[nodiscard]] Reply to_reply(Answer answer, unsigned status_if_good);
[[nodiscard]] Reply to_reply(DocumentAnswer answer, unsigned status_if_good);

/// A request on its way to a handler.
struct Call {
  const Surroundings& around;
  const Request& request;
  std::vector<std::string> parts;  ///< What stood for each {} of the route.

  [[nodiscard]] bill::Source source() const {
    return {around.registry, around.reader, around.clock};
  }
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const {
    return request.query ? request.query(name) : std::nullopt;
  }
};

/// The fields of a body, each read once. The first problem stays; unknown fields are one.
class Fields {
 public:
  explicit Fields(std::string_view body);
  /// Of an object inside: `prefix` names it in messages ("limits.").
  Fields(const json::object& object, std::string prefix);

  [[nodiscard]] std::optional<std::string> text(std::string_view name);
  [[nodiscard]] std::string needed_text(std::string_view name);
  [[nodiscard]] std::optional<bool> flag(std::string_view name);
  /// 0 .. 2^63-1.
  [[nodiscard]] std::optional<std::uint64_t> count(std::string_view name);
  /// A decimal in text, zero or more; with a sign where `may_be_negative`.
  [[nodiscard]] std::optional<base::Nano> amount(std::string_view name, bool may_be_negative);
  [[nodiscard]] std::optional<json::object> object(std::string_view name);

  /// Records a problem of a caller's own.
  void fail(Problem problem);
  /// To be asked when all fields were read.
  [[nodiscard]] std::optional<Problem> problem();

 private:
  const json::value* take(std::string_view name);
  void wrong(std::string_view name, std::string message);

  json::object object_;
  std::string prefix_;
  std::vector<std::string> known_;
  std::optional<Problem> problem_;
};

/// Names and times of records.
[[nodiscard]] json::object shown(const registry::Tenant& tenant);
[[nodiscard]] json::object shown(const registry::Key& key);
[[nodiscard]] json::object shown(const registry::PublishedList& list);
[[nodiscard]] json::object list_of(json::array data);

/// A tenant by its name.
[[nodiscard]] base::Result<registry::TenantPtr, Problem> tenant_named(const Call& call,
                                                                      std::string_view name);
/// The tenant of ?tenant=: its name, or the account of a deleted one.
[[nodiscard]] base::Result<registry::TenantPtr, Problem> tenant_asked(const Call& call);
/// Reads limits over those that stand; what is not given stays.
[[nodiscard]] settle::Limits read_limits(Fields& fields, settle::Limits limits);

/// A fresh id for a command.
[[nodiscard]] terms::RequestId fresh_id(const Call& call);

}  // namespace admin
