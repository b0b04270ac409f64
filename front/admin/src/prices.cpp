// Price lists and what is served at their prices.
#include "handlers.hpp"
#include "price_changes.hpp"

#include <algorithm>

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

Problem unconfirmed(const std::vector<std::string>& doubts) {
  std::string message = "the price list was not published, because it needs a yes: ";
  const char* comma = "";
  for (const std::string& doubt : doubts) {
    message += comma + doubt;
    comma = "; ";
  }
  return {409, "price_list_needs_confirmation",
          message + ". Repeat it with --yes (\"confirm\": true) if all of that is meant",
          "confirm"};
}

json::array shown(const std::vector<PriceChange>& changes) {
  json::array list;
  for (const PriceChange& change : changes) {
    json::object object{
        {"model", change.model}, {"field", change.field}, {"before", nullptr}, {"after", nullptr}};
    if (!change.before.empty()) object["before"] = change.before;
    if (!change.after.empty()) object["after"] = change.after;
    list.emplace_back(std::move(object));
  }
  return list;
}

/// Against the list that holds when the draft begins.
PriceChanges changes_of(const Call& call, const registry::PriceDraft& draft) {
  const base::UnixNs now = call.around.clock.now();
  const auto before =
      call.around.registry.price_list(std::max(now, draft.valid_from.value_or(now)));
  std::vector<std::string> served;
  bool running = false;
  for (const ServedModel& model :
       call.around.models ? call.around.models() : std::vector<ServedModel>{}) {
    running = running || model.loaded;
    // Of a stopped server nobody knows what its config serves: only what has a price counts.
    if (model.loaded) {
      served.push_back(model.name);
    }
  }
  return compare(draft, before.get(), served, running);
}

/// A document, and the yes that may stand in it.
struct Asked {
  std::string document;
  bool confirm = false;
  bool bad_confirm = false;
};

Asked read_asked(std::string_view body) {
  boost::system::error_code error;
  json::value root = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !root.is_object() || !root.get_object().contains("confirm")) {
    return {std::string(body)};
  }
  const json::value confirm = root.get_object().at("confirm");
  root.get_object().erase("confirm");
  return {json::serialize(root), confirm.is_bool() && confirm.get_bool(), !confirm.is_bool()};
}

}  // namespace

Answer current_prices(const Call& call) {
  const base::UnixNs now = call.around.clock.now();
  const registry::ListPtr current = call.around.registry.price_list(now);
  json::array to_come;
  const auto lists = call.around.registry.lists_to_come(now);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    json::object list = shown(*lists[i]);
    // Of two for the same moment the later version holds.
    list["wins"] =
        i + 1 == lists.size() || lists[i + 1]->list.valid_from != lists[i]->list.valid_from;
    to_come.emplace_back(std::move(list));
  }
  json::object object{{"current", nullptr}, {"to_come", std::move(to_come)}};
  if (current != nullptr) {
    object["current"] = shown(*current);
  }
  return object;
}

Answer price_list(const Call& call) {
  const auto version = notation::parse_count(call.parts.at(0));
  const auto find = [&] {
    return version ? call.around.registry.price_list(terms::PriceListId{*version}) : nullptr;
  };
  registry::ListPtr list = find();
  if (list == nullptr && call.around.registry.catch_up()) {
    list = find();
  }
  if (list == nullptr) {
    return Fail{Problem{404, "price_list_not_found",
                        "no price list has this version; versions are 1 .. " +
                            std::to_string(call.around.registry.price_lists().size()),
                        "version"}};
  }
  return shown(*list);
}

Answer check_prices(const Call& call) {
  (void)call.around.registry.catch_up();
  const auto draft = registry::parse_price_document(call.request.body);
  const registry::Findings findings =
      draft.ok() ? call.around.registry.check(draft.value()) : draft.error();
  const PriceChanges changes = draft.ok() ? changes_of(call, draft.value()) : PriceChanges{};
  return json::object{{"ok", findings.empty() && changes.doubts.empty()},
                      {"findings", as_array(findings)},
                      {"needs_confirmation", as_array(changes.doubts)},
                      {"changes", shown(changes.changes)}};
}

Answer publish_prices(const Call& call) {
  (void)call.around.registry.catch_up();
  const Asked asked = read_asked(call.request.body);
  if (asked.bad_confirm) {
    return Fail{invalid("confirm", "confirm must be true or false")};
  }
  const auto draft = registry::parse_price_document(asked.document);
  if (!draft.ok()) {
    return Fail{refused(draft.error())};
  }
  if (const auto findings = call.around.registry.check(draft.value()); !findings.empty()) {
    return Fail{refused(findings)};
  }
  const PriceChanges changes = changes_of(call, draft.value());
  if (!changes.doubts.empty() && !asked.confirm) {
    return Fail{unconfirmed(changes.doubts)};
  }
  const auto list = call.around.registry.publish(draft.value());
  if (!list.ok()) {
    return Fail{list.error().error ? of(*list.error().error, "") : refused(list.error().findings)};
  }
  json::object object = shown(*list.value());
  object["changes"] = shown(changes.changes);
  return object;
}

Answer withdraw_prices(const Call& call) {
  const auto version = notation::parse_count(call.parts.at(0));
  const auto list = call.around.registry.withdraw(terms::PriceListId{version.value_or(0)});
  if (!list.ok()) {
    return Fail{of(list.error(), "version")};
  }
  return shown(*list.value());
}

Answer new_price_key(const Call& call) {
  const auto made = call.around.registry.new_price_key();
  if (!made.ok()) {
    return Fail{of(made.error(), "")};
  }
  return json::object{{"price_key", "made"}};
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
