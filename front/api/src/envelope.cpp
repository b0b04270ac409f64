#include "envelope.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

#include <notation/id_text.hpp>
#include <terms/ids.hpp>

#include "paths.hpp"

namespace api {
namespace {

constexpr std::string_view usual_headers =
    "authorization, content-type, x-api-key, anthropic-version, anthropic-beta, "
    "anthropic-dangerous-direct-browser-access, idempotency-key, x-prefix, x-stainless-arch, "
    "x-stainless-lang, x-stainless-os, x-stainless-package-version, x-stainless-retry-count, "
    "x-stainless-runtime, x-stainless-runtime-version, x-stainless-timeout, "
    "x-stainless-helper-method, x-stainless-poll-helper";
constexpr std::string_view readable_headers =
    "x-request-id, request-id, x-receipt-id, retry-after, x-should-retry, x-unenforced";
constexpr std::size_t asked_headers_max = 2048;

/// Names of headers with commas between them, and nothing else.
bool is_list_of_names(std::string_view text) {
  return !text.empty() && text.size() <= asked_headers_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ',' || c == ' ';
  });
}

}  // namespace

std::string fresh_request_id() {
  thread_local std::mt19937_64 dice{(std::uint64_t{std::random_device{}()} << 32U) |
                                    std::random_device{}()};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return notation::to_text(terms::RequestId{static_cast<std::uint64_t>(ns), dice() | 1U});
}

void name_request(Headers& headers, const std::string& id) {
  headers.emplace_back("x-request-id", id);
  headers.emplace_back("request-id", id);
}

std::string Cors::allowed(const http::Request& request) const {
  const std::string_view origin = request.header("origin");
  if (origins_.empty() || origin.empty() || request.path.starts_with("/admin")) {
    return {};
  }
  for (const std::string& each : origins_) {
    if (each == "*" || each == origin) {
      return each;
    }
  }
  return {};
}

void Cors::allow(const http::Request& request, Headers& headers) const {
  if (origins_.empty()) {
    return;
  }
  headers.emplace_back("vary", "Origin");  // Also where it may not: caches hold both answers.
  std::string origin = allowed(request);
  if (!origin.empty()) {
    headers.emplace_back("access-control-allow-origin", std::move(origin));
    headers.emplace_back("access-control-expose-headers", readable_headers);
  }
}

std::optional<http::Response> Cors::preflight(const http::Request& request) const {
  if (request.method != http::Method::options ||
      request.header("access-control-request-method").empty()) {
    return std::nullopt;
  }
  std::string origin = allowed(request);
  if (origin.empty()) {
    return std::nullopt;
  }
  const std::string methods = methods_of(request.path);
  const std::string_view asked = request.header("access-control-request-headers");
  http::Response response;
  response.status = 204;
  response.content_type.clear();
  response.headers = {
      {"access-control-allow-origin", std::move(origin)},
      {"access-control-allow-methods", methods.empty() ? "GET, HEAD, POST, DELETE" : methods},
      {"access-control-allow-headers",
       std::string(is_list_of_names(asked) ? asked : usual_headers)},
      {"access-control-max-age", "7200"},
      {"vary", "Origin, Access-Control-Request-Headers"}};
  return response;
}

}  // namespace api
