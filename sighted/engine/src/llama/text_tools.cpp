#include "text_tools.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <grammar/builder.hpp>
#include <string_view>
#include <utility>

#include "../call_id.hpp"
#include "json_bounds.hpp"

namespace engine::llama {
namespace {

namespace json = boost::json;

constexpr std::string_view call_start = "<tool_call>\n";
constexpr std::string_view call_end = "\n</tool_call>";
constexpr std::string_view name_start = R"({"name": )";
constexpr std::string_view arguments_start = R"(, "arguments": )";

std::string description(const content::Chat& chat) {
  std::string text = "You can call these functions, one JSON object on a line each:\n<tools>\n";
  for (const content::Tool& tool : chat.tools) {
    if (!chat.forced_tool.empty() && tool.name != chat.forced_tool) {
      continue;
    }
    text += R"({"name": )" + json::serialize(json::value(tool.name));
    if (!tool.description.empty()) {
      text += R"(, "description": )" + json::serialize(json::value(tool.description));
    }
    text += R"(, "parameters": )" + (tool.parameters.empty() ? "{}" : tool.parameters) + "}\n";
  }
  text +=
      "</tools>\nTo call a function, answer with its name and arguments in this form:\n"
      "<tool_call>\n{\"name\": \"...\", \"arguments\": {...}}\n</tool_call>";
  if (chat.tool_choice == content::ToolChoice::required) {
    text += "\nAnswer with a call.";
  }
  return text;
}

std::string call_text(const content::ToolCall& call) {
  return std::string(call_start)
      .append(name_start)
      .append(json::serialize(json::value(call.name)))
      .append(arguments_start)
      .append(call.arguments.empty() ? "{}" : call.arguments)
      .append("}")
      .append(call_end);
}

}  // namespace

bool has_tools(const content::Chat& chat) {
  const bool told = !chat.tools.empty() && chat.tool_choice != content::ToolChoice::none;
  return told || std::any_of(chat.messages.begin(), chat.messages.end(), [](const auto& message) {
           return message.role == "tool" || !message.tool_calls.empty();
         });
}

content::Chat with_text_tools(const content::Chat& chat) {
  content::Chat made = chat;
  made.messages.clear();
  const bool told = !chat.tools.empty() && chat.tool_choice != content::ToolChoice::none;
  std::string system = told ? description(chat) : std::string();
  for (const content::Message& message : chat.messages) {
    if (&message == &chat.messages.front() && message.role == "system") {
      system = message.text + (system.empty() ? "" : "\n\n") + system;
      continue;
    }
    content::Message text = message;
    text.tool_calls.clear();
    for (const content::ToolCall& call : message.tool_calls) {
      text.text += (text.text.empty() ? "" : "\n") + call_text(call);
    }
    if (message.role == "tool") {
      text = {};
      text.role = "user";
      text.text = "<tool_response>\n" + message.text + "\n</tool_response>";
      if (!made.messages.empty() && made.messages.back().role == "user") {
        made.messages.back().text += "\n" + text.text;  // Results of one turn stay one turn.
        continue;
      }
    }
    made.messages.push_back(std::move(text));
  }
  if (!system.empty()) {
    content::Message first;
    first.role = "system";
    first.text = std::move(system);
    made.messages.insert(made.messages.begin(), std::move(first));
  }
  made.tools.clear();
  made.forced_tool.clear();
  made.tool_choice = content::ToolChoice::none;
  return made;
}

base::Result<grammar::GrammarPtr, grammar::Refusal> text_calls(const std::vector<WantedTool>& tools,
                                                               bool parallel) {
  grammar::Builder builder;
  const auto call = builder.rule();
  const auto opened = builder.state();
  const auto said = builder.state();
  builder.literal(builder.begin(call), std::string(call_start).append(name_start), opened);
  for (const WantedTool& tool : tools) {
    const auto named = builder.state();
    builder.literal(opened, json::serialize(json::value(tool.tool->name)).append(arguments_start),
                    named);
    builder.call(named, builder.embed(*tool.arguments), said);
  }
  builder.literal(said, std::string("}").append(call_end), builder.end(call));
  if (!parallel) {
    return builder.build(call);
  }
  constexpr std::uint32_t calls_max = 128;
  const auto next = builder.rule();
  const auto line = builder.state();
  builder.literal(builder.begin(next), "\n", line);
  builder.call(line, call, builder.end(next));
  const auto root = builder.rule();
  const auto first = builder.state();
  builder.call(builder.begin(root), call, first);
  builder.repeat(first, next, 0, calls_max - 1, builder.end(root));
  return builder.build(root);
}

namespace {

/// The number of bytes at the front of `text` that are one whole JSON value; 0 = it is not whole
/// yet.
std::size_t whole_object(std::string_view text) {
  std::size_t bytes = 0;
  walk_brackets(text, [&](std::size_t at, int depth) {
    bytes = depth == 0 && text[at] != '{' && text[at] != '[' ? at + 1 : 0;
    return bytes == 0;
  });
  return bytes;
}

class TextToolsParser final : public ReplyParser {
 public:
  TextToolsParser(const AnswerFrame& frame, std::uint64_t call_ids)
      : inner_(make_framed_parser(frame)), call_ids_(call_ids) {}

