// Keeps what people write from being read as the marks a template writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <base/result.hpp>
#include <content/chat.hpp>
#include <content/tokens.hpp>

#include "vocabulary.hpp"

namespace engine::llama {

/// Names of control tokens (<|im_end|> and the like), found in one walk however many there are.
/// Immutable; any thread.
class ControlNames {
 public:
  explicit ControlNames(const std::vector<std::pair<std::string, content::TokenId>>& names);

  struct Found {
    std::size_t length = 0;  ///< 0 = none.
    content::TokenId token = 0;
  };
  /// The name that stands in `text` at `at`, the longest of them.
  [[nodiscard]] Found at(std::string_view text, std::size_t at) const;
  /// Whether any name stands in `text`.
  [[nodiscard]] bool any_in(std::string_view text) const;

 private:
  /// A beginning of names: which bytes go on, and to where.
  struct Node {
    std::vector<std::pair<char, std::uint32_t>> next;
    bool is_name = false;
    content::TokenId token = 0;
  };

  std::vector<Node> nodes_{1};
  std::array<std::uint32_t, 256> first_{};  ///< The root's next nodes; 0 = none.
};

/// Replaces names of control tokens in messages by placeholders, which pass through any template
/// as words do, and brings them back as plain text when the prompt is tokenized. The other names
/// in the prompt are the template's own. Cost is linear in the prompt, and runs of placeholders
/// without a name of the template's between them are tokenized together. The message to be
/// continued is left as it is: it is the answer's beginning, and its parser's.
class Literals {
 public:
  Literals(const ControlNames& names, const content::Chat& chat);

  /// The conversation to render.
  [[nodiscard]] const content::Chat& chat() const { return changed_ ? *changed_ : original_; }
  /// errors  those of Vocabulary::tokenize.
  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(const Vocabulary& vocabulary,
                                                                std::string_view prompt) const;

 private:
  [[nodiscard]] static std::optional<Error> append_text(const Vocabulary& vocabulary,
                                                        std::string_view text, bool special,
                                                        content::TokenIds& tokens);
  [[nodiscard]] std::optional<Error> append_marked(const Vocabulary& vocabulary,
                                                   std::string_view text,
                                                   content::TokenIds& tokens) const;
  std::string replace(std::string_view text);
  void replace_all(content::Message& message);

  const ControlNames& control_;
  const content::Chat& original_;
  std::optional<content::Chat> changed_;
  std::string mark_;                ///< Begins a placeholder; occurs in no message.
  std::vector<std::string> names_;  ///< By the number in the placeholder.
};

}  // namespace engine::llama
