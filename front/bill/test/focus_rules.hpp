// An interpreter of rules about a table of text: see focus.table.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bill::testing {

/// A decimal number, exactly.
class Decimal {
 public:
  /// Nothing: no number as FOCUS writes them.
  static std::optional<Decimal> parse(const std::string& text);
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }

 private:
  __extension__ using Wide = __int128;
  Wide mantissa_ = 0;
  int decimals_ = 0;
};

using Table = std::vector<std::vector<std::string>>;  ///< The first line is the header.

class FocusRules {
 public:
  /// Fails the test where the file cannot be understood.
  explicit FocusRules(const std::string& file);

  /// What is wrong, a line each: "row 3: <the rule>". Empty: nothing.
  [[nodiscard]] std::vector<std::string> broken_by(const Table& table) const;

 private:
  struct Column {
    std::string name;
    std::string level;
    std::string type;
    bool nullable = false;
    std::vector<std::string> values;
    std::string text;
  };
  struct Condition {
    std::string left;
    std::string op;
    std::string right;
  };
  struct Rule {
    std::vector<Condition> when;
    Condition then;
    std::string text;
  };
  using Row = std::map<std::string, std::string>;

  void read_column(const std::string& line);
  void read_rule(const std::string& line);
  static Condition read_condition(const std::string& text);
  void check_header(const std::vector<std::string>& header, std::vector<std::string>& broken) const;
  void check_cells(const Row& row, const std::string& where,
                   std::vector<std::string>& broken) const;
  static bool holds(const Condition& condition, const Row& row);

  std::vector<Column> columns_;
  std::vector<Rule> rules_;
  std::vector<std::vector<std::string>> ones_;
  std::vector<std::vector<std::string>> keys_;
};

}  // namespace bill::testing
