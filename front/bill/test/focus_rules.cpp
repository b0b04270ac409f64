#include "focus_rules.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>
#include <notation/time_text.hpp>

namespace bill::testing {
namespace {

std::vector<std::string> split(const std::string& text, const std::string& mark) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t end = text.find(mark); end != std::string::npos; end = text.find(mark, at)) {
    parts.push_back(text.substr(at, end - at));
    at = end + mark.size();
  }
  parts.push_back(text.substr(at));
  return parts;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> all;
  for (std::string word; stream >> word;) {
    all.push_back(word);
  }
  return all;
}

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

bool has_type(const std::string& value, const std::string& type) {
  if (type == "decimal") return Decimal::parse(value).has_value();
  if (type == "time") return value.size() == 20 && notation::parse_time(value).has_value();
  if (type == "currency") {
    return value.size() == 3 &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  }
  if (type == "keyvalue") {
    boost::system::error_code error;
    const auto json = boost::json::parse(value, error);
    return !error && json.is_object();
  }
  return type == "string";
}

}  // namespace

std::optional<Decimal> Decimal::parse(const std::string& text) {
  Decimal number;
  const bool negative = text.starts_with('-');
  bool point = false;
  bool digit = false;
  for (const char c : text.substr(negative ? 1 : 0)) {
    if (c == '.' && digit && !point) {
      point = true;
      digit = false;
    } else if (c >= '0' && c <= '9') {
      number.mantissa_ = number.mantissa_ * 10 + (c - '0');
      number.decimals_ += point ? 1 : 0;
      digit = true;
    } else {
      return std::nullopt;
    }
  }
  if (!digit) return std::nullopt;
  while (number.decimals_ > 0 && number.mantissa_ % 10 == 0) {
    number.mantissa_ /= 10;
    number.decimals_ -= 1;
  }
  number.mantissa_ = negative ? -number.mantissa_ : number.mantissa_;
  return number;
}

Decimal operator*(const Decimal& a, const Decimal& b) {
  Decimal product;
  product.mantissa_ = a.mantissa_ * b.mantissa_;
  product.decimals_ = a.decimals_ + b.decimals_;
  return product;
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  Decimal sum = a;
  Decimal other = b;
  for (Decimal* each : {&sum, &other}) {
    while (each->decimals_ < std::max(a.decimals_, b.decimals_)) {
      each->mantissa_ *= 10;
      each->decimals_ += 1;
    }
  }
  sum.mantissa_ += other.mantissa_;
  return sum;
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  Decimal minus = b;
  minus.mantissa_ = -minus.mantissa_;
  const Decimal::Wide difference = (a + minus).mantissa_;
  return difference < 0   ? std::strong_ordering::less
         : difference > 0 ? std::strong_ordering::greater
                          : std::strong_ordering::equal;
}

FocusRules::FocusRules(const std::string& file) {
  std::ifstream stream(file);
  EXPECT_TRUE(stream) << file;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("column ")) {
      read_column(line);
    } else if (line.starts_with("rule ")) {
      read_rule(line);
    } else if (line.starts_with("one ")) {
      ones_.push_back(words(line.substr(4)));
    } else if (line.starts_with("key ")) {
      keys_.push_back(words(line.substr(4)));
    } else {
      ADD_FAILURE() << "not understood: " << line;
    }
  }
}

void FocusRules::read_column(const std::string& line) {
  const auto parts = words(line);
  ASSERT_GE(parts.size(), 5U) << line;
  Column column{parts[1], parts[2], parts[3], parts[4] == "may", {}, line};
  if (parts.size() > 5) {
    column.values = split(line.substr(line.find(" " + parts[4] + " ") + parts[4].size() + 2), "|");
  }
  columns_.push_back(column);
}

FocusRules::Condition FocusRules::read_condition(const std::string& text) {
  for (const char* op : {" != ", " <= ", " = ", " < "}) {
    if (const auto sides = split(text, op); sides.size() == 2) {
      return {trimmed(sides[0]), trimmed(op), trimmed(sides[1])};
    }
  }
  ADD_FAILURE() << "no condition: " << text;
  return {};
}

void FocusRules::read_rule(const std::string& line) {
  const auto sides = split(line.substr(4), "->");
  ASSERT_EQ(sides.size(), 2U) << line;
  Rule rule{{}, read_condition(sides[1]), line};
  for (const std::string& when : split(sides[0], ",")) {
    if (!trimmed(when).empty()) {
      rule.when.push_back(read_condition(when));
    }
  }
  rules_.push_back(rule);
}

