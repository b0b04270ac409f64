#include <bill/csv.hpp>

#include <utility>

namespace bill {

CsvWriter& CsvWriter::field(std::string_view text) {
  if (!first_) {
    text_ += ',';
  }
  first_ = false;
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    text_ += text;
    return *this;
  }
  text_ += '"';
  for (const char c : text) {
    text_ += c == '"' ? "\"\"" : std::string(1, c);
  }
  text_ += '"';
  return *this;
}

void CsvWriter::end_line() {
  text_ += "\r\n";
  first_ = true;
}

std::string CsvWriter::take() {
  return std::exchange(text_, {});
}

}  // namespace bill
