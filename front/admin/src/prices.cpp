// Price lists and what is served at their prices.
#include "handlers.hpp"

#include <notation/id_text.hpp>

namespace admin {
namespace {

using base::Fail;

json::array as_array(const registry::Findings& findings) {
  json::array list;
  for (const std::string& finding : findings) {
    list.emplace_back(finding);
  }
  return list;
}

Problem refused(const registry::Findings& findings) {
  std::string message = "the price list was not published: ";
  const char* comma = "";
  for (const std::string& finding : findings) {
    message += comma + finding;
    comma = "; ";
  }
  return {400, "price_list_refused", message, ""};
}

}  // namespace

Answer current_prices(const Call& call) {
  const base::UnixNs now = call.around.clock.now();
  const registry::ListPtr current = call.around.registry.price_list(now);
  json::array to_come;
  for (const registry::ListPtr& list : call.around.registry.price_lists()) {
    if (list->list.valid_from > now) {
      to_come.emplace_back(shown(*list));
    }
  }
  json::object object{{"current", nullptr}, {"to_come", std::move(to_come)}};
  if (current != nullptr) {
    object["current"] = shown(*current);
  }
  return object;
}

Answer price_list(const Call& call) {
  const auto version = notation::parse_count(call.parts.at(0));
  const registry::ListPtr list =
      version ? call.around.registry.price_list(terms::PriceListId{*version}) : nullptr;
  if (list == nullptr) {
    return Fail{Problem{404, "price_list_not_found",
                        "no price list has this version; versions are 1 .. " +
                            std::to_string(call.around.registry.price_lists().size()),
                        "version"}};
  }
  return shown(*list);
}

Answer check_prices(const Call& call) {
  const auto draft = registry::parse_price_document(call.request.body);
  const registry::Findings findings =
      draft.ok() ? call.around.registry.check(draft.value()) : draft.error();
  return json::object{{"ok", findings.empty()}, {"findings", as_array(findings)}};
}

Answer publish_prices(const Call& call) {
  const auto draft = registry::parse_price_document(call.request.body);
  if (!draft.ok()) {
    return Fail{refused(draft.error())};
  }
  const auto list = call.around.registry.publish(draft.value());
  if (!list.ok()) {
    return Fail{list.error().error ? of(*list.error().error, "") : refused(list.error().findings)};
  }
  return shown(*list.value());
}

Answer list_models(const Call& call) {
  json::array data;
  if (call.around.models) {
    const base::UnixNs now = call.around.clock.now();
    for (const ServedModel& model : call.around.models()) {
      const auto id = call.around.registry.model_id(model.name);
      data.push_back(
          json::object{{"name", model.name},
                       {"file", model.file.string()},
                       {"context", model.context},
                       {"loaded", model.loaded},
                       {"priced", id && call.around.registry.prices(*id, now).has_value()}});
    }
  }
  return list_of(std::move(data));
}

}  // namespace admin
