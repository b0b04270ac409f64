#include "keys.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <notation/money_text.hpp>

namespace config {
namespace {

using base::Nano;
using Bad = std::optional<Problem>;

/// A whole number of `Section::*field`, low .. high.
template <class Target, class Section, class Number>
auto number(Section Target::*section, Number Section::*field, std::int64_t low, std::int64_t high) {
  return [=](Target& target, const toml::node& node) -> Bad {
    const auto* value = node.as_integer();
    if (value == nullptr) {
      return Problem("must be a whole number");
    }
    if (value->get() < low || value->get() > high) {
      return "is " + std::to_string(value->get()) + "; it may be " + std::to_string(low) + " .. " +
             std::to_string(high);
    }
    target.*section.*field = static_cast<Number>(value->get());
    return std::nullopt;
  };
}

/// Text (or a path) as it stands.
template <class Target, class Section, class Text>
auto text(Section Target::*section, Text Section::*field) {
  return [=](Target& target, const toml::node& node) -> Bad {
    const auto* value = node.as_string();
    if (value == nullptr) {
      return Problem("must be text in quotes");
    }
    target.*section.*field = Text(value->get());
    return std::nullopt;
  };
}

template <class Enum, std::size_t N>
using Words = std::array<std::pair<std::string_view, Enum>, N>;

/// One of a few words.
template <class Section, class Enum, std::size_t N>
auto word(Section Config::*section, Enum Section::*field, Words<Enum, N> words) {
  return [=](Config& target, const toml::node& node) -> Bad {
    const auto given = node.value<std::string>();
    std::string allowed;
    for (const auto& [name, value] : words) {
      if (given && *given == name) {
        target.*section.*field = value;
        return std::nullopt;
      }
      allowed += (allowed.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    }
    return "must be one of " + allowed;
  };
}

Bad set_credit(Config& config, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    return Problem("must be an amount in quotes, such as \"5.00\"");
  }
  const auto amount = notation::parse_amount(value->get());
  if (!amount.ok()) {
    return "'" + value->get() + "' " + std::string(notation::describe(amount.error()));
  }
  config.first_tenant.credit = amount.value();
  return std::nullopt;
}

Bad set_currency(Config& config, const toml::node& node) {
  const auto value = node.value<std::string>();
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!value || value->size() != 3 || !std::all_of(value->begin(), value->end(), capital)) {
    return Problem("must be three capital letters of ISO 4217, such as \"USD\"");
  }
  config.currency.code = *value;
  return std::nullopt;
}

/// "https://chat.example.com" or "http://localhost:3000": what a browser sends as Origin.
bool is_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' ||
           c == '[' || c == ']' || c == '+';
  };
  return scheme != std::string_view::npos && scheme > 0 && text.size() > scheme + 3 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(scheme), plain) &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(scheme) + 3, text.end(), plain);
}

Bad set_cors_origins(Config& config, const toml::node& node) {
  const Bad wrong = Problem(
      "must be a list of origins, such as [\"https://chat.example.com\"]: scheme and host in "
      "lower case, a port if it is not the scheme's own, no slash at the end; or [\"*\"]");
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    return wrong;
  }
  config.server.cors_origins.clear();
  for (const toml::node& entry : *list) {
    auto origin = entry.value<std::string>();
    if (!origin || (*origin != "*" && !is_origin(*origin))) {
      return wrong;
    }
    config.server.cors_origins.push_back(std::move(*origin));
  }
  return std::nullopt;
}

Bad set_witnesses(Config& config, const toml::node& node) {
  const Bad wrong = Problem(
      "must be a list such as [{ vkey = \"name+id+key\", url = \"https://witness.example.com\" }]");
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    return wrong;
  }
  config.transparency.witnesses.clear();
  for (const toml::node& entry : *list) {
    const toml::table* table = entry.as_table();
    const auto vkey = table == nullptr ? std::nullopt : (*table)["vkey"].value<std::string>();
    auto url = table == nullptr ? std::nullopt : (*table)["url"].value<std::string>();
    if (!vkey || !url || table->size() != 2 ||
        !(url->starts_with("http://") || url->starts_with("https://"))) {
      return wrong;
    }
    while (url->ends_with('/')) {
      url->pop_back();
    }
    config.transparency.witnesses.push_back({*vkey, *url});
  }
  return std::nullopt;
}

Bad set_model_name(Model& model, const toml::node& node) {
  const auto value = node.value<std::string>();
  if (!value || !is_model_name(*value)) {
    return Problem(
        "must be 1 to 128 letters, digits and ._:/@+- in quotes, a letter or digit "
        "first");
  }
  model.name = *value;
  return std::nullopt;
}

Bad set_model_file(Model& model, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr || value->get().empty()) {
    return Problem("must be a path in quotes");
  }
  model.file = value->get();
  return std::nullopt;
}

Bad set_context(Model& model, const toml::node& node) {
  const auto* value = node.as_integer();
  if (value == nullptr || value->get() < 0 || value->get() > 16'777'216) {
    return Problem("must be a whole number of tokens, 0 .. 16777216 (0 = as trained)");
  }
  model.context = static_cast<std::uint32_t>(value->get());
  return std::nullopt;
}

