#include "spec.hpp"

#include <charconv>
#include <string_view>
#include <vector>

namespace load {
namespace {

std::vector<std::string_view> parts_of(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(mark, from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

template <typename Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

bool read_option(std::string_view text, Group& group) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return false;
  }
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  if (name == "rate") {
    return read(value, group.rate_per_s) && group.rate_per_s > 0 && group.rate_per_s <= 1e5;
  }
  if (name == "shared") {
    return read(value, group.ask.shared_words) && group.ask.shared_words <= 1'000'000;
  }
  if (name == "times") {
    return read(value, group.times);
  }
  return name == "after" && read(value, group.after_s);
}

}  // namespace

std::optional<Group> group_of(const std::string& text) {
  const std::vector<std::string_view> options = parts_of(text, ',');
  const std::vector<std::string_view> parts = parts_of(options.front(), ':');
  Group group;
  if (parts.size() < 4 || parts.size() > 5 || parts[0].empty() || !read(parts[1], group.clients) ||
      !read(parts[2], group.ask.words_in) || !read(parts[3], group.ask.tokens_out)) {
    return std::nullopt;
  }
  group.name = parts[0];
  group.key = parts.size() > 4 ? parts[4] : "";
  for (std::size_t option = 1; option < options.size(); ++option) {
    if (!read_option(options[option], group)) {
      return std::nullopt;
    }
  }
  const bool within = group.clients > 0 && group.clients <= 10'000 && group.ask.words_in > 0 &&
                      group.ask.words_in <= 1'000'000 && group.ask.tokens_out > 0;
  return within ? std::optional(group) : std::nullopt;
}

std::optional<Prices> prices_of(const std::string& text) {
  const std::vector<std::string_view> parts = parts_of(text, ':');
  Prices prices;
  const bool read_all = parts.size() == 3 && read(parts[0], prices.input) &&
                        read(parts[1], prices.cached) && read(parts[2], prices.output);
  return read_all ? std::optional(prices) : std::nullopt;
}

std::optional<Limits> limits_of(const std::string& text) {
  const std::vector<std::string_view> parts = parts_of(text, ':');
  Limits limits;
  const bool read_all =
      parts.size() == 2 && read(parts[0], limits.first_ms) && read(parts[1], limits.per_token_ms);
  return read_all ? std::optional(limits) : std::nullopt;
}

}  // namespace load
