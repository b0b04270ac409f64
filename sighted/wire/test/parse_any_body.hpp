// Tests call the parsers by name and look at their errors alike.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <wire/anthropic_parse.hpp>
#include <wire/openai_parse.hpp>

namespace wire {

template <class T>
std::optional<ParseError> error_of(const base::Result<T, ParseError>& result) {
  return result.ok() ? std::nullopt : std::optional(result.error());
}

/// The error that an endpoint's parser finds in a body, if any.
inline std::optional<ParseError> error_at(const std::string& endpoint, std::string_view body) {
  static const std::map<std::string, std::function<std::optional<ParseError>(std::string_view)>>
      parsers = {
          {"chat", [](std::string_view text) { return error_of(parse_chat(text)); }},
          {"completion", [](std::string_view text) { return error_of(parse_completion(text)); }},
          {"embedding", [](std::string_view text) { return error_of(parse_embedding(text)); }},
          {"any", [](std::string_view text) { return error_of(parse_any(text)); }},
          {"messages", [](std::string_view text) { return error_of(parse_messages(text)); }},
          {"count", [](std::string_view text) { return error_of(parse_count_tokens(text)); }},
      };
  return parsers.at(endpoint)(body);
}

}  // namespace wire
