#include <admin/admin.hpp>

#include <array>
#include <variant>

#include "handlers.hpp"

namespace admin {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;  ///< Below /admin/v1; {} stands for one part.
  std::variant<Answer (*)(const Call&), DocumentAnswer (*)(const Call&)> handler;
  unsigned status = 200;
};

constexpr std::string_view root = "/admin/v1";

constexpr std::array routes = {
    Route{"POST", "/tenants", create_tenant, 201},
    Route{"GET", "/tenants", list_tenants},
    Route{"GET", "/tenants/{}", show_tenant},
    Route{"DELETE", "/tenants/{}", delete_tenant},
    Route{"POST", "/tenants/{}/credit", add_credit},
    Route{"POST", "/keys", create_key, 201},
    Route{"GET", "/keys", list_keys},
    Route{"DELETE", "/keys/{}", revoke_key},
    Route{"POST", "/keys/{}/revoke", revoke_key},
    Route{"PUT", "/keys/{}/limits", set_limits},
    Route{"GET", "/prices", current_prices},
    Route{"GET", "/prices/{}", price_list},
    Route{"POST", "/prices/check", check_prices},
    Route{"POST", "/prices", publish_prices, 201},
    Route{"POST", "/prices/new-key", new_price_key},
    Route{"POST", "/prices/{}/withdraw", withdraw_prices},
    Route{"GET", "/usage", usage},
    Route{"GET", "/bill", show_bill},
    Route{"GET", "/export/focus", export_focus},
    Route{"GET", "/export/events", export_events},
    Route{"GET", "/books", show_books},
    Route{"GET", "/ledger/check", check_ledger},
    Route{"GET", "/log", show_log},
    Route{"POST", "/log/rotate-key", rotate_log_key},
    Route{"POST", "/log/drop-previous-key", drop_previous_log_key},
    Route{"POST", "/log/liabilities", publish_liabilities},
    Route{"GET", "/models", list_models},
};

/// The first part of a path and the rest: "/a/b" -> "a", "/b".
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  const std::size_t slash = path.find('/', 1);
  const std::string_view first = path.substr(1, slash == path.npos ? slash : slash - 1);
  return {first, slash == path.npos ? std::string_view() : path.substr(slash)};
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parts;
  while (!pattern.empty() && !path.empty()) {
    const auto [wanted, pattern_rest] = split(pattern);
    const auto [given, path_rest] = split(path);
    if (wanted == "{}" && !given.empty()) {
      parts.emplace_back(given);
    } else if (wanted != given) {
      return std::nullopt;
    }
    pattern = pattern_rest;
    path = path_rest;
  }
  return pattern.empty() && path.empty() ? std::optional(parts) : std::nullopt;
}

}  // namespace

Reply Admin::handle(const Request& request) const {
  constexpr std::size_t path_bytes_max = 1'024;
  std::string_view path = request.path;
  bool known_path = false;
  if (path.starts_with(root) && path.size() <= path_bytes_max) {
    path.remove_prefix(root.size());
    for (const Route& route : routes) {
      auto parts = path.starts_with('/') ? match(route.path, path) : std::nullopt;
      known_path = known_path || parts;
      if (parts && route.method == request.method) {
        const Call call{around_, request, std::move(*parts)};
        return std::visit([&](auto handler) { return to_reply(handler(call), route.status); },
                          route.handler);
      }
    }
  }
  if (known_path) {
    return to_reply(Problem{405, "method_not_allowed",
                            "this route does not take this method; see README of front/admin for "
                            "the routes",
                            ""});
  }
  return to_reply(
      Problem{404, "route_not_found", "no such admin route; see README of front/admin", ""});
}

std::vector<std::string> all_routes() {
  std::vector<std::string> list;
  for (const Route& route : routes) {
    list.push_back(std::string(route.method) + " " + std::string(root) + std::string(route.path));
  }
  return list;
}

}  // namespace admin
