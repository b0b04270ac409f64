#include "literals.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace engine::llama {
namespace {

/// Whether `test` says so of any text of a message that a placeholder may stand in.
template <class Test>
bool any_text(const content::Message& message, const Test& test) {
  return test(message.text) || test(message.reasoning) ||
         std::any_of(message.tool_calls.begin(), message.tool_calls.end(),
                     [&](const auto& call) { return test(call.arguments); });
}

/// A word of letters and digits that is in none of the texts: JSON and markup leave it alone.
std::string unused_word(const content::Chat& chat) {
  for (int i = 0;; ++i) {
    std::string word = "literal" + std::to_string(i) + "x";
    const bool used =
        std::any_of(chat.messages.begin(), chat.messages.end(), [&](const auto& message) {
          return any_text(message, [&](const std::string& text) {
            return text.find(word) != std::string::npos;
          });
        });
    if (!used) {
      return word;
    }
  }
}

}  // namespace

ControlNames::ControlNames(const std::vector<std::pair<std::string, content::TokenId>>& names) {
  for (const auto& [name, token] : names) {
    std::uint32_t at = 0;
    for (const char byte : name) {
      auto& next = nodes_[at].next;
      const auto found = std::find_if(next.begin(), next.end(),
                                      [byte](const auto& one) { return one.first == byte; });
      if (found != next.end()) {
        at = found->second;
        continue;
      }
      const auto made = static_cast<std::uint32_t>(nodes_.size());
      next.emplace_back(byte, made);
      nodes_.emplace_back();
      at = made;
    }
    nodes_[at].is_name = at != 0;
    nodes_[at].token = token;
  }
  for (const auto& [byte, node] : nodes_[0].next) {
    first_[static_cast<unsigned char>(byte)] = node;
  }
}

ControlNames::Found ControlNames::at(std::string_view text, std::size_t at) const {
  Found longest;
  std::uint32_t node = first_[static_cast<unsigned char>(text[at])];
  for (std::size_t length = 1; node != 0; ++length) {
    if (nodes_[node].is_name) {
      longest = {length, nodes_[node].token};
    }
    if (at + length == text.size()) {
      break;
    }
    const char byte = text[at + length];
    const auto& next = nodes_[node].next;
    const auto found = std::find_if(next.begin(), next.end(),
                                    [byte](const auto& one) { return one.first == byte; });
    node = found == next.end() ? 0 : found->second;
  }
  return longest;
}

bool ControlNames::any_in(std::string_view text) const {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (this->at(text, at).length > 0) {
      return true;
    }
  }
  return false;
}

Literals::Literals(const ControlNames& names, const content::Chat& chat)
    : control_(names), original_(chat) {
  const std::size_t fixed = chat.continue_last && !chat.messages.empty() ? 1 : 0;
  for (std::size_t i = 0; i + fixed < chat.messages.size(); ++i) {
    const auto has_name = [&](const std::string& text) { return names.any_in(text); };
    if (!any_text(chat.messages[i], has_name)) {
      continue;
    }
    if (!changed_) {
      changed_ = chat;
      mark_ = unused_word(chat);
    }
    replace_all(changed_->messages[i]);
  }
}

void Literals::replace_all(content::Message& message) {
  message.text = replace(message.text);
  message.reasoning = replace(message.reasoning);
  for (auto& call : message.tool_calls) {
    call.arguments = replace(call.arguments);
  }
}

std::string Literals::replace(std::string_view text) {
  std::string replaced;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = control_.at(text, at).length;
    if (length == 0) {
      replaced += text[at++];
      continue;
    }
    replaced += mark_ + std::to_string(names_.size()) + "x";
    names_.emplace_back(text.substr(at, length));
    at += length;
  }
  return replaced;
}

std::optional<Error> Literals::append_text(const Vocabulary& vocabulary, std::string_view text,
                                           bool special, content::TokenIds& tokens) {
  if (text.empty() && !tokens.empty()) {
    return std::nullopt;
  }
  auto more = vocabulary.tokenize(text, special, tokens.empty());
  if (!more) {
    return more.error();
  }
  tokens.insert(tokens.end(), more->begin(), more->end());
  return std::nullopt;
}

/// The template's own text. libllama looks for each name from each cut to the end, so that a prompt
/// of many turns costs the square of their number: where it can be, it is cut here.
std::optional<Error> Literals::append_marked(const Vocabulary& vocabulary, std::string_view text,
                                             content::TokenIds& tokens) const {
  if (!vocabulary.cuts_at_names()) {
    return append_text(vocabulary, text, true, tokens);
  }
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const ControlNames::Found found = control_.at(text, at);
    if (found.length == 0) {
      ++at;
      continue;
    }
    if (const auto failed =
            append_text(vocabulary, text.substr(begin, at - begin), false, tokens)) {
      return failed;
    }
    tokens.push_back(found.token);
    at += found.length;
    begin = at;
  }
  return append_text(vocabulary, text.substr(begin), false, tokens);
}

base::Result<content::TokenIds, Error> Literals::tokenize(const Vocabulary& vocabulary,
                                                          std::string_view prompt) const {
  content::TokenIds tokens;
  std::optional<Error> failed;
  std::string plain;  // Names as text, and what people wrote between them.
  while (!prompt.empty() && !failed) {
    const std::size_t at =
        names_.empty() ? prompt.size() : std::min(prompt.find(mark_), prompt.size());
    const std::string_view between = prompt.substr(0, at);
    prompt.remove_prefix(std::min(at + mark_.size(), prompt.size()));
    std::size_t number = names_.size();
    const auto read = std::from_chars(prompt.data(), prompt.data() + prompt.size(), number);
    const bool literal = read.ec == std::errc{} && number < names_.size();
    if (plain.empty() || !literal || control_.any_in(between)) {
      if (!plain.empty()) {
        failed = append_text(vocabulary, std::exchange(plain, {}), false, tokens);
      }
      if (!failed && !between.empty()) {
        failed = append_marked(vocabulary, between, tokens);
      }
    } else {
      plain += between;
    }
    if (literal) {
      plain += names_[number];
      const auto digits = static_cast<std::size_t>(read.ptr - prompt.data());
      prompt.remove_prefix(std::min(digits + 1, prompt.size()));
    }
  }
  if (!failed && (!plain.empty() || tokens.empty())) {
    failed = append_text(vocabulary, plain, false, tokens);
  }
  if (failed) {
    return base::Fail{*failed};
  }
  return tokens;
}

}  // namespace engine::llama
