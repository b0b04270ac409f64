// Columns for people.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace cli {

/// Lines of cells, aligned when printed: text to the left, columns whose title ends in '>' to the
/// right (numbers).
class Table {
 public:
  explicit Table(std::vector<std::string> titles);
  void add(std::vector<std::string> cells);
  void print(std::ostream& out) const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> lines_;
};

}  // namespace cli
