#include <bill/document.hpp>
#include <boost/json.hpp>
#include <notation/money_text.hpp>

namespace bill {
namespace {

namespace json = boost::json;
using notation::to_text;

json::object shown(const ModelLine& line) {
  json::array classes;
  for (const ClassLine& each : line.classes) {
    classes.push_back(json::object{{"class", name_of(each.token_class)},
                                   {"tokens", each.tokens.value},
                                   {"price_per_mtok", to_text(each.price)},
                                   {"amount", to_text(each.amount)}});
  }
  return {{"model", line.model},
          {"price_list", line.price_list.value},
          {"requests", line.requests},
          {"classes", std::move(classes)},
          {"rounding", to_text(line.rounding)},
          {"charge", to_text(line.charge)}};
}

}  // namespace

std::string as_json(const Statement& statement) {
  json::array top_ups;
  for (const TopUp& top_up : statement.top_ups) {
    top_ups.push_back(
        json::object{{"time", to_text(top_up.time)}, {"amount", to_text(top_up.amount)}});
  }
  json::array models;
  for (const ModelLine& line : statement.models) {
    models.emplace_back(shown(line));
  }
  json::array days;
  for (const DayLine& line : statement.days) {
    days.push_back(json::object{{"day", to_text(line.start).substr(0, 10)},
                                {"requests", line.requests},
                                {"tokens", line.tokens.value},
                                {"charge", to_text(line.charge)}});
  }
  return json::serialize(json::object{{"object", "statement"},
                                      {"tenant", statement.tenant},
                                      {"currency", statement.currency},
                                      {"from", to_text(statement.period.from)},
                                      {"to", to_text(statement.period.to)},
                                      {"as_of", to_text(statement.as_of)},
                                      {"opening_balance", to_text(statement.opening)},
                                      {"top_ups", std::move(top_ups)},
                                      {"topped_up", to_text(statement.topped_up)},
                                      {"usage", std::move(models)},
                                      {"days", std::move(days)},
                                      {"charged", to_text(statement.charged)},
                                      {"closing_balance", to_text(statement.closing)}});
}

}  // namespace bill
