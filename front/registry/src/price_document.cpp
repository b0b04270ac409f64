#include <registry/price_document.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <boost/json.hpp>

#include <notation/money_text.hpp>
#include <notation/time_text.hpp>
#include <price/price_list.hpp>

namespace registry {
namespace {

namespace json = boost::json;
using base::Fail;
using base::Result;
using notation::to_text;

constexpr std::size_t document_bytes_max = 1'048'576;
constexpr std::int64_t ns_per_s = 1'000'000'000;

struct PriceField {
  const char* name;
  price::NanoPerMtok price::Prices::*field;
};
constexpr std::array price_fields = {
    PriceField{"cached_input_per_mtok", &price::Prices::cached},
    PriceField{"input_per_mtok", &price::Prices::input},
    PriceField{"output_per_mtok", &price::Prices::output},
};

/// Names of JSON are for people to read: nothing in them may break a line or a terminal.
std::string shown(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 64)) {
    text.push_back(c >= ' ' && c <= '~' ? c : '?');
  }
  return "'" + text + "'";
}

bool is_model_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 128 && allowed(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return allowed(c) || std::string_view("._:/@+-").find(c) != std::string_view::npos;
         });
}

class Parser {
 public:
  PriceDraft draft;
  Findings findings;

  void read(const json::object& root) {
    // A list that was published and shown has these as well; `hash_sha256` tells it apart.
    draft.shown = root.contains("hash_sha256");
    if (draft.shown) {
      expect_only(root,
                  {"currency", "valid_from", "version", "models", "published", "hash_sha256",
                   "signature_ed25519", "public_key", "canonical", "withdrawn", "wins"},
                  "the price list");
    } else {
      expect_only(root, {"currency", "valid_from", "version", "models"}, "the price list");
    }
    read_currency(root.if_contains("currency"));
    if (const json::value* from = root.if_contains("valid_from")) {
      read_valid_from(*from);
    }
    if (const json::value* version = root.if_contains("version")) {
      boost::system::error_code error;
      const auto number = version->to_number<std::uint64_t>(error);
      if (error || version->is_double()) {
        findings.emplace_back("version must be a whole number; or leave it out");
      } else {
        draft.version = number;
      }
    }
    const json::value* models = root.if_contains("models");
    if (models == nullptr) {
      findings.emplace_back("models is missing: it must be a list with at least one model");
      return;
    }
    if (!models->is_array() || models->get_array().empty()) {
      findings.emplace_back("models must be a list with at least one model");
      return;
    }
    for (const json::value& entry : models->get_array()) {
      read_model(entry);
    }
  }

 private:
  void expect_only(const json::object& object, std::initializer_list<std::string_view> known,
                   const std::string& where) {
    for (const auto& [name, value] : object) {
      if (std::find(known.begin(), known.end(), std::string_view(name)) == known.end()) {
        findings.push_back("unknown field " + shown(name) + " in " + where);
      }
    }
  }

  void read_currency(const json::value* currency) {
    if (currency == nullptr) {
      findings.emplace_back(
          "currency is missing: it must be three capital letters, such as \"USD\"");
      return;
    }
    const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (!currency->is_string() || currency->get_string().size() != 3 ||
        !std::all_of(currency->get_string().begin(), currency->get_string().end(), capital)) {
      findings.emplace_back("currency must be three capital letters of ISO 4217, such as \"USD\"");
      return;
    }
    draft.currency = currency->get_string();
  }

  void read_valid_from(const json::value& from) {
    const auto time = from.is_string() ? notation::parse_time(from.get_string()) : std::nullopt;
    if (!time || time->value % ns_per_s != 0) {
      findings.emplace_back("valid_from must be a UTC time such as \"2027-01-01T00:00:00Z\"");
      return;
    }
    draft.valid_from = time;
  }

  void read_model(const json::value& entry) {
    if (!entry.is_object()) {
      findings.emplace_back("each of models must be an object");
      return;
    }
    const json::object& object = entry.get_object();
    const json::value* name = object.if_contains("model");
    if (name == nullptr || !name->is_string() || !is_model_name(name->get_string())) {
      findings.emplace_back(
          "each of models needs \"model\": a name of letters, digits and ._:/@+-, at most 128");
      return;
    }
    NamedPrices model{std::string(name->get_string()), {}};
    model.id = read_id(object.if_contains("id"), "model " + shown(model.model));
    expect_only(object,
                {"model", "id", price_fields[0].name, price_fields[1].name, price_fields[2].name},
                "model " + shown(model.model));
    for (const PriceField& field : price_fields) {
      model.prices.*field.field = read_price(object.if_contains(field.name),
                                             "model " + shown(model.model) + ": " + field.name);
    }
    const auto same = [&](const NamedPrices& other) { return other.model == model.model; };
    if (std::any_of(draft.models.begin(), draft.models.end(), same)) {
      findings.push_back("model " + shown(model.model) + " is there twice");
    }
    draft.models.push_back(std::move(model));
  }

