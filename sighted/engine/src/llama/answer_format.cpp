#include "answer_format.hpp"

#include <exception>
#include <utility>

#include "reply_parser.hpp"

namespace engine::llama {
namespace {

ParsedReply parsed(const std::string& text, bool partial, const common_chat_parser_params& how) {
  common_chat_msg message = common_chat_parse(text, partial, how);
  ParsedReply reply;
  reply.text = std::move(message.content);
  reply.reasoning = std::move(message.reasoning_content);
  for (auto& call : message.tool_calls) {
    reply.calls.push_back({std::move(call.id), std::move(call.name), std::move(call.arguments)});
  }
  return reply;
}

/// What an answer's parsers share; they may outlive the job.
struct FormatData {
  common_chat_parser_params how;
  Constraints constraints;
  std::vector<std::string> stops;
  bool plain = true;  ///< No tools and no thinking: the answer is its text.
};

class Parser final : public ReplyParser {
 public:
  Parser(std::shared_ptr<const FormatData> format, std::uint64_t call_ids)
      : format_(std::move(format)), diff_(call_ids) {
    if (format_->how.is_continuation && !format_->plain) {
      diff_.begin_with(read(true));
    }
  }

  content::ReplyDelta feed(std::string_view text) override {
    if (format_->plain) {
      content::ReplyDelta delta;
      delta.text = text;
      delta.text_at = said_;
      said_ += text.size();
      return delta;
    }
    text_ += text;
    // Each parse reads all there is. Waiting for a small part more keeps the sum of all parses
    // linear in the length of long answers; short ones are parsed at every token.
    if (text_.size() - parsed_at_ <= text_.size() / 512) {
      return {};
    }
    parsed_at_ = text_.size();
    return placed(diff_.update(read(true), false));
  }

  content::ReplyDelta finish() override {
    if (format_->plain) {
      return {};
    }
    return placed(diff_.update(read(false), true));
  }

  [[nodiscard]] bool called_tool() const override { return diff_.called_tool(); }

 private:
  /// llama-common does not say where in the answer it found its text. It is there as it stands,
  /// behind what was told before; so are thoughts, and arguments unless they are written anew.
  content::ReplyDelta placed(content::ReplyDelta delta) {
    (void)pass(delta.reasoning);
    delta.text_at = pass(delta.text);
    for (const auto& piece : delta.tools) {
      (void)pass(piece.arguments);
    }
    return delta;
  }

  /// Goes on behind `told`, and says where that stands.
  std::size_t pass(const std::string& told) {
    const std::size_t found = text_.find(told, said_);
    if (told.empty() || found == std::string::npos) {
      return said_;
    }
    said_ = found + told.size();
    return found;
  }

  /// What can be understood of the text. A model may break its own format: then what was told so
  /// far stands, and where that was nothing but text, all of it is text.
  ParsedReply read(bool partial) const {
    try {
      return parsed(text_, partial, format_->how);
    } catch (const std::exception&) {
      ParsedReply reply = diff_.told();
      if (!partial) {
        return read_broken(std::move(reply));
      }
      return reply;
    }
  }

  ParsedReply read_broken(ParsedReply reply) const {
    try {
      return parsed(text_, true, format_->how);
    } catch (const std::exception&) {
      if (reply.calls.empty() && reply.reasoning.empty() && text_.starts_with(reply.text)) {
        reply.text = text_;
      }
      return reply;
    }
  }

  std::shared_ptr<const FormatData> format_;
  ReplyDiff diff_;
  std::string text_;
  std::size_t parsed_at_ = 0;
  std::size_t said_ = 0;  ///< How much of the answer has been told, or is no text.
};

class Format final : public ChatFormat {
 public:
  explicit Format(std::shared_ptr<const FormatData> data) : data_(std::move(data)) {}
  [[nodiscard]] std::unique_ptr<ReplyParser> parser(std::uint64_t call_ids) const override {
    return std::make_unique<Parser>(data_, call_ids);
  }
  [[nodiscard]] std::vector<std::string> stops() const override { return data_->stops; }
  [[nodiscard]] const Constraints& constraints() const override { return data_->constraints; }

 private:
  std::shared_ptr<const FormatData> data_;
};

/// Whether even the marks that a format keeps are but text to it.
bool reads_as_text(const std::vector<std::string>& marks, const common_chat_parser_params& how) {
  std::string text = "a ";
  for (const auto& mark : marks) {
    text += mark + " b\n";
  }
  try {
    const ParsedReply reply = parsed(text, false, how);
    return reply.text == text && reply.reasoning.empty() && reply.calls.empty();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::shared_ptr<const ChatFormat> format_of(common_chat_params& rendered, const content::Chat& chat,
                                            Constraints constraints) {
  auto data = std::make_shared<FormatData>();
  data->how = common_chat_parser_params(rendered);
  data->how.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
  data->how.is_continuation = chat.continue_last;
  data->how.parse_tool_calls = !chat.tools.empty() && chat.tool_choice != content::ToolChoice::none;
  if (!rendered.parser.empty()) {
    data->how.parser.load(rendered.parser);
  }
  data->plain = !data->how.parse_tool_calls && rendered.thinking_start_tag.empty() &&
                rendered.thinking_end_tags.empty() &&
                reads_as_text(rendered.preserved_tokens, data->how);
  data->constraints = std::move(constraints);
  data->constraints.preserved = std::move(rendered.preserved_tokens);
  data->stops = std::move(rendered.additional_stops);
  return std::make_shared<Format>(std::move(data));
}

}  // namespace engine::llama
