#include "literals.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace engine::llama {
namespace {

bool contains_name(const ControlNames& names, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (names.length_at(text, at) > 0) {
      return true;
    }
  }
  return false;
}

/// A word of letters and digits that is in none of the texts: JSON and markup leave it alone.
std::string unused_word(const content::Chat& chat) {
  for (int i = 0;; ++i) {
    std::string word = "literal" + std::to_string(i) + "x";
    const bool used =
        std::any_of(chat.messages.begin(), chat.messages.end(), [&](const auto& message) {
          return message.text.find(word) != std::string::npos ||
                 message.reasoning.find(word) != std::string::npos;
        });
    if (!used) {
      return word;
    }
  }
}

}  // namespace

ControlNames::ControlNames(std::vector<std::string> names) : by_first_byte_(256) {
  // The longest first, as the tokenizer reads them.
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (auto& name : names) {
    if (!name.empty()) {
      by_first_byte_[static_cast<unsigned char>(name[0])].push_back(std::move(name));
    }
  }
}

std::size_t ControlNames::length_at(std::string_view text, std::size_t at) const {
  for (const auto& name : by_first_byte_[static_cast<unsigned char>(text[at])]) {
    if (text.substr(at).starts_with(name)) {
      return name.size();
    }
  }
  return 0;
}

Literals::Literals(const ControlNames& names, const content::Chat& chat) : original_(chat) {
  const std::size_t fixed = chat.continue_last && !chat.messages.empty() ? 1 : 0;
  for (std::size_t i = 0; i + fixed < chat.messages.size(); ++i) {
    const content::Message& message = chat.messages[i];
    if (!contains_name(names, message.text) && !contains_name(names, message.reasoning)) {
      continue;
    }
    if (!changed_) {
      changed_ = chat;
      mark_ = unused_word(chat);
    }
    changed_->messages[i].text = replace(names, message.text);
    changed_->messages[i].reasoning = replace(names, message.reasoning);
  }
}

std::string Literals::replace(const ControlNames& names, std::string_view text) {
  std::string replaced;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = names.length_at(text, at);
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

base::Result<content::TokenIds, Error> Literals::tokenize(const Vocabulary& vocabulary,
                                                          std::string_view prompt) const {
  if (names_.empty()) {
    return vocabulary.tokenize(prompt, true);
  }
  content::TokenIds tokens;
  const auto append = [&](std::string_view text, bool special) -> std::optional<Error> {
    auto more = vocabulary.tokenize(text, special, tokens.empty());
    if (!more) {
      return more.error();
    }
    tokens.insert(tokens.end(), more->begin(), more->end());
    return std::nullopt;
  };
  while (!prompt.empty()) {
    const std::size_t at = std::min(prompt.find(mark_), prompt.size());
    if (const auto failed = append(prompt.substr(0, at), true)) {
      return base::Fail{*failed};
    }
    prompt.remove_prefix(std::min(at + mark_.size(), prompt.size()));
    std::size_t number = 0;
    const auto read = std::from_chars(prompt.data(), prompt.data() + prompt.size(), number);
    if (read.ec == std::errc{} && number < names_.size()) {
      if (const auto failed = append(names_[number], false)) {
        return base::Fail{*failed};
      }
      const auto digits = static_cast<std::size_t>(read.ptr - prompt.data());
      prompt.remove_prefix(std::min(digits + 1, prompt.size()));
    }
  }
  return tokens;
}

}  // namespace engine::llama
