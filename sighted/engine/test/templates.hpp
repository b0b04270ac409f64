// Chat templates with the habits of well-known families, on the tiny random model.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tiny_model.hpp"

namespace engine::test {

/// No system role, and roles must alternate, as Gemma has it.
inline const std::string gemma_like =
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// One system message at the beginning, roles must alternate, ids of nine characters, as Mistral.
inline const std::string mistral_like =
    "{% if messages[0]['role'] == 'system' %}{% set start = 1 %}<|im_start|>system\n"
    "{{ messages[0]['content'] }}<|im_end|>\n{% else %}{% set start = 0 %}{% endif %}"
    "{% set ns = namespace(turn=0) %}{% for message in messages[start:] %}"
    "{% if message['role'] == 'tool' %}{% if message['tool_call_id'] | length != 9 %}"
    "{{ raise_exception('Tool call IDs should be alphanumeric strings with length 9!') }}"
    "{% endif %}<|im_start|>tool\n{{ message['content'] }}<|im_end|>\n"
    "{% elif message['role'] == 'assistant' and message['tool_calls'] %}"
    "{% for call in message['tool_calls'] %}{% if call['id'] | length != 9 %}"
    "{{ raise_exception('Tool call IDs should be alphanumeric strings with length 9!') }}"
    "{% endif %}<|im_start|>call\n{{ call['function']['name'] }}"
    "{% for key, value in call['function']['arguments'] | items %}|{{ key }}={{ value }}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% else %}{% if (message['role'] == 'user') != (ns.turn % 2 == 0) %}"
    "{{ raise_exception('After the optional system message, conversation roles must alternate') }}"
    "{% endif %}{% set ns.turn = ns.turn + 1 %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// Only users and assistants: what else there is it leaves out without a word.
inline const std::string forgetful =
    "{% if messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n"
    "{% endif %}{% for message in messages %}"
    "{% if message.role == 'user' or message.role == 'assistant' %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// The system's word comes first or not at all; thinks unless it is told not to, as Qwen has it.
inline const std::string thinking_like =
    "{% for message in messages %}{% if message.role == 'system' and not loop.first %}"
    "{{ raise_exception('System message must be at the beginning.') }}{% endif %}"
    "<|im_start|>{{ message.role }}\n"
    "{% if message.reasoning_content %}<think>\n{{ message.reasoning_content }}\n</think>\n\n"
    "{% endif %}{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% else %}<think>\n{% endif %}{% endif %}";

/// The same, but always.
inline const std::string always_thinking =
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.reasoning_content %}<think>\n{{ message.reasoning_content }}\n</think>\n\n"
    "{% endif %}{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}";

/// The tiny model with another template.
inline std::unique_ptr<Engine> load_with_template(const std::string& chat_template,
                                                  Load load = load_llama) {
  const TemporaryFolder folder;
  random_model::Options options;
  options.chat_template = chat_template;
  const std::string file = folder.file("model.gguf");
  EXPECT_EQ(random_model::write(options, file), "");
  auto loaded = load({.path = file, .kv_tokens = 2048, .lanes_max = 8, .threads = 1}, {});
  if (!loaded) {
    ADD_FAILURE() << loaded.error().detail;
    return nullptr;
  }
  return std::move(loaded).value();
}

}  // namespace engine::test
