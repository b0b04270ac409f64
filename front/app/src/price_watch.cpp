#include "price_watch.hpp"

#include <algorithm>
#include <chrono>

#include <notation/time_text.hpp>

#include "fence.hpp"

namespace app {
namespace {

constexpr std::chrono::seconds between_looks{1};
/// Servers that share books differ by less.
constexpr std::int64_t clock_behind_s_max = 5;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string counted(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " served model" : " served models");
}

std::vector<std::string> lacking(const registry::PublishedList* list,
                                 const std::vector<std::string>& served) {
  std::vector<std::string> names;
  for (const std::string& name : served) {
    if (list == nullptr || std::none_of(list->models.begin(), list->models.end(),
                                        [&](const auto& model) { return model.model == name; })) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> PriceGaps::lines(bool with_names) const {
  std::vector<std::string> lines;
  const auto named = [&](const std::vector<std::string>& names) {
    return counted(names.size()) + (with_names ? " (" + joined(names) + ")" : "");
  };
  if (!unpriced.empty()) {
    lines.push_back(named(unpriced) + (unpriced.size() == 1 ? " has" : " have") +
                    " no price in the list in force and " + (unpriced.size() == 1 ? "is" : "are") +
                    " refused: publish a list with `mains price publish`");
  }
  for (const Coming& list : coming) {
    lines.push_back("price list " + std::to_string(list.version) + ", in force from " +
                    notation::to_text(list.valid_from) + " on, lacks " + named(list.lacks) +
                    ": publish another one for that moment, or `mains price withdraw " +
                    std::to_string(list.version) + "`");
  }
  if (clock_behind_s > 0) {
    lines.emplace_back(
        "the clock of this machine is behind the moment at which the last price list was "
        "published: the list that was in force then is served; set the clock");
  }
  return lines;
}

PriceGaps price_gaps(const registry::Registry& registry, base::UnixNs now,
                     const std::vector<std::string>& served) {
  PriceGaps gaps;
  gaps.served = served.size();
  gaps.unpriced = lacking(registry.price_list(now).get(), served);
  const auto lists = registry.lists_to_come(now);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const registry::PublishedList& list = *lists[i];
    const bool superseded =
        i + 1 < lists.size() && lists[i + 1]->list.valid_from == list.list.valid_from;
    auto lacks = lacking(&list, served);
    if (!superseded && !lacks.empty()) {
      gaps.coming.push_back({list.list.id.value, list.list.valid_from, std::move(lacks)});
    }
  }
  const std::int64_t behind_s = registry.clock_behind(now).value / 1'000'000'000;
  gaps.clock_behind_s = behind_s > clock_behind_s_max ? behind_s : 0;
  return gaps;
}

void PriceWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void PriceWatch::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto lines = gaps().lines(true);
    for (const std::string& line : lines) {
      if (std::find(said_.begin(), said_.end(), line) == said_.end()) {
        say(config::LogLevel::warn, "mains: " + line);
      }
    }
    said_ = std::move(lines);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, between_looks, [] { return false; });
  }
}

}  // namespace app
