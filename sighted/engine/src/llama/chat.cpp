#include "chat.hpp"

#include <chat-auto-parser.h>
#include <chat.h>
#include <log.h>

#include <algorithm>
#include <array>
#include <exception>
#include <initializer_list>
#include <optional>
#include <utility>

#include "answer_format.hpp"
#include "answer_forms.hpp"
#include "conversation.hpp"
#include "text_tools.hpp"
#include "thinking.hpp"

namespace engine::llama {
namespace {

/// errors  bad_template_input (nothing to say, nothing to continue).
base::Result<common_chat_templates_inputs, Error> inputs_of(const content::Chat& chat,
                                                            const Habits& habits) {
  common_chat_templates_inputs inputs;
  inputs.messages = messages_of(chat, habits);
  for (const auto& tool : chat.tools) {
    if (chat.forced_tool.empty() || tool.name == chat.forced_tool) {
      inputs.tools.push_back(
          {tool.name, tool.description, tool.parameters.empty() ? "{}" : tool.parameters});
    }
  }
  if (chat.messages.empty()) {
    return base::Fail{Error::bad_template_input};
  }
  // The prompt is the same for any choice, and without one nothing is made of the schemas.
  inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;
  inputs.parallel_tool_calls = chat.parallel_tool_calls;
  inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
  if (chat.continue_last) {
    if (chat.messages.back().role != "assistant" || !chat.messages.back().tool_calls.empty()) {
      return base::Fail{Error::bad_template_input};
    }
    inputs.continue_final_message = COMMON_CHAT_CONTINUATION_AUTO;
    inputs.add_generation_prompt = false;
  }
  return inputs;
}

void set_mode(common_chat_templates_inputs& inputs, ThinkingMode mode) {
  inputs.enable_thinking = mode != ThinkingMode::off;
  for (const auto& [name, value] : thinking_values(mode)) {
    inputs.chat_template_kwargs[name] = value;
  }
}

/// A format whose answers may think for so many tokens only.
class LimitedFormat final : public ChatFormat {
 public:
  LimitedFormat(std::shared_ptr<const ChatFormat> format, ThinkingLimit limit)
      : format_(std::move(format)), limit_(std::move(limit)) {}
  [[nodiscard]] std::unique_ptr<ReplyParser> parser(std::uint64_t call_ids) const override {
    return format_->parser(call_ids);
  }
  [[nodiscard]] std::vector<std::string> stops() const override { return format_->stops(); }
  [[nodiscard]] const Constraints& constraints() const override { return format_->constraints(); }
  [[nodiscard]] const ThinkingLimit* thinking_limit() const override { return &limit_; }

 private:
  std::shared_ptr<const ChatFormat> format_;
  ThinkingLimit limit_;
};

/// A model that was told not to think may begin to all the same.
std::optional<std::uint32_t> limit_of(ThinkingMode mode) {
  return mode == ThinkingMode::off ? std::optional(0U) : std::nullopt;
}

ThinkingLimit limit_for(const common_chat_params& rendered,
                        std::optional<std::uint32_t> thinking_max) {
  return thinking_max ? ThinkingLimit{rendered.thinking_start_tag, rendered.thinking_end_tags,
                                      rendered.generation_prompt, *thinking_max}
                      : ThinkingLimit{};
}

std::shared_ptr<const ChatFormat> limited(std::shared_ptr<const ChatFormat> format,
                                          const ThinkingLimit& limit) {
  return limit.can_hold() ? std::make_shared<LimitedFormat>(std::move(format), limit)
                          : std::move(format);
}

std::vector<common_chat_msg> probe(std::initializer_list<const char*> roles) {
  std::vector<common_chat_msg> messages;
  for (const char* const role : roles) {
    common_chat_msg& message = messages.emplace_back();
    message.role = role;
    message.content = " \n<b> {{ x }} of " + std::to_string(messages.size()) + " \t\n\n";
  }
  return messages;
}

/// Renders plain conversations (no tools, schema, thoughts or continuation) without llama-common's
/// analysis of the template, which costs milliseconds each time. Used only where, at loading, it
/// gave what the long way gives on conversations of every shape it is used for.
class PlainTemplate {
 public:
  PlainTemplate(const llama_model* model, const common_chat_templates* templates, ThinkingMode mode)
      : mode_(mode),
        template_(common_chat_templates_source(templates), mark(model, llama_vocab_bos),
                  mark(model, llama_vocab_eos)),
        add_bos_(llama_vocab_get_add_bos(llama_model_get_vocab(model))),
        add_eos_(llama_vocab_get_add_eos(llama_model_get_vocab(model))) {
    std::string parser;
    std::string beginning;
    for (const auto& messages :
         {probe({"user"}), probe({"system", "user"}), probe({"user", "assistant", "user"}),
          probe({"system", "user", "assistant", "user", "assistant", "user"})}) {
      common_chat_templates_inputs inputs;
      inputs.messages = messages;
      inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
      set_mode(inputs, mode);
      auto rendered = common_chat_templates_apply(templates, inputs);
      if (!format_) {
        parser = rendered.parser;
        beginning = rendered.generation_prompt;
      }
      usable_ = usable_ && rendered.grammar.empty() && rendered.parser == parser &&
                rendered.generation_prompt == beginning && rendered.prompt == render(inputs);
      const ThinkingLimit limit = limit_for(rendered, limit_of(mode));
      format_ = limited(format_of(rendered, {}), limit);
    }
  }

