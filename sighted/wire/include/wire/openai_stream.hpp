// OpenAI's server-sent events. One object per streamed answer; not thread-safe; any one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wire/answer.hpp>

namespace wire {

/// Order of calls: per choice any number of delta(), then finish(); then end() once. error() may
/// come at any time and is the last. Each returns whole events, ready to send (or nothing).
class OpenAiStream {
 public:
  enum class Form { chat, completion };
  struct Options {
    Form form = Form::chat;
    std::uint32_t choices = 1;  ///< Choices times prompts.
    bool logprobs = false;
    bool include_usage = false;
  };

  OpenAiStream(ReplyHead head, Options options);

  /// Completions with `echo`: the prompt, before the choice's first delta.
  std::string echo(std::uint32_t choice, std::string_view prompt);
  std::string delta(std::uint32_t choice, const content::ReplyDelta& delta);
  /// Once per choice; a second call for the same choice returns nothing.
  std::string finish(std::uint32_t choice, const Finish& finish);
  /// The usage chunk, where it was asked for, and `[DONE]`.
  std::string end(const UsageNote& usage);
  std::string error(const ApiError& error);
  /// A comment that keeps the connection alive.
  static std::string_view keep_alive() { return ": keep-alive\n\n"; }

 private:
  struct Choice {
    bool begun = false;
    bool finished = false;
    std::size_t text_offset = 0;  ///< Characters sent; completions with logprobs.
    std::vector<bool> tools;      ///< Tool calls whose head was sent.
  };
  Choice& choice_at(std::uint32_t choice);
  [[nodiscard]] std::string chunk(std::uint32_t choice, std::string_view delta,
                                  std::string_view logprobs, std::string_view reason,
                                  bool last) const;
  std::string begin(std::uint32_t choice);
  std::string chat_delta(std::uint32_t choice, const content::ReplyDelta& delta);

  ReplyHead head_;
  Options options_;
  std::string prefix_;  ///< `data: {"id":...,"model":...,`
  std::vector<Choice> choices_;
  std::uint32_t open_;  ///< Choices without a finish.
};

}  // namespace wire
