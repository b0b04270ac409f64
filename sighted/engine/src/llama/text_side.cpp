#include "text_side.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace engine::llama {
namespace {

/// The control tokens in a rendered conversation of so many questions, each but the last answered.
/// None where the template refuses it.
std::optional<std::uint32_t> marks_of(const ChatTemplates& templates, const ControlNames& names,
                                      std::size_t questions) {
  content::Chat chat;
  for (std::size_t i = 0; i + 1 < 2 * questions; ++i) {
    content::Message& message = chat.messages.emplace_back();
    message.role = i % 2 == 0 ? "user" : "assistant";
    message.text = "x";
  }
  const auto rendered = templates.render(chat);
  if (!rendered) {
    return std::nullopt;
  }
  const std::string_view prompt = rendered->prompt;
  std::uint32_t marks = 0;
  for (std::size_t at = 0; at < prompt.size();) {
    const auto found = names.at(prompt, at);
    marks += found.length > 0 ? 1 : 0;
    at += std::max<std::size_t>(found.length, 1);
  }
  return marks;
}

std::uint32_t marks_of_pair(const ChatTemplates& templates, const ControlNames& names) {
  constexpr std::uint32_t more = 32;  // A template that forgets what is long past shows it here.
  const auto one = marks_of(templates, names, 1);
  const auto two = marks_of(templates, names, 2);
  const auto many = marks_of(templates, names, 1 + more);
  if (!one || !two || !many || *two <= *one || *many != *one + more * (*two - *one)) {
    return 0;
  }
  return *two - *one;
}

}  // namespace

TextSide::TextSide(const llama_model* model, std::uint32_t tokens_max)
    : vocabulary_(model, tokens_max),
      pieces_(vocabulary_),
      control_names_(vocabulary_.control_names()),
      templates_(make_chat_templates(model)),
      pair_tokens_min_(marks_of_pair(*templates_, control_names_)) {}

base::Result<Rendered, Unrendered> TextSide::render(const content::Chat& chat) const {
  const Literals literals(control_names_, chat);
  auto rendered = templates_->render(literals.chat());
  if (!rendered) {
    return base::Fail{rendered.error()};
  }
  auto tokens = literals.tokenize(vocabulary_, rendered->prompt);
  if (!tokens) {
    return base::Fail{Unrendered(tokens.error())};
  }
  return Rendered{std::move(tokens).value(), std::move(rendered->format),
                  std::move(rendered->unenforced)};
}

base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> TextSide::obeying(
    const std::string& grammar) const {
  return templates_->obeying(grammar);
}

base::Result<content::TokenIds, Error> TextSide::tokenize(const content::RawPrompt& prompt) const {
  if (const auto* const text = std::get_if<std::string>(&prompt)) {
    return vocabulary_.tokenize(*text, false);
  }
  const auto& ids = std::get<content::TokenIds>(prompt);
  if (!std::all_of(ids.begin(), ids.end(), [&](auto id) { return vocabulary_.contains(id); })) {
    return base::Fail{Error::bad_token};
  }
  return ids;
}

}  // namespace engine::llama
