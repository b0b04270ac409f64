#include <config/config.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

namespace config {
namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, at start.
  if (value == nullptr || *value == '\0') {
    return std::nullopt;
  }
  return value;
}

}  // namespace

bool operator==(const Config& a, const Config& b) {
  // `models_written` tells how the models came in, not what they are.
  return a.server == b.server && a.data == b.data && a.ledger == b.ledger && a.log == b.log &&
         a.retention == b.retention && a.limits == b.limits && a.metrics == b.metrics &&
         a.transparency == b.transparency && a.engine == b.engine && a.models == b.models &&
         a.currency == b.currency && a.first_tenant == b.first_tenant;
}

std::vector<Model> default_models() {
  constexpr price::Prices near{{100'000'000}, {50'000'000}, {400'000'000}};
  constexpr price::Prices far{{200'000'000}, {100'000'000}, {800'000'000}};
  return {Model{"mains-default-8k", default_model_file, 8'192, near},
          Model{"mains-default-32k", default_model_file, 32'768, far}};
}

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[] ") != std::string_view::npos) {
    return std::nullopt;
  }
  Address address{std::string(host), 0};
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto parsed = std::from_chars(begin, end, address.port);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    return std::nullopt;
  }
  return address;
}

bool is_model_name(std::string_view name) {
  constexpr std::string_view marks = "._:/@+-";
  return !name.empty() && name.size() <= 128 && is_alnum(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_alnum(c) || marks.find(c) != std::string_view::npos;
         });
}

std::optional<Problem> repeated_name(const std::vector<Model>& models) {
  std::set<std::string_view> names;
  for (const Model& model : models) {
    if (!names.insert(model.name).second) {
      return "model '" + model.name + "' is there twice; each flavour needs a name of its own";
    }
  }
  return std::nullopt;
}

std::optional<Problem> check(const Config& config) {
  if (!parse_address(config.server.listen)) {
    return "listen address '" + config.server.listen +
           "' is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080";
  }
  if (!config.metrics.listen.empty() && !parse_address(config.metrics.listen)) {
    return "[metrics] listen '" + config.metrics.listen + "' is not HOST:PORT";
  }
  if (config.server.tls_cert.empty() != config.server.tls_key.empty()) {
    return Problem("[server] tls_cert and tls_key belong together: set both, or none");
  }
  if (config.data.dir.empty()) {
    return Problem("[data] dir is empty");
  }
  const std::string& url = config.ledger.url;
  if (!url.empty() && !url.starts_with("postgres://") && !url.starts_with("postgresql://")) {
    return Problem(
        "[ledger] url (--ledger, MAINS_LEDGER) is no address such as "
        "postgres://user@host:5432/database");
  }
  if (auto twice = repeated_name(config.models)) {
    return twice;
  }
  if (config.first_tenant.name.empty()) {
    return Problem("[first_tenant] name is empty");
  }
  return std::nullopt;
}

Secrets secrets_from_environment() {
  return {environment("MAINS_ADMIN_KEY"), environment("MAINS_API_KEY"), environment("HF_TOKEN"),
          environment("MAINS_LEDGER")};
}

}  // namespace config
