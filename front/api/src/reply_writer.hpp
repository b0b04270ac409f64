// One face for the ways an answer is written: OpenAI chat, OpenAI completion, Anthropic message.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <content/reply.hpp>
#include <wire/answer.hpp>

namespace api {

/// For one answer. Streamed: start(), then delta() and finish() for each choice, then end(), or
/// error(). Not streamed: whole(). Each returns what is to be sent, possibly nothing.
class ReplyWriter {
 public:
  virtual ~ReplyWriter() = default;
  virtual std::string start(const terms::Usage& known) = 0;
  virtual std::string echo(std::uint32_t choice, std::string_view prompt) = 0;
  virtual std::string delta(std::uint32_t choice, const content::ReplyDelta& delta) = 0;
  virtual std::string finish(std::uint32_t choice, const wire::Finish& finish) = 0;
  virtual std::string end(const wire::UsageNote& usage) = 0;
  virtual std::string error(const wire::ApiError& error) = 0;
  virtual std::string whole(std::span<const wire::Answer> choices,
                            const wire::UsageNote& usage) = 0;
  [[nodiscard]] virtual std::string_view keep_alive() const = 0;
};

enum class Protocol { openai_chat, openai_completion, anthropic };

struct WriterOptions {
  Protocol protocol = Protocol::openai_chat;
  std::uint32_t choices = 1;  ///< All prompts together.
  bool logprobs = false;
  bool include_usage = false;
};

[[nodiscard]] std::unique_ptr<ReplyWriter> make_writer(wire::ReplyHead head,
                                                       const WriterOptions& options);

}  // namespace api