  content::ReplyDelta feed(std::string_view text) override {
    return take(inner_->feed(text), false);
  }
  content::ReplyDelta finish() override { return take(inner_->finish(), true); }
  [[nodiscard]] bool called_tool() const override { return calls_ > 0; }

 private:
  content::ReplyDelta take(content::ReplyDelta inner, bool complete) {
    content::ReplyDelta delta;
    delta.reasoning = std::move(inner.reasoning);
    if (held_.empty() && !inner.text.empty()) {
      at_ = inner.text_at;
    }
    held_ += inner.text;
    while (step(complete, delta)) {
    }
    return delta;
  }

  void drop(std::size_t bytes) {
    held_.erase(0, bytes);
    at_ += bytes;
  }

  void say(std::size_t bytes, content::ReplyDelta& delta) {
    if (bytes > 0 && delta.text.empty()) {
      delta.text_at = at_;
    }
    delta.text += held_.substr(0, bytes);
    drop(bytes);
  }

  bool step(bool complete, content::ReplyDelta& delta) {
    if (arguments_) {
      return argue(delta);
    }
    const std::size_t found = held_.find(text_call_start);
    if (found != std::string::npos) {
      const std::string_view call = std::string_view(held_).substr(found);
      if (const auto named = head(call)) {
        // Blank lines between calls are no text.
        if (held_.find_first_not_of(" \n") < found) {
          say(found, delta);
        } else {
          drop(found);
        }
        delta.tools.push_back({calls_, call_id(call_ids_, calls_), named->first, {}});
        ++calls_;
        drop(named->second);
        arguments_ = true;
        argued_ = 0;
        return true;
      }
      say(complete ? held_.size() : 0, delta);
      return false;
    }
    std::size_t sure = held_.size();
    if (!complete) {
      sure = std::min(sure, held_.find_last_not_of(" \n") + 1);
      for (std::size_t length = std::string_view(text_call_start).size() - 1; length > 0;
           --length) {
        if (held_.ends_with(std::string_view(text_call_start).substr(0, length))) {
          sure = std::min(sure, held_.size() - length);
          break;
        }
      }
    }
    say(sure, delta);
    return false;
  }

  /// A call's name, and how long its head is.
  static std::optional<std::pair<std::string, std::size_t>> head(std::string_view call) {
    const std::string lead = std::string(call_start).append(name_start);
    if (!call.starts_with(lead)) {
      return std::nullopt;
    }
    const std::size_t end = call.find(arguments_start, lead.size());
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    boost::system::error_code failed;
    const json::value name = json::parse(call.substr(lead.size(), end - lead.size()), failed);
    if (failed || !name.is_string()) {
      return std::nullopt;
    }
    return std::pair(std::string(name.get_string()), end + arguments_start.size());
  }

  bool argue(content::ReplyDelta& delta) {
    const std::size_t whole = whole_object(held_);
    const std::size_t end = whole == 0 ? held_.size() : whole;
    if (end > argued_) {
      delta.tools.push_back({calls_ - 1, {}, {}, held_.substr(argued_, end - argued_)});
      argued_ = end;
    }
    const std::string tail = std::string("}").append(call_end);
    if (whole == 0 || held_.size() < whole + tail.size()) {
      return false;
    }
    drop(whole + tail.size());
    arguments_ = false;
    return true;
  }

  std::unique_ptr<ReplyParser> inner_;  ///< Takes the thought off.
  std::uint64_t call_ids_;
  std::string held_;
  std::size_t at_ = 0;
  std::uint32_t calls_ = 0;
  bool arguments_ = false;  ///< `held_` begins with a call's arguments,
  std::size_t argued_ = 0;  ///< so many bytes of which were told.
};

}  // namespace

std::unique_ptr<ReplyParser> make_text_tools_parser(const AnswerFrame& frame,
                                                    std::uint64_t call_ids) {
  return std::make_unique<TextToolsParser>(frame, call_ids);
}

}  // namespace engine::llama