  terms::ModelId read_id(const json::value* id, const std::string& where) {
    if (id == nullptr) {
      return {};
    }
    boost::system::error_code error;
    const auto number = id->to_number<std::uint64_t>(error);
    if (error || id->is_double() || number == 0) {
      findings.push_back(where + ": id must be a whole number above 0; or leave it out");
      return {};
    }
    return {number};
  }

  price::NanoPerMtok read_price(const json::value* value, const std::string& where) {
    if (value == nullptr) {
      findings.push_back(where + " is missing: no token is free by accident; write \"0\" if it is");
      return {};
    }
    if (!value->is_string()) {
      findings.push_back(where + " must be text such as \"0.15\": only text is exact");
      return {};
    }
    const auto price = notation::parse_price(value->get_string());
    if (!price.ok()) {
      findings.push_back(where + " " + std::string(notation::describe(price.error())));
      return {};
    }
    return price.value();
  }
};

std::string_view describe(price::TokenClass token_class) {
  switch (token_class) {
    case price::TokenClass::input: return "input_per_mtok";
    case price::TokenClass::cached: return "cached_input_per_mtok";
    case price::TokenClass::output: return "output_per_mtok";
    case price::TokenClass::none: break;
  }
  return "the entry";
}

std::string describe(price::ListFault fault) {
  switch (fault) {
    case price::ListFault::no_id: return "has no version";
    case price::ListFault::no_entries: return "prices no model";
    case price::ListFault::no_model: return "has no model";
    case price::ListFault::duplicate_model: return "is there twice";
    case price::ListFault::negative: return "is below zero";
    case price::ListFault::out_of_range:
    case price::ListFault::too_high:
      return "is above " + to_text(price::absurdly_high) +
             " per million tokens, which nobody means: prices are per million tokens";
    case price::ListFault::too_low:
      return "is below " + to_text(price::absurdly_low) +
             " per million tokens: a price per token? (\"0\" is allowed: free on purpose)";
    case price::ListFault::cached_over_input:
      return "is above input_per_mtok: a cached token may not cost more than a new one";
  }
  return "is not valid";
}

}  // namespace

Result<PriceDraft, Findings> parse_price_document(std::string_view text) {
  if (text.size() > document_bytes_max) {
    return Fail{Findings{"the document is larger than 1 MiB"}};
  }
  boost::system::error_code error;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !root.is_object()) {
    return Fail{Findings{"the document is no JSON object"}};
  }
  Parser parser;
  parser.read(root.get_object());
  if (!parser.findings.empty()) {
    return Fail{std::move(parser.findings)};
  }
  return std::move(parser.draft);
}

Findings absurdities(const PriceDraft& draft) {
  // Names become provisional ids, for the check knows numbers only.
  std::map<std::string_view, terms::ModelId> ids;
  std::map<terms::ModelId, std::string_view> names;
  price::PriceList list{terms::PriceListId{1}, {}, {}};
  for (const NamedPrices& model : draft.models) {
    const auto [at, fresh] = ids.try_emplace(model.model, terms::ModelId{ids.size() + 1});
    names[at->second] = model.model;
    list.entries.push_back({at->second, model.prices});
  }
  Findings findings;
  for (const price::ListFinding& finding : price::check(list)) {
    const auto name = names.find(finding.model);
    const std::string where = name == names.end() ? "the price list"
                                                  : "model " + shown(name->second) + ": " +
                                                        std::string(describe(finding.token_class));
    findings.push_back(where + " " + describe(finding.fault));
  }
  return findings;
}

std::string canonical_json(std::uint64_t version, const PriceDraft& draft) {
  std::map<std::string_view, const NamedPrices*> sorted;
  for (const NamedPrices& model : draft.models) {
    sorted[model.model] = &model;
  }
  // Keys in the order of RFC 8785. No value needs an escape: names and prices are plain ASCII.
  std::string text = "{\"currency\":\"" + draft.currency + "\",\"models\":[";
  const char* comma = "";
  for (const auto& [name, model] : sorted) {
    text += comma;
    text += "{\"cached_input_per_mtok\":\"" + to_text(model->prices.cached) + "\"," +
            (model->id.valid() ? "\"id\":" + std::to_string(model->id.value) + "," : "") +
            "\"input_per_mtok\":\"" + to_text(model->prices.input) + "\",\"model\":\"" +
            model->model + "\",\"output_per_mtok\":\"" + to_text(model->prices.output) + "\"}";
    comma = ",";
  }
  text += "],\"valid_from\":\"" + to_text(draft.valid_from.value_or(base::UnixNs{0})) +
          "\",\"version\":" + std::to_string(version) + "}";
  return text;
}

}  // namespace registry
