#include "price_changes.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <notation/money_text.hpp>

namespace admin {
namespace {

using notation::to_text;

struct Field {
  const char* name;
  price::NanoPerMtok price::Prices::*value;
};
constexpr std::array fields = {
    Field{"input_per_mtok", &price::Prices::input},
    Field{"cached_input_per_mtok", &price::Prices::cached},
    Field{"output_per_mtok", &price::Prices::output},
};
constexpr std::int64_t factor = 10;

const registry::NamedPrices* find(const std::vector<registry::NamedPrices>& models,
                                  const std::string& name) {
  const auto found = std::find_if(models.begin(), models.end(),
                                  [&](const auto& model) { return model.model == name; });
  return found == models.end() ? nullptr : &*found;
}

/// Ten times as much, a tenth, for nothing, or no longer for nothing.
bool is_doubtful(std::int64_t before, std::int64_t after) {
  if (before == 0 || after == 0) {
    return before != after;
  }
  return after / factor >= before || before / factor >= after;
}

std::string lower(std::string text) {
  for (char& c : text) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

/// Levenshtein's distance; names are 128 bytes at most.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row.back();
}

void compare_model(const registry::NamedPrices& model, const registry::NamedPrices* before,
                   PriceChanges& result) {
  for (const Field& field : fields) {
    const auto after = model.prices.*field.value;
    if (before == nullptr) {
      result.changes.push_back({model.model, field.name, "", to_text(after)});
      continue;
    }
    const auto old = before->prices.*field.value;
    if (old == after) {
      continue;
    }
    result.changes.push_back({model.model, field.name, to_text(old), to_text(after)});
    if (is_doubtful(old.value, after.value)) {
      result.doubts.push_back(model.model + ": " + field.name + " goes from " + to_text(old) +
                              " to " + to_text(after) + ", a factor of ten or more");
    }
  }
}

void find_left_out(const registry::PriceDraft& draft, const registry::PublishedList* before,
                   const std::vector<std::string>& served, PriceChanges& result) {
  std::vector<std::string> names = served;
  if (before != nullptr) {
    for (const registry::NamedPrices& model : before->models) {
      if (find(draft.models, model.model) == nullptr) {
        for (const Field& field : fields) {
          result.changes.push_back(
              {model.model, field.name, to_text(model.prices.*field.value), ""});
        }
      }
      if (std::find(names.begin(), names.end(), model.model) == names.end()) {
        names.push_back(model.model);
      }
    }
  }
  for (const std::string& name : names) {
    if (find(draft.models, name) != nullptr) {
      continue;
    }
    const bool is_served = std::find(served.begin(), served.end(), name) != served.end();
    const bool had = before != nullptr && find(before->models, name) != nullptr;
    result.doubts.push_back(
        name + (!is_served ? " is on the list before and not on this one: it stops where it is "
                             "served"
                : had      ? " is served and is not on this list: it will stop"
                           : " is served and has no price on this list either: it stays refused"));
  }
}

}  // namespace

std::string meant_by(const std::string& name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = 3;
  for (const std::string& other : known) {
    const std::size_t far = distance(lower(name), lower(other));
    if (other != name && far < best_distance && far * 3 <= std::max<std::size_t>(name.size(), 3)) {
      best = other;
      best_distance = far;
    }
  }
  return best;
}

PriceChanges compare(const registry::PriceDraft& draft, const registry::PublishedList* before,
                     const std::vector<std::string>& served, bool running) {
  PriceChanges result;
  std::vector<std::string> known = served;
  if (before != nullptr) {
    for (const registry::NamedPrices& model : before->models) {
      known.push_back(model.model);
    }
  }
  for (const registry::NamedPrices& model : draft.models) {
    compare_model(model, before == nullptr ? nullptr : find(before->models, model.model), result);
    if (std::find(known.begin(), known.end(), model.model) != known.end()) {
      continue;
    }
    const std::string meant = meant_by(model.model, known);
    if (running || !meant.empty()) {
      result.doubts.push_back(model.model + " is served nowhere" +
                              (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
  }
  find_left_out(draft, before, served, result);
  return result;
}

}  // namespace admin
