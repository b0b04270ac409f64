#include "reply_writer.hpp"

#include <utility>

#include <wire/anthropic_stream.hpp>
#include <wire/anthropic_write.hpp>
#include <wire/openai_stream.hpp>
#include <wire/openai_write.hpp>

namespace api {
namespace {

using wire::OpenAiStream;

class OpenAiWriter final : public ReplyWriter {
 public:
  OpenAiWriter(wire::ReplyHead head, const WriterOptions& options)
      : head_(std::move(head)),
        options_(options),
        stream_(head_, {options.protocol == Protocol::openai_chat ? OpenAiStream::Form::chat
                                                                  : OpenAiStream::Form::completion,
                        options.choices, options.logprobs, options.include_usage}) {}

  std::string start(const terms::Usage& /*known*/) override { return {}; }
  std::string echo(std::uint32_t choice, std::string_view prompt) override {
    return stream_.echo(choice, prompt);
  }
  std::string delta(std::uint32_t choice, const content::ReplyDelta& delta) override {
    return stream_.delta(choice, delta);
  }
  std::string finish(std::uint32_t choice, const wire::Finish& finish) override {
    return stream_.finish(choice, finish);
  }
  std::string end(const wire::UsageNote& usage) override { return stream_.end(usage); }
  std::string error(const wire::ApiError& error) override { return stream_.error(error); }
  std::string whole(std::span<const wire::Answer> choices, const wire::UsageNote& usage) override {
    return options_.protocol == Protocol::openai_chat
               ? wire::chat_completion(head_, choices, options_.logprobs, usage)
               : wire::text_completion(head_, choices, options_.logprobs, usage);
  }
  [[nodiscard]] std::string_view keep_alive() const override { return OpenAiStream::keep_alive(); }

 private:
  wire::ReplyHead head_;
  WriterOptions options_;
  OpenAiStream stream_;
};

class AnthropicWriter final : public ReplyWriter {
 public:
  explicit AnthropicWriter(wire::ReplyHead head) : head_(std::move(head)), stream_(head_) {}

  std::string start(const terms::Usage& known) override { return stream_.start(known); }
  std::string echo(std::uint32_t /*choice*/, std::string_view /*prompt*/) override { return {}; }
  std::string delta(std::uint32_t /*choice*/, const content::ReplyDelta& delta) override {
    return stream_.delta(delta);
  }
  std::string finish(std::uint32_t /*choice*/, const wire::Finish& finish) override {
    finish_ = finish;  // Told together with the usage, at the end.
    return {};
  }
  std::string end(const wire::UsageNote& usage) override { return stream_.end(finish_, usage); }
  std::string error(const wire::ApiError& error) override { return stream_.error(error); }
  std::string whole(std::span<const wire::Answer> choices, const wire::UsageNote& usage) override {
    return wire::message(head_, choices.front(), usage);
  }
  [[nodiscard]] std::string_view keep_alive() const override {
    return wire::AnthropicStream::keep_alive();
  }

 private:
  wire::ReplyHead head_;
  wire::AnthropicStream stream_;
  wire::Finish finish_;
};

}  // namespace

std::unique_ptr<ReplyWriter> make_writer(wire::ReplyHead head, const WriterOptions& options) {
  if (options.protocol == Protocol::anthropic) {
    return std::make_unique<AnthropicWriter>(std::move(head));
  }
  return std::make_unique<OpenAiWriter>(std::move(head), options);
}

}  // namespace api
