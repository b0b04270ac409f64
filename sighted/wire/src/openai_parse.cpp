#include <wire/json.hpp>
#include <wire/openai_parse.hpp>

#include "constraints.hpp"
#include "openai_messages.hpp"
#include "openai_tools.hpp"
#include "other_fields.hpp"
#include "request_fields.hpp"
#include "thinking.hpp"

namespace wire {

namespace {

template <class T, class Value>
base::Result<T, ParseError> finished(const Document& document, Value&& value) {
  if (document.failed()) {
    return base::Fail{document.error()};
  }
  return T(std::forward<Value>(value));
}

void read_chat_logprobs(Reader& root, content::Sampling& sampling) {
  const bool wanted = root.optional_bool("logprobs").value_or(false);
  const auto top = root.optional_u64("top_logprobs", 0, 20);
  if (wanted) {
    sampling.top_logprobs = static_cast<std::int32_t>(top.value_or(0));
  } else if (top.value_or(0) > 0) {
    root.fail("top_logprobs", ErrorKind::out_of_range, "needs 'logprobs' to be true.");
  }
}

void refuse_media(Reader& root) {
  if (auto modalities = root.optional_array("modalities", 16)) {
    for (std::size_t i = 0; i < modalities->size(); ++i) {
      if (modalities->string(i, 64) != "text") {
        modalities->fail(i, ErrorKind::unsupported,
                         "is not supported: this server answers with text only.");
      }
    }
  }
}

/// vLLM's way to have the assistant's last message continued.
void read_continuation(Reader& root, content::Chat& chat) {
  const auto add = root.optional_bool("add_generation_prompt");
  if (!root.optional_bool("continue_final_message").value_or(false)) {
    if (!add.value_or(true)) {
      root.unsupported("add_generation_prompt",
                       "is not supported as false without 'continue_final_message'.");
    }
    return;
  }
  if (add.value_or(false)) {
    root.fail("continue_final_message", ErrorKind::out_of_range,
              "needs 'add_generation_prompt' to be false or absent.");
  } else if (chat.messages.empty() || chat.messages.back().role != "assistant") {
    root.fail("continue_final_message", ErrorKind::out_of_range,
              "needs a last message of role 'assistant'.");
  } else {
    chat.continue_last = true;
  }
}

content::GenerationRequest read_chat(Reader root) {
  content::GenerationRequest request;
  content::Chat chat;
  request.model = read_model(root);
  chat.messages = read_openai_messages(root);
  read_openai_tools(root, chat);
  read_constraints(root, chat);
  read_continuation(root, chat);
  read_openai_thinking(root, chat);
  request.sampling = read_openai_sampling(root);
  read_chat_logprobs(root, request.sampling);
  read_openai_limits(root, request);
  if (const auto most = root.optional_u64("max_completion_tokens", 1, exact_max)) {
    request.output_max = output_max(*most);
  }
  refuse_media(root);
  check_penalty_window(root, request.sampling);
  check_other_fields(root, chat_body);
  request.prompt = std::move(chat);
  return request;
}

content::GenerationRequest read_completion(Reader root) {
  content::GenerationRequest request;
  request.model = read_model(root);
  request.prompt = read_raw_prompts(root, "prompt", choices_max, true);
  request.sampling = read_openai_sampling(root);
  if (const auto top = root.optional_u64("logprobs", 0, 5)) {
    request.sampling.top_logprobs = static_cast<std::int32_t>(*top);
  }
  read_openai_limits(root, request);
  request.echo = root.optional_bool("echo").value_or(false);
  if (request.echo && request.sampling.top_logprobs >= 0) {
    root.unsupported("logprobs", "is not supported with 'echo': prompts are not scored.");
  }
  if (root.type("suffix") != JsonType::string ||
      !root.optional_string("suffix", any_length).value_or("").empty()) {
    if (root.has("suffix")) {
      root.unsupported("suffix");
    }
  }
  const auto best_of = root.optional_u64("best_of", 1, choices_max);
  if (best_of.value_or(request.choices) != request.choices) {
    root.unsupported("best_of", "is not supported unless it equals 'n'.");
  }
  const auto prompts = std::get<std::vector<content::RawPrompt>>(request.prompt).size();
  if (prompts * request.choices > choices_max) {
    root.fail("n", ErrorKind::out_of_range,
              "times the number of prompts must be at most " + std::to_string(choices_max) + '.');
  }
  read_raw_constraints(root, request);
  check_penalty_window(root, request.sampling);
  check_other_fields(root, completion_body);
  return request;
}

content::EmbeddingRequest read_embedding(Reader root) {
  content::EmbeddingRequest request;
  request.model = read_model(root);
  request.inputs = read_raw_prompts(root, "input", inputs_max, false);
  request.base64 = root.optional_word("encoding_format", {"float", "base64"}).value_or(0) == 1;
  check_other_fields(root, embedding_body);
  return request;
}

}  // namespace

base::Result<content::GenerationRequest, ParseError> parse_chat(std::string_view body) {
  Document document(body);
  return finished<content::GenerationRequest>(document, read_chat(document.root()));
}

base::Result<PrefixRequest, ParseError> parse_prefix(std::string_view body) {
  constexpr std::size_t account_digits = 32;
  Document document(body);
  Reader root = document.root();
  PrefixRequest request;
  request.chat = read_chat(root);
  Items accounts = root.required_array("accounts", prefix_accounts_max, 0);
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    request.accounts.push_back(accounts.string(i, account_digits));
  }
  return finished<PrefixRequest>(document, std::move(request));
}

base::Result<content::GenerationRequest, ParseError> parse_completion(std::string_view body) {
  Document document(body);
  return finished<content::GenerationRequest>(document, read_completion(document.root()));
}

base::Result<content::EmbeddingRequest, ParseError> parse_embedding(std::string_view body) {
  Document document(body);
  return finished<content::EmbeddingRequest>(document, read_embedding(document.root()));
}

base::Result<AnyRequest, ParseError> parse_any(std::string_view body) {
  Document document(body);
  Reader root = document.root();
  const bool chat = root.has("messages");
  const bool completion = root.has("prompt");
  const bool embedding = root.has("input");
  if (static_cast<int>(chat) + static_cast<int>(completion) + static_cast<int>(embedding) != 1) {
    root.fail("", ErrorKind::missing, "must have exactly one of 'messages', 'prompt', 'input'.");
  }
  if (embedding) {
    return finished<AnyRequest>(document, read_embedding(root));
  }
  return chat ? finished<AnyRequest>(document, read_chat(root))
              : finished<AnyRequest>(document, read_completion(root));
}

}  // namespace wire
