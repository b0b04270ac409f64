// Lines of CSV by RFC 4180.
#pragma once

#include <string>
#include <string_view>

namespace bill {

/// Collects lines. Fields with commas, quotes or line ends are quoted; lines end with CR LF.
class CsvWriter {
 public:
  CsvWriter& field(std::string_view text);
  void end_line();

  [[nodiscard]] const std::string& text() const { return text_; }
  /// What was collected, and starts anew.
  [[nodiscard]] std::string take();

 private:
  std::string text_;
  bool first_ = true;
};

}  // namespace bill
