#include "byte_vocabulary.hpp"

#include <string>
#include <vector>

namespace engine::random_model {
namespace {

/// GPT-2's alphabet: each byte as a printable character, UTF-8.
std::vector<std::string> byte_alphabet() {
  std::vector<std::string> alphabet;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    const unsigned point = printable ? byte : next++;
    std::string character;
    if (point < 0x80) {
      character += static_cast<char>(point);
    } else {
      character += static_cast<char>(0xC0U | (point >> 6U));
      character += static_cast<char>(0x80U | (point & 0x3FU));
    }
    alphabet.push_back(std::move(character));
  }
  return alphabet;
}

/// Bytes to merge, in order: pairs of what bytes or earlier merges made.
std::vector<std::pair<std::string, std::string>> merges() {
  return {{" ", "t"},  {"h", "e"},  {" t", "he"}, {"i", "n"},       {"e", "r"},
          {" ", "a"},  {"o", "n"},  {"r", "e"},   {"\xF0", "\x9F"}, {"\xC3", "\xBC"},
          {"{", "\""}, {"\"", ":"}, {"\"", "}"}};
}

}  // namespace

void set_byte_vocabulary(gguf_context* gguf, std::uint32_t tokens_min) {
  const auto alphabet = byte_alphabet();
  const auto spelled = [&](const std::string& bytes) {
    std::string text;
    for (const char byte : bytes) {
      text += alphabet[static_cast<unsigned char>(byte)];
    }
    return text;
  };
  std::vector<std::string> tokens = alphabet;
  std::vector<std::string> merge_lines;
  merge_lines.reserve(merges().size());
  for (const auto& [left, right] : merges()) {
    merge_lines.push_back(spelled(left) + " " + spelled(right));
    tokens.push_back(spelled(left + right));
  }
  std::vector<std::int32_t> types(tokens.size(), 1);
  const auto end_of_text = static_cast<std::uint32_t>(tokens.size());
  for (const char* const mark : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
    tokens.emplace_back(mark);
    types.push_back(3);  // control
  }
  for (const char* const tag : {"<think>", "</think>", "<tool_call>", "</tool_call>"}) {
    tokens.emplace_back(tag);
    types.push_back(4);  // user defined
  }
  while (tokens.size() < tokens_min) {
    tokens.push_back("filler" + std::to_string(tokens.size()));
    types.push_back(1);
  }
  const auto pointers = [](const std::vector<std::string>& strings) {
    std::vector<const char*> list;
    list.reserve(strings.size());
    for (const auto& string : strings) {
      list.push_back(string.c_str());
    }
    return list;
  };
  auto token_list = pointers(tokens);
  auto merge_list = pointers(merge_lines);
  gguf_set_val_str(gguf, "tokenizer.ggml.model", "gpt2");
  gguf_set_val_str(gguf, "tokenizer.ggml.pre", "gpt-2");
  gguf_set_arr_str(gguf, "tokenizer.ggml.tokens", token_list.data(), token_list.size());
  gguf_set_arr_data(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_arr_str(gguf, "tokenizer.ggml.merges", merge_list.data(), merge_list.size());
  gguf_set_val_u32(gguf, "tokenizer.ggml.bos_token_id", end_of_text);
  gguf_set_val_u32(gguf, "tokenizer.ggml.eos_token_id", end_of_text + 2);
  gguf_set_val_bool(gguf, "tokenizer.ggml.add_bos_token", false);
}

const char* chat_template() {
  return R"({%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\n\n' }}
    {%- endif %}
    {{- "# Tools\n\nYou may call these functions:\n<tools>" }}
    {%- for tool in tools %}
        {{- "\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\n</tools>\n\nCall one like this:\n<tool_call>\n" }}
    {{- "{\"name\": <function-name>, \"arguments\": <args-json-object>}" }}
    {{- "\n</tool_call><|im_end|>\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or
           (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\n<tool_call>\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- elif message.role == "tool" %}
        {{- '<|im_start|>user\n<tool_response>\n' + message.content }}
        {{- '\n</tool_response><|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
)";
}

}  // namespace engine::random_model