template <price::NanoPerMtok price::Prices::*field>
Bad set_price(Model& model, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    return Problem("must be a decimal number in quotes, such as \"0.15\": only text is exact");
  }
  const auto parsed = notation::parse_price(value->get());
  if (!parsed.ok()) {
    return "'" + value->get() + "' " + std::string(notation::describe(parsed.error()));
  }
  model.prices.*field = parsed.value();
  return std::nullopt;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

const std::vector<Key<Config>>& config_keys() {
  constexpr std::int64_t hour_s = 3'600;
  constexpr std::int64_t many = 1'000'000;
  static const std::vector<Key<Config>> keys = {
      {"server", "listen", text(&Config::server, &Server::listen)},
      {"server", "tls_cert", text(&Config::server, &Server::tls_cert)},
      {"server", "tls_key", text(&Config::server, &Server::tls_key)},
      {"server", "body_bytes_max",
       number(&Config::server, &Server::body_bytes_max, 1'024, 1'073'741'824)},
      {"server", "header_timeout_s", number(&Config::server, &Server::header_timeout_s, 1, hour_s)},
      {"server", "body_timeout_s", number(&Config::server, &Server::body_timeout_s, 1, hour_s)},
      {"server", "idle_timeout_s", number(&Config::server, &Server::idle_timeout_s, 1, hour_s)},
      {"server", "write_timeout_s", number(&Config::server, &Server::write_timeout_s, 1, hour_s)},
      {"server", "drain_timeout_s", number(&Config::server, &Server::drain_timeout_s, 0, hour_s)},
      {"server", "connections_max", number(&Config::server, &Server::connections_max, 1, many)},
      {"server", "connections_per_address_max",
       number(&Config::server, &Server::connections_per_address_max, 1, many)},
      {"server", "memory_max_bytes",
       number(&Config::server, &Server::memory_max_bytes, 0, std::int64_t{1} << 50)},
      {"server", "threads", number(&Config::server, &Server::threads, 0, 1'024)},
      {"server", "cors_origins", set_cors_origins},
      {"data", "dir", text(&Config::data, &Data::dir)},
      {"ledger", "url", text(&Config::ledger, &Ledger::url)},
      {"retention", "receipts_days",
       number(&Config::retention, &Retention::receipts_days, 0, 36'500)},
      {"limits", "unpaid_requests_per_minute",
       number(&Config::limits, &Limits::unpaid_requests_per_minute, 1, many)},
      {"limits", "unpaid_cpu_ms_per_minute",
       number(&Config::limits, &Limits::unpaid_cpu_ms_per_minute, 1, std::int64_t{60'000} * 1'024)},
      {"metrics", "listen", text(&Config::metrics, &Metrics::listen)},
      {"log", "level",
       word(&Config::log, &Log::level,
            Words<LogLevel, 4>{{{"debug", LogLevel::debug},
                                {"info", LogLevel::info},
                                {"warn", LogLevel::warn},
                                {"error", LogLevel::error}}})},
      {"transparency", "origin", text(&Config::transparency, &Transparency::origin)},
      {"transparency", "witnesses", set_witnesses},
      {"engine", "kind",
       word(&Config::engine, &Engine::kind,
            Words<EngineKind, 4>{{{"auto", EngineKind::automatic},
                                  {"llama", EngineKind::llama},
                                  {"native", EngineKind::native},
                                  {"null", EngineKind::null}}})},
      {"engine", "threads", number(&Config::engine, &Engine::threads, 0, 1'024)},
      {"engine", "kv_tokens", number(&Config::engine, &Engine::kv_tokens, 0, 16'777'216)},
      {"engine", "lanes_max", number(&Config::engine, &Engine::lanes_max, 1, 256)},
      {"engine", "step_tokens", number(&Config::engine, &Engine::step_tokens, 16, 8'192)},
      {"engine", "gpu_layers", number(&Config::engine, &Engine::gpu_layers, 0, 10'000)},
      {"engine", "queue_jobs_max", number(&Config::engine, &Engine::queue_jobs_max, 1, many)},
      {"currency", "code", set_currency},
      {"first_tenant", "name", text(&Config::first_tenant, &FirstTenant::name)},
      {"first_tenant", "credit", set_credit},
  };
  return keys;
}

const std::vector<Key<Model>>& model_keys() {
  static const std::vector<Key<Model>> keys = {
      {"model", "name", set_model_name},
      {"model", "file", set_model_file},
      {"model", "context", set_context},
      {"model.prices", "input_per_mtok", set_price<&price::Prices::input>},
      {"model.prices", "cached_input_per_mtok", set_price<&price::Prices::cached>},
      {"model.prices", "output_per_mtok", set_price<&price::Prices::output>},
  };
  return keys;
}

std::optional<std::string> nearest(std::string_view misspelt,
                                   const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, misspelt.size() / 3) + 1;
  for (const std::string& name : known) {
    const std::size_t away = distance(misspelt, name);
    if (away < best_distance) {
      best = name;
      best_distance = away;
    }
  }
  return best;
}

}  // namespace config
