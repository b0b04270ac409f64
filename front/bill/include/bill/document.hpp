// A statement as people and programs read it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <bill/pages.hpp>
#include <bill/statement.hpp>

namespace bill {

enum class Format : std::uint32_t { text, html, json, csv };

/// Nothing for any other word.
[[nodiscard]] std::optional<Format> parse_format(std::string_view word);

/// The words that parse_format() takes, for messages: "text, html, json or csv".
[[nodiscard]] std::string_view format_words();

[[nodiscard]] Document write(const Statement& statement, Format format);

/// For people, 72 columns and a little more where an amount has many decimals.
[[nodiscard]] std::string as_text(const Statement& statement);
/// One page to print (A4): no scripts, nothing from elsewhere, every name escaped.
[[nodiscard]] std::string as_html(const Statement& statement);
/// Amounts as exact decimals in strings.
[[nodiscard]] std::string as_json(const Statement& statement);
/// RFC 4180 with a header line. The amounts of all lines but the last add up to the last.
[[nodiscard]] std::string as_csv(const Statement& statement);

}  // namespace bill
