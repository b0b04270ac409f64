#include "chat.hpp"

#include <chat-auto-parser.h>
#include <chat.h>
#include <log.h>

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <optional>
#include <utility>

#include "answer_format.hpp"

namespace engine::llama {
namespace {

constexpr std::size_t schema_bytes_max = 1U << 18U;
constexpr int schema_depth_max = 64;

/// Refuses schemas that would exhaust the stack of a recursive reader. Not a JSON check.
bool sane_schema(const std::string& schema) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const char c = schema[i];
    if (quoted) {
      i += c == '\\' ? 1U : 0U;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > schema_depth_max) {
        return false;
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return schema.size() <= schema_bytes_max;
}

bool is_schema(const std::string& schema) {
  if (!sane_schema(schema)) {
    return false;
  }
  try {
    return common_json::parse(schema).is_object();
  } catch (const std::exception&) {
    return false;
  }
}

/// A tool's answer names its call by id; templates want the tool's name.
std::string tool_name_of(const content::Chat& chat, const content::Message& answer) {
  if (!answer.tool_name.empty()) {
    return answer.tool_name;
  }
  for (const auto& message : chat.messages) {
    for (const auto& call : message.tool_calls) {
      if (call.id == answer.tool_call_id) {
        return call.name;
      }
    }
  }
  return {};
}

common_chat_msg message_of(const content::Chat& chat, const content::Message& message) {
  common_chat_msg made;
  made.role = message.role;
  made.content = message.text;
  made.reasoning_content = message.reasoning;
  for (const auto& call : message.tool_calls) {
    made.tool_calls.push_back({call.name, call.arguments.empty() ? "{}" : call.arguments, call.id});
  }
  if (message.role == "tool") {
    made.tool_call_id = message.tool_call_id;
    made.tool_name = tool_name_of(chat, message);
  }
  return made;
}

common_chat_tool_choice choice_of(const content::Chat& chat) {
  switch (chat.tool_choice) {
    case content::ToolChoice::required: return COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    case content::ToolChoice::none: return COMMON_CHAT_TOOL_CHOICE_NONE;
    case content::ToolChoice::automatic: break;
  }
  return COMMON_CHAT_TOOL_CHOICE_AUTO;
}

/// errors  bad_schema, bad_template_input (nothing to say, a forced tool that is not there).
base::Result<common_chat_templates_inputs, Error> inputs_of(const content::Chat& chat) {
  common_chat_templates_inputs inputs;
  for (const auto& message : chat.messages) {
    inputs.messages.push_back(message_of(chat, message));
  }
  for (const auto& tool : chat.tools) {
    const std::string parameters = tool.parameters.empty() ? "{}" : tool.parameters;
    if (!is_schema(parameters)) {
      return base::Fail{Error::bad_schema};
    }
    if (chat.forced_tool.empty() || tool.name == chat.forced_tool) {
      inputs.tools.push_back({tool.name, tool.description, parameters});
    }
  }
  if (chat.messages.empty() || (inputs.tools.empty() && !chat.tools.empty())) {
    return base::Fail{Error::bad_template_input};
  }
  if (!chat.json_schema.empty()) {
    if (!is_schema(chat.json_schema)) {
      return base::Fail{Error::bad_schema};
    }
    const bool any = common_json::parse(chat.json_schema).empty();
    inputs.json_schema = any ? R"({"type":"object"})" : chat.json_schema;
  }
  inputs.tool_choice = choice_of(chat);
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
  PlainTemplate(const llama_model* model, const common_chat_templates* templates)
      : template_(common_chat_templates_source(templates), mark(model, llama_vocab_bos),
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
      auto rendered = common_chat_templates_apply(templates, inputs);
      if (!format_) {
        parser = rendered.parser;
        beginning = rendered.generation_prompt;
      }
      usable_ = usable_ && rendered.grammar.empty() && rendered.parser == parser &&
                rendered.generation_prompt == beginning && rendered.prompt == render(inputs);
      format_ = format_of(rendered, {});
    }
  }

  [[nodiscard]] bool fits(const content::Chat& chat) const {
    if (!usable_ || !chat.tools.empty() || !chat.json_schema.empty() || chat.continue_last) {
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
    return common_chat_template_direct_apply(template_, params);
  }

  [[nodiscard]] const std::shared_ptr<const ChatFormat>& format() const { return format_; }

 private:
  static std::string mark(const llama_model* model, llama_token (*which)(const llama_vocab*)) {
    const llama_vocab* const vocab = llama_model_get_vocab(model);
    const llama_token token = which(vocab);
    return token == LLAMA_TOKEN_NULL ? std::string() : common_token_to_piece(vocab, token, true);
  }

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
    try {
      plain_.emplace(model, templates_.get());
    } catch (const std::exception&) {
      plain_.reset();  // The template refuses one of the probes: the long way will do.
    }
  }

  [[nodiscard]] base::Result<RenderedChat, Unrendered> render(
      const content::Chat& chat) const override {
    try {
      const auto inputs = inputs_of(chat);
      if (!inputs) {
        return base::Fail{Unrendered(inputs.error())};
      }
      if (plain_ && plain_->fits(chat)) {
        return RenderedChat{plain_->render(*inputs), plain_->format(), {}};
      }
      common_chat_params rendered = common_chat_templates_apply(templates_.get(), *inputs);
      RenderedChat made;
      made.prompt = std::move(rendered.prompt);
      made.format = format_of(rendered, chat);
      return made;
    } catch (const std::exception& failure) {
      // The text is looked at and dropped: it may quote the conversation.
      const std::string_view what = failure.what();
      const bool schema = what.find("JSON schema") != std::string_view::npos ||
                          what.find("grammar") != std::string_view::npos;
      return base::Fail{Unrendered(schema ? Error::bad_schema : Error::bad_template_input)};
    }
  }

  [[nodiscard]] bool explicit_template() const override { return explicit_; }

 private:
  common_chat_templates_ptr templates_;
  std::optional<PlainTemplate> plain_;
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
