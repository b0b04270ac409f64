#include <bill/document.hpp>

#include <notation/money_text.hpp>

namespace bill {

std::optional<Format> parse_format(std::string_view word) {
  if (word == "text") return Format::text;
  if (word == "html") return Format::html;
  if (word == "json") return Format::json;
  if (word == "csv") return Format::csv;
  return std::nullopt;
}

std::string_view format_words() {
  return "text, html, json or csv";
}

Document write(const Statement& statement, Format format) {
  const std::string stem = statement.tenant + "-" + notation::month_text(statement.period.from);
  switch (format) {
    case Format::text:
      return {"text/plain; charset=utf-8", stem + ".txt", as_text(statement), nullptr};
    case Format::html:
      return {"text/html; charset=utf-8", stem + ".html", as_html(statement), nullptr};
    case Format::csv:
      return {"text/csv; charset=utf-8; header=present", stem + ".csv", as_csv(statement), nullptr};
    case Format::json: break;
  }
  return {"application/json", stem + ".json", as_json(statement), nullptr};
}

}  // namespace bill