  [[nodiscard]] bool fits(const content::Chat& chat) const {
    if (!usable_ || !chat.tools.empty() || !chat.json_schema.empty() || !chat.grammar.empty() ||
        chat.continue_last || !chat.template_values.empty() || chat.thinking.tokens_max) {
      return false;
    }
    const auto& messages = chat.messages;
    return std::all_of(messages.begin(), messages.end(), [&](const auto& message) {
      const bool role = message.role == "user" || message.role == "assistant" ||
                        (message.role == "system" && &message == &messages.front());
      return role && message.tool_calls.empty() && message.reasoning.empty() &&
             !message.text.empty();
    });
  }

  [[nodiscard]] std::string render(const common_chat_templates_inputs& inputs) const {
    autoparser::generation_params params;
    params.messages = common_chat_msgs_to_json_oaicompat(inputs.messages);
    params.add_generation_prompt = true;
    params.add_bos = add_bos_;
    params.add_eos = add_eos_;
    params.now = inputs.now;
    params.enable_thinking = inputs.enable_thinking;
    params.extra_context = common_json::object();
    for (const auto& [name, value] : thinking_values(mode_)) {
      params.extra_context[name] = common_json::parse(value);
    }
    return common_chat_template_direct_apply(template_, params);
  }

  [[nodiscard]] const std::shared_ptr<const ChatFormat>& format() const { return format_; }

 private:
  static std::string mark(const llama_model* model, llama_token (*which)(const llama_vocab*)) {
    const llama_vocab* const vocab = llama_model_get_vocab(model);
    const llama_token token = which(vocab);
    return token == LLAMA_TOKEN_NULL ? std::string() : common_token_to_piece(vocab, token, true);
  }

  ThinkingMode mode_;
  common_chat_template template_;
  bool add_bos_;
  bool add_eos_;
  bool usable_ = true;
  std::shared_ptr<const ChatFormat> format_;  ///< The same for all plain conversations.
};

class Templates final : public ChatTemplates {
 public:
  explicit Templates(const llama_model* model) {
    try {
      templates_ = common_chat_templates_init(model, "");
      explicit_ = common_chat_templates_was_explicit(templates_.get());
    } catch (const std::exception&) {
      templates_ = common_chat_templates_init(model, "chatml");
    }
    forms_ = std::make_unique<AnswerForms>(templates_.get());
    try {
      habits_ = habits_of(templates_.get());
      skill_ = thinking_skill(templates_.get());
    } catch (const std::exception&) {
      habits_ = strictest(habits_);  // It refuses even a plain question: each chat is tried.
    }
    for (const ThinkingMode mode : {ThinkingMode::untold, ThinkingMode::off, ThinkingMode::on}) {
      try {
        if (mode == ThinkingMode::untold || skill_.switches) {
          plain_[static_cast<std::size_t>(mode)].emplace(model, templates_.get(), mode);
        }
      } catch (const std::exception&) {
        // The template refuses one of the probes: the long way will do.
        plain_[static_cast<std::size_t>(mode)].reset();
      }
    }
  }

