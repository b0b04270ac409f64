// First: Boost.Asio cannot be included behind the namespace schedule.
#include <api/api.hpp>

#include <array>

#include "paths.hpp"

namespace api {
namespace {

std::string_view name_of(http::Method method) {
  switch (method) {
    case http::Method::get: return "GET, HEAD";
    case http::Method::post: return "POST";
    case http::Method::put: return "PUT";
    case http::Method::patch: return "PATCH";
    case http::Method::delete_: return "DELETE";
    default: return "";
  }
}

/// The route's own text, so that an error repeats nothing of the client's. Empty: no route.
std::string_view route_at(std::string_view path) {
  for (const RouteInfo& route : Api::routes()) {
    if (route.path != "/" && match(route.path, path).has_value()) {
      return route.path;
    }
  }
  return {};
}

constexpr std::string_view offered =
    "Offered are POST /v1/chat/completions, /v1/completions, /v1/embeddings (OpenAI), "
    "/v1/messages, /v1/messages/count_tokens (Anthropic) and GET /v1/models.";

/// Paths of other servers that people ask for.
constexpr std::array<std::string_view, 20> foreign{
    "/v1/responses",     "/v1/conversations", "/v1/moderations", "/v1/files",
    "/v1/batches",       "/v1/uploads",       "/v1/images",      "/v1/audio",
    "/v1/videos",        "/v1/fine_tuning",   "/v1/assistants",  "/v1/threads",
    "/v1/vector_stores", "/v1/rerank",        "/v1/realtime",    "/v1/fim",
    "/v1/edits",         "/v1/engines",       "/v1/complete",    "/v1/messages/batches"};

/// The path below /v1 that a client with a wrong base URL meant. Empty: none.
std::string_view meant(std::string_view path) {
  if (path.ends_with('/') && path.size() > 1) {
    return route_at(path.substr(0, path.size() - 1));
  }
  if (path.starts_with("/v1/v1/")) {
    return route_at(path.substr(3));
  }
  return path.starts_with("/v1/") ? std::string_view{} : route_at("/v1" + std::string(path));
}

std::string advice_for(std::string_view path) {
  if (const std::string_view right = meant(path); !right.empty()) {
    return "There is no such route; " + std::string(right) +
           " is one. The base URL of OpenAI's clients ends in /v1, that of Anthropic's does not, "
           "and neither ends in a slash.";
  }
  for (const std::string_view stem : foreign) {
    const bool there = path.starts_with(stem);
    if (there && (path.size() == stem.size() || path[stem.size()] == '/')) {
      return std::string(stem) + " is not offered here. " + std::string(offered);
    }
  }
  if (path.starts_with("/api/")) {
    return "Ollama's own API is not offered here: set the client to an OpenAI-compatible server "
           "with a base URL that ends in /v1. " +
           std::string(offered);
  }
  return "There is no such route. " + std::string(offered);
}

}  // namespace

std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with("/**")) {
    const std::string_view stem = pattern.substr(0, pattern.size() - 2);
    return path.starts_with(stem) ? std::optional<std::string>{path.substr(stem.size())}
                                  : std::nullopt;
  }
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return pattern == path ? std::optional<std::string>{""} : std::nullopt;
  }
  const std::string_view stem = pattern.substr(0, brace);
  if (!path.starts_with(stem) || path.size() == stem.size()) {
    return std::nullopt;
  }
  return std::string(path.substr(stem.size()));
}

std::string methods_of(std::string_view path) {
  std::string methods;
  for (const RouteInfo& route : Api::routes()) {
    const std::string_view name = name_of(route.method);
    if (match(route.path, path).has_value() && methods.find(name) == std::string::npos) {
      methods.append(methods.empty() ? "" : ", ").append(name);
    }
  }
  return methods;
}

Problem no_such_route(std::string_view path) {
  std::string methods = methods_of(path);
  if (methods.empty()) {
    return problem(404, "route_not_found", advice_for(path));
  }
  Problem wrong = problem(405, "method_not_allowed",
                          "This route does not take this method; it takes " + methods + ".");
  wrong.headers.emplace_back("allow", std::move(methods));
  return wrong;
}

}  // namespace api
