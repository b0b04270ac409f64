#include "format.hpp"

#include <algorithm>
#include <grammar/builder.hpp>

#include "../call_id.hpp"
#include "../llama/wanted.hpp"

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

/// Everything is text.
class PlainParser final : public ReplyParser {
 public:
  content::ReplyDelta feed(std::string_view text) override {
    content::ReplyDelta delta;
    delta.text_at = at_;
    delta.text = text;
    at_ += text.size();
    return delta;
  }
  content::ReplyDelta finish() override { return {}; }
  [[nodiscard]] bool called_tool() const override { return false; }

 private:
  std::size_t at_ = 0;
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

/// Schemas and grammars are compiled as for engines with a model.
llama::SchemaCache& cache() {
  static llama::SchemaCache kept;
  return kept;
}

/// A call as the parser reads it.
base::Result<grammar::GrammarPtr, grammar::Refusal> call_of(const llama::WantedTool& wanted) {
  grammar::Builder builder;
  const grammar::RuleId root = builder.rule();
  const grammar::StateId named = builder.state();
  const grammar::StateId argued = builder.state();
  std::string start(call_start);
  builder.literal(builder.begin(root), start.append(wanted.tool->name).append("\n"), named);
  builder.call(named, builder.embed(*wanted.arguments), argued);
  builder.literal(argued, call_end, builder.end(root));
  return builder.build(root);
}

/// What the answer must obey, or null.
base::Result<grammar::GrammarPtr, Unrendered> demanded(const content::Chat& chat,
                                                       const llama::Wanted& wanted) {
  if (chat.tool_choice != content::ToolChoice::required || wanted.tools.empty()) {
    return wanted.answer;
  }
  auto call = call_of(wanted.tools.front());
  if (!call) {
    return base::Fail{
        llama::refused(call.error(), ConstraintPlace::Of::tool, wanted.tools.front().number)};
  }
  return std::move(call).value();
}

}  // namespace

std::unique_ptr<ReplyParser> Format::parser(std::uint64_t call_ids) const {
  if (reads_ == Reads::plain_text) {
    return std::make_unique<PlainParser>();
  }
  return std::make_unique<Parser>(call_ids);
}

base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(const std::string& grammar) {
  auto compiled = cache().gbnf(grammar);
  if (!compiled) {
    return base::Fail{llama::refused(compiled.error(), ConstraintPlace::Of::grammar)};
  }
  return std::shared_ptr<const ReplyFormat>(
      std::make_shared<Format>(std::move(compiled).value(), Format::Reads::plain_text));
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
  auto wanted = llama::wanted_of(chat, cache());
  if (!wanted) {
    return base::Fail{wanted.error()};
  }
  auto answer = demanded(chat, *wanted);
  if (!answer) {
    return base::Fail{answer.error()};
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