  [[nodiscard]] base::Result<RenderedChat, Unrendered> render(
      const content::Chat& chat) const override {
    const auto mode = thinking_mode(chat.thinking, skill_);
    if (!mode) {
      return base::Fail{Unrendered(mode.error())};
    }
    auto wanted = forms_->want(chat);
    if (!wanted) {
      return base::Fail{wanted.error()};
    }
    if (!has_tools(chat)) {
      return render_folded(chat, *mode, chat, *wanted);
    }
    if (forms_->native_tools()) {
      auto made = render_folded(chat, *mode, chat, *wanted);
      if (!falls_short(made, chat, *wanted)) {
        return made;
      }
    }
    return render_folded(with_text_tools(chat), *mode, chat, *wanted);
  }

  [[nodiscard]] base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar) const override {
    return forms_->obeying(grammar);
  }

  [[nodiscard]] bool explicit_template() const override { return explicit_; }

 private:
  /// Whether the template refuses the tools, or its form of calls cannot hold to a schema that must
  /// be held to: calls in text can.
  static bool falls_short(const base::Result<RenderedChat, Unrendered>& made,
                          const content::Chat& chat, const Wanted& wanted) {
    if (made.ok()) {
      return chat.tool_choice == content::ToolChoice::required &&
             made->unenforced.size() > wanted.unenforced.size();
    }
    const auto& fault = made.error().fault;
    return (made.error().error == Error::bad_template_input && !wanted.tools.empty()) ||
           (fault && fault->kind == ConstraintFault::Kind::unsupported &&
            fault->place.of == ConstraintPlace::Of::tool);
  }

  /// chat   what the template is shown of `asked`.
  [[nodiscard]] base::Result<RenderedChat, Unrendered> render_folded(const content::Chat& chat,
                                                                     ThinkingMode mode,
                                                                     const content::Chat& asked,
                                                                     const Wanted& wanted) const {
    const auto folds = folded(chat, habits_);
    auto made = render_as(folds ? *folds : chat, mode, asked, wanted);
    if (made || made.error().error != Error::bad_template_input) {
      return made;
    }
    // What templates ask for beyond what was tried at loading: all that folding can do.
    const auto strict = folded(chat, strictest(habits_));
    return strict ? render_as(*strict, mode, asked, wanted) : std::move(made);
  }

  /// chat   what the template is shown of `asked`.
  [[nodiscard]] base::Result<RenderedChat, Unrendered> render_as(const content::Chat& chat,
                                                                 ThinkingMode mode,
                                                                 const content::Chat& asked,
                                                                 Wanted wanted) const {
    try {
      auto inputs = inputs_of(chat, habits_);
      if (!inputs) {
        return base::Fail{Unrendered(inputs.error())};
      }
      const bool effort = skill_.reads_effort && !chat.thinking.effort.empty();
      const auto& plain = plain_[static_cast<std::size_t>(mode)];
      set_mode(*inputs, mode);
      const bool free = wanted.tools.empty() && !wanted.answer;
      if (plain && free && plain->fits(chat) && !effort) {
        return RenderedChat{plain->render(*inputs), plain->format(), {}};
      }
      if (effort) {
        inputs->chat_template_kwargs["reasoning_effort"] = '"' + chat.thinking.effort + '"';
      }
      for (const auto& [name, value] : chat.template_values) {
        inputs->chat_template_kwargs[name] = value;
      }
      common_chat_params rendered = common_chat_templates_apply(templates_.get(), *inputs);
      RenderedChat made;
      made.prompt = std::move(rendered.prompt);
      const ThinkingLimit limit = limit_for(
          rendered, mode == ThinkingMode::off ? limit_of(mode) : chat.thinking.tokens_max);
      auto format = forms_->format(rendered, *inputs, asked, wanted, !has_tools(chat));
      if (!format) {
        return base::Fail{format.error()};
      }
      made.format = limited(std::move(format).value(), limit);
      made.unenforced = std::move(wanted.unenforced);
      return made;
    } catch (const std::exception&) {
      // The text of what failed is dropped unread: it may quote the conversation.
      return base::Fail{Unrendered(Error::bad_template_input)};
    }
  }

  common_chat_templates_ptr templates_;
  std::unique_ptr<AnswerForms> forms_;
  Habits habits_;
  ThinkingSkill skill_;
  std::array<std::optional<PlainTemplate>, 3> plain_;  ///< By thinking mode.
  bool explicit_ = false;
};

}  // namespace

std::unique_ptr<ChatTemplates> make_chat_templates(const llama_model* model) {
  return std::make_unique<Templates>(model);
}

void silence_common() {
  common_log_set_verbosity_thold(-1);
}

}  // namespace engine::llama
