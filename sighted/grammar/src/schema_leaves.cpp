#include "schema_leaves.hpp"

#include <utility>

namespace grammar {

namespace {

void append(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

}  // namespace

std::string Leaves::key(const TextDemand& demand) {
  std::string key =
      "t" + std::to_string(demand.min_length) + ',' + std::to_string(demand.max_length);
  const auto list = [&](char mark, const auto& texts) {
    key += mark;
    for (const auto& text : texts) {
      append(key, text);
    }
  };
  list('p', demand.patterns);
  list('n', demand.not_patterns);
  list('f', demand.formats);
  list('e', demand.except);
  return key;
}

std::string Leaves::key(const NumberDemand& demand) {
  std::string key = demand.integer ? "i" : "n";
  for (const auto* bound : {&demand.low, &demand.high}) {
    key += '|';
    if (*bound) {
      key += (*bound)->value.text() + ((*bound)->open ? "o" : "c");
    }
  }
  for (const Decimal& step : demand.steps) {
    key += '*' + step.text();
  }
  return key;
}

base::Result<LeafId, Refusal> Leaves::text(const TextDemand& demand) {
  std::string key = Leaves::key(demand);
  const auto found = leaves_.find(key);
  return found != leaves_.end() ? found->second
                                : keep(std::move(key), text_rule(builder_, demand, machine_work_));
}

base::Result<LeafId, Refusal> Leaves::number(const NumberDemand& demand) {
  std::string key = Leaves::key(demand);
  const auto found = leaves_.find(key);
  return found != leaves_.end() ? found->second
                                : keep(std::move(key), number_rule(builder_, demand));
}

base::Result<LeafId, Refusal> Leaves::keep(std::string key, base::Result<RuleId, Refusal> rule) {
  base::Result<LeafId, Refusal> leaf = base::Fail{rule.ok() ? Refusal{} : rule.error()};
  if (rule.ok()) {
    leaf = static_cast<LeafId>(rules_.size());
    rules_.push_back(rule.value());
  }
  return leaves_.emplace(std::move(key), std::move(leaf)).first->second;
}

}  // namespace grammar
