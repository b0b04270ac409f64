#include "format.hpp"

#include <algorithm>
#include <optional>

#include "../call_id.hpp"
#include "../llama/wanted.hpp"
#include "schema_sample.hpp"

namespace engine::scripted {
namespace {

constexpr std::string_view call_start = "<tool_call>";
constexpr std::string_view call_end = "</tool_call>";
constexpr std::string_view think_start = "<think>";
constexpr std::string_view think_end = "</think>";

/// Where `tag` begins in `text`, even if only its first bytes are there yet; else text.size().
std::size_t tag_position(std::string_view text, std::string_view tag) {
  if (const auto whole = text.find(tag); whole != std::string_view::npos) {
    return whole;
  }
  for (std::size_t length = std::min(tag.size() - 1, text.size()); length > 0; --length) {
    if (text.ends_with(tag.substr(0, length))) {
      return text.size() - length;
    }
  }
  return text.size();
}

/// Reads `<think>reasoning</think>text<tool_call>name\narguments</tool_call>` as it grows.
class Parser final : public ReplyParser {
 public:
  explicit Parser(std::uint64_t call_ids) : call_ids_(call_ids) {}

  content::ReplyDelta feed(std::string_view text) override {
    held_ += text;
    content::ReplyDelta delta;
    while (advance(delta)) {
    }
    return delta;
  }

  content::ReplyDelta finish() override {
    content::ReplyDelta delta;
    emit(held_.size(), delta);
    return delta;
  }

  [[nodiscard]] bool called_tool() const override { return calls_ > 0; }

 private:
  enum class In { text, reasoning, name, arguments };

  /// Takes `bytes` of what is held as what it is here.
  void emit(std::size_t bytes, content::ReplyDelta& delta) {
    const std::string taken = held_.substr(0, bytes);
    drop(bytes);
    if (taken.empty()) {
      return;
    }
    if (in_ == In::text) {
      delta.text_at = at_ - delta.text.size() - bytes;
      delta.text += taken;
    } else if (in_ == In::reasoning) {
      delta.reasoning += taken;
    } else if (in_ == In::arguments) {
      delta.tools.push_back({calls_ - 1, {}, {}, taken});
    }
  }

  void drop(std::size_t bytes) {
    held_.erase(0, bytes);
    at_ += bytes;
  }

  bool enter(std::string_view tag, In next, content::ReplyDelta& delta) {
    const std::size_t at = tag_position(held_, tag);
    const bool whole = held_.size() >= at + tag.size();
    emit(at, delta);
    if (whole) {
      drop(tag.size());
      in_ = next;
    }
    return whole;
  }

  bool advance(content::ReplyDelta& delta) {
    switch (in_) {
      case In::text: {
        const bool thinks = tag_position(held_, think_start) < tag_position(held_, call_start);
        return enter(thinks ? think_start : call_start, thinks ? In::reasoning : In::name, delta);
      }
      case In::reasoning: return enter(think_end, In::text, delta);
      case In::name: {
        const auto line_end = held_.find('\n');
        if (line_end == std::string::npos) {
          return false;
        }
        delta.tools.push_back({calls_, call_id(call_ids_, calls_), held_.substr(0, line_end), {}});
        ++calls_;
        drop(line_end + 1);
        in_ = In::arguments;
        return true;
      }
      case In::arguments: return enter(call_end, In::text, delta);
    }
    return false;
  }

  std::uint64_t call_ids_;
  std::string held_;
  std::size_t at_ = 0;  ///< Bytes of the answer before those held.
  In in_ = In::text;
  std::uint32_t calls_ = 0;
};

void append_turn(const content::Message& message, content::TokenIds& tokens) {
  tokens.push_back(turn_start_token);
  append(message.role, tokens);
  append("\n", tokens);
  append(message.text, tokens);
  for (const auto& call : message.tool_calls) {
    append(call_start, tokens);
    append(call.name, tokens);
    append("\n", tokens);
    append(call.arguments, tokens);
    append(call_end, tokens);
  }
}

/// The answer that the request forces, or empty.
base::Result<std::string, Error> forced_answer(const content::Chat& chat) {
  if (chat.tool_choice == content::ToolChoice::required && !chat.tools.empty()) {
    const auto tool =
        chat.forced_tool.empty()
            ? chat.tools.begin()
            : std::find_if(chat.tools.begin(), chat.tools.end(),
                           [&](const auto& each) { return each.name == chat.forced_tool; });
    if (tool == chat.tools.end()) {
      return base::Fail{Error::bad_template_input};
    }
    const auto arguments = smallest_json(tool->parameters.empty() ? "{}" : tool->parameters);
    if (!arguments) {
      return base::Fail{Error::bad_schema};
    }
    std::string answer(call_start);
    return answer.append(tool->name).append("\n").append(*arguments).append(call_end);
  }
  if (!chat.json_schema.empty()) {
    auto answer = smallest_json(chat.json_schema);
    if (!answer) {
      return base::Fail{Error::bad_schema};
    }
    return std::move(*answer);
  }
  return std::string();
}

}  // namespace

std::unique_ptr<ReplyParser> Format::parser(std::uint64_t call_ids) const {
  return std::make_unique<Parser>(call_ids);
}

void append(std::string_view text, content::TokenIds& tokens) {
  tokens.reserve(tokens.size() + text.size());
  for (const char byte : text) {
    tokens.push_back(static_cast<unsigned char>(byte));
  }
}

base::Result<Rendered, Unrendered> render(const content::Chat& chat) {
  if (chat.messages.empty()) {
    return base::Fail{Unrendered(Error::bad_template_input)};
  }
  static llama::SchemaCache cache;  // What is refused is what engines with a model refuse.
  auto wanted = llama::wanted_of(chat, cache);
  if (!wanted) {
    return base::Fail{wanted.error()};
  }
  auto answer = forced_answer(chat);
  if (!answer) {
    return base::Fail{Unrendered(answer.error())};
  }
  Rendered rendered;
  rendered.tokens.push_back(bos_token);
  if (chat.tool_choice != content::ToolChoice::none) {
    for (const auto& tool : chat.tools) {
      append(tool.name, rendered.tokens);
      append(tool.description, rendered.tokens);
      append(tool.parameters, rendered.tokens);
    }
  }
  for (const auto& message : chat.messages) {
    append_turn(message, rendered.tokens);
    if (&message != &chat.messages.back() || !chat.continue_last) {
      rendered.tokens.push_back(turn_end_token);
    }
  }
  if (!chat.continue_last) {
    rendered.tokens.push_back(turn_start_token);
    append("assistant\n", rendered.tokens);
  }
  rendered.unenforced = std::move(wanted->unenforced);
  rendered.format = std::make_shared<Format>(std::move(answer).value());
  return rendered;
}

}  // namespace engine::scripted