/// Numbers are compared as numbers, everything else as text (UTC times sort as text). A product
/// with a null in it is null, and null is compared with nothing but null.
bool FocusRules::holds(const Condition& condition, const Row& row) {
  const auto value_of = [&row](const std::string& side) -> std::optional<std::string> {
    if (side == "null") return std::nullopt;
    if (side.starts_with('"')) return side.substr(1, side.size() - 2);
    const auto found = row.find(side);
    if (found == row.end()) return side;
    return found->second.empty() ? std::nullopt : std::optional(found->second);
  };
  const auto left = value_of(condition.left);
  if (const auto factors = split(condition.right, " * "); factors.size() == 2) {
    const auto a = Decimal::parse(value_of(factors[0]).value_or(""));
    const auto b = Decimal::parse(value_of(factors[1]).value_or(""));
    const auto product = Decimal::parse(left.value_or(""));
    return !a || !b || (product && *product == *a * *b);
  }
  const auto right = value_of(condition.right);
  if (condition.op == "=" && (!left || !right)) return left == right;
  if (condition.op == "!=" && (!left || !right)) return left != right;
  if (!left || !right) return true;
  const auto a = Decimal::parse(*left);
  const auto b = Decimal::parse(*right);
  const std::strong_ordering order = a && b ? *a <=> *b : *left <=> *right;
  if (condition.op == "=") return order == 0;
  if (condition.op == "!=") return order != 0;
  return condition.op == "<" ? order < 0 : order <= 0;
}

void FocusRules::check_header(const std::vector<std::string>& header,
                              std::vector<std::string>& broken) const {
  for (const Column& column : columns_) {
    if (std::count(header.begin(), header.end(), column.name) != 1) {
      broken.push_back("header: " + column.text);
    }
  }
  bool own = false;
  for (const std::string& name : header) {
    own = own || name.starts_with("x_");
    const bool known = std::any_of(columns_.begin(), columns_.end(),
                                   [&name](const Column& column) { return column.name == name; });
    if (known == own || (own && !name.starts_with("x_"))) {
      broken.push_back("header: unknown column, or one of our own before the others: " + name);
    }
  }
}

void FocusRules::check_cells(const Row& row, const std::string& where,
                             std::vector<std::string>& broken) const {
  for (const Column& column : columns_) {
    const auto found = row.find(column.name);
    if (found == row.end()) continue;
    const std::string& value = found->second;
    const bool allowed = value.empty() || column.values.empty() ||
                         std::count(column.values.begin(), column.values.end(), value) == 1;
    if (value.empty() ? !column.nullable : !has_type(value, column.type) || !allowed) {
      broken.push_back(where + column.text);
    }
  }
}

std::vector<std::string> FocusRules::broken_by(const Table& table) const {
  std::vector<std::string> broken;
  check_header(table.at(0), broken);
  std::map<std::vector<std::string>, std::vector<std::string>> seen;
  for (std::size_t i = 1; i < table.size(); ++i) {
    const std::string where = "row " + std::to_string(i) + ": ";
    if (table[i].size() != table[0].size()) {
      broken.push_back(where + "another number of fields than the header");
      continue;
    }
    Row row;
    for (std::size_t field = 0; field < table[i].size(); ++field) {
      row[table[0][field]] = table[i][field];
    }
    check_cells(row, where, broken);
    for (const Rule& rule : rules_) {
      const bool meant = std::all_of(rule.when.begin(), rule.when.end(),
                                     [&row](const Condition& when) { return holds(when, row); });
      if (meant && !holds(rule.then, row)) broken.push_back(where + rule.text);
    }
    for (const auto& one : ones_) {
      std::vector<std::string> rest;
      for (const std::string& name : one) {
        rest.push_back(row[name]);
      }
      const std::string first = rest.front();
      if (!first.empty() && seen.try_emplace({"one", one[0], first}, rest).first->second != rest) {
        broken.push_back(where + "one " + one[0]);
      }
    }
    for (const auto& key : keys_) {
      std::vector<std::string> values{"key"};
      for (const std::string& name : key) {
        values.push_back(row[name]);
      }
      if (row["ChargeCategory"] == "Usage" && !seen.try_emplace(values, values).second) {
        broken.push_back(where + "key");
      }
    }
  }
  return broken;
}

}  // namespace bill::testing
