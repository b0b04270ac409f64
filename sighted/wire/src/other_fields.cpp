#include "other_fields.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>

namespace wire {

namespace {

/// Which value asks for nothing; null never does.
enum class Harmless { none, no, yes, zero, one, empty, word };

struct Row {
  std::string_view name;
  std::uint32_t bodies;
  Harmless harmless;
  std::string_view words = {};  ///< With Harmless::word, a bar in front of and behind each.
  std::string_view what = "is not supported.";
};

constexpr std::uint32_t text = chat_body | completion_body | messages_body;
constexpr std::uint32_t openai = chat_body | completion_body;
constexpr std::uint32_t everything = text | embedding_body;

constexpr std::string_view one_tier =
    "is not supported but as 'auto', 'default' or 'standard_only': there is one tier.";
constexpr std::string_view nothing_stored =
    "is not supported: this server stores no content. Leave it out, or set it to false.";
constexpr std::string_view no_state =
    "is not supported: this server stores no content. Send the whole conversation.";
constexpr std::string_view no_web = "is not supported: this server does not search the web.";
constexpr std::string_view own_template = "is not supported: the model's own template is used.";
constexpr std::string_view use_tools = "is not supported: use 'tools' and 'tool_choice'.";
constexpr std::string_view not_sampled_so =
    "is not supported: samplers are temperature, top_k, "
    "top_p, min_p, penalties and logit_bias.";
constexpr std::string_view top_level =
    "is not supported: give temperature, seed, max_tokens and so on beside 'model'.";
constexpr std::string_view not_cut = "is not supported: prompts are never shortened.";
constexpr std::string_view use_stop = "is not supported: use 'stop' with text.";
constexpr std::string_view own_width = "is not supported: embeddings have the model's own width.";

constexpr Row rows[] = {
    // OpenAI
    {"store", everything, Harmless::no, {}, nothing_stored},
    {"background", everything, Harmless::no},
    {"service_tier", everything, Harmless::word, "|auto|default|standard|standard_only|", one_tier},
    {"functions", text, Harmless::none, {}, use_tools},
    {"function_call", text, Harmless::none, {}, use_tools},
    {"audio", text, Harmless::none},
    {"web_search_options", text, Harmless::none, {}, no_web},
    {"verbosity", text, Harmless::word, "|medium|"},
    {"moderation", text, Harmless::none},
    {"previous_response_id", text, Harmless::none, {}, no_state},
    {"conversation", text, Harmless::none, {}, no_state},
    {"truncation", text, Harmless::word, "|disabled|", not_cut},
    {"dimensions", embedding_body, Harmless::none, {}, own_width},
    // Anthropic
    {"mcp_servers", text, Harmless::empty},
    {"container", text, Harmless::none},
    {"fallbacks", messages_body, Harmless::empty},
    {"max_tokens_to_sample",
     messages_body,
     Harmless::none,
     {},
     "is not supported: use 'max_tokens'."},
    {"n", messages_body, Harmless::one, {}, "is not supported here: ask once for each answer."},
    {"stop", messages_body, Harmless::empty, {}, "is not supported here: use 'stop_sequences'."},
    {"stop_sequences", openai, Harmless::empty, {}, "is not supported here: use 'stop'."},
    {"logprobs",
     messages_body,
     Harmless::no,
     {},
     "is not supported here: use /v1/chat/completions."},
    {"top_logprobs",
     messages_body,
     Harmless::zero,
     {},
     "is not supported here: use /v1/chat/completions."},
    {"output_config", completion_body, Harmless::empty},
    {"inference_geo",
     text,
     Harmless::none,
     {},
     "is not supported: this server stands where it stands."},
    {"speed", text, Harmless::word, "|standard|"},
    {"suffix", chat_body | messages_body, Harmless::empty, {}, "is not supported in a chat."},
    // vLLM, SGLang
    {"best_of", chat_body | messages_body, Harmless::one},
    {"use_beam_search", text, Harmless::no},
    {"length_penalty", text, Harmless::one},
    {"stop_token_ids", text, Harmless::empty, {}, use_stop},
    {"include_stop_str_in_output", text, Harmless::no},
    {"no_stop_trim", text, Harmless::no},
    {"min_tokens", text, Harmless::zero},
    {"skip_special_tokens", text, Harmless::yes},
    {"spaces_between_special_tokens", text, Harmless::yes},
    {"truncate_prompt_tokens", everything, Harmless::none, {}, not_cut},
    {"truncation_side", everything, Harmless::none, {}, not_cut},
    {"prompt_logprobs", text, Harmless::none},
    {"prompt_embeds", text, Harmless::none},
    {"allowed_token_ids", text, Harmless::empty, {}, "is not supported: use 'logit_bias'."},
    {"bad_words", text, Harmless::empty, {}, "is not supported: use 'logit_bias'."},
    {"logits_processors", text, Harmless::empty},
    {"custom_logit_processor", text, Harmless::empty},
    {"repetition_detection", text, Harmless::none},
    {"echo", chat_body | messages_body, Harmless::no},
    {"add_special_tokens", chat_body | messages_body, Harmless::no, {}, own_template},
    {"add_special_tokens", completion_body | embedding_body, Harmless::yes},
    {"documents", chat_body | messages_body, Harmless::empty, {}, own_template},
    {"chat_template", chat_body | messages_body, Harmless::empty, {}, own_template},
    {"mm_processor_kwargs", everything, Harmless::empty},
    {"return_tokens_as_token_ids", text, Harmless::no},
    {"return_token_ids", text, Harmless::no},
    {"lora_path", everything, Harmless::none},
    {"regex", text, Harmless::empty, {}, "is not supported: use 'grammar'."},
    {"ebnf", text, Harmless::empty, {}, "is not supported: use 'grammar'."},
    // llama-server
    {"samplers", text, Harmless::empty, {}, not_sampled_so},
    {"typical_p", text, Harmless::one, {}, not_sampled_so},
    {"tfs_z", text, Harmless::one, {}, not_sampled_so},
    {"top_a", text, Harmless::zero, {}, not_sampled_so},
    {"mirostat", text, Harmless::zero, {}, not_sampled_so},
    {"mirostat_mode", text, Harmless::zero, {}, not_sampled_so},
    {"xtc_probability", text, Harmless::zero, {}, not_sampled_so},
    {"dynatemp_range", text, Harmless::zero, {}, not_sampled_so},
    {"smoothing_factor", text, Harmless::zero, {}, not_sampled_so},
    {"dry_multiplier", text, Harmless::zero, {}, not_sampled_so},
    {"adaptive_target", text, Harmless::none, {}, not_sampled_so},
    {"n_indent", text, Harmless::zero},
    {"t_max_predict_ms", text, Harmless::zero},
    {"n_probs", text, Harmless::zero, {}, "is not supported: use 'logprobs'."},
    {"post_sampling_probs", text, Harmless::no},
    {"return_tokens", text, Harmless::no},
    {"response_fields", text, Harmless::empty},
    {"lora", everything, Harmless::empty},
    {"grammar_lazy", text, Harmless::no},
    {"grammar_triggers", text, Harmless::empty},
    {"parse_tool_calls", chat_body | messages_body, Harmless::yes},
    {"input_prefix", completion_body, Harmless::empty},
    {"input_suffix", completion_body, Harmless::empty},
    {"input_extra", completion_body, Harmless::empty},
    // Ollama
    {"options", everything, Harmless::empty, {}, top_level},
    {"template", text, Harmless::empty, {}, own_template},
    {"system", openai, Harmless::empty, {}, "is not supported here: use a message of role system."},
    {"images", everything, Harmless::empty, {}, "is not supported: this server takes text only."},
    {"raw", text, Harmless::no},
    // Mistral, OpenRouter, Together, Fireworks, Perplexity, TGI
    {"safe_prompt", text, Harmless::no},
    {"prompt_mode", text, Harmless::none},
    {"transforms", text, Harmless::empty, {}, not_cut},
    {"models", everything, Harmless::empty, {}, "is not supported: name one 'model'."},
    {"provider", everything, Harmless::empty, {}, "is not supported: this server is the provider."},
    {"think", messages_body | completion_body, Harmless::no, {}, "is not supported here."},
    {"plugins", text, Harmless::empty},
    {"prompt_truncate_len", text, Harmless::none, {}, not_cut},
    {"prompt_truncate_length", text, Harmless::none, {}, not_cut},
    {"search_domain_filter", text, Harmless::empty, {}, no_web},
    {"search_parameters", text, Harmless::empty, {}, no_web},
    {"search_settings", text, Harmless::empty, {}, no_web},
    {"enable_search", text, Harmless::no, {}, no_web},
    {"adapter_id", everything, Harmless::none},
    {"watermark", text, Harmless::no},
    // Servers of embeddings
    {"input_type", embedding_body, Harmless::none},
    {"output_dimension", embedding_body, Harmless::none, {}, own_width},
    {"output_dtype", embedding_body, Harmless::word, "|float|"},
    {"embd_normalize", embedding_body, Harmless::none},
    {"normalize", embedding_body, Harmless::yes},
    {"task", embedding_body, Harmless::none},
    {"prompt_name", embedding_body, Harmless::none},
    {"instruction", embedding_body, Harmless::empty},
};

/// A body has few fields and the table many, so that fields are looked up, not rows.
constexpr auto sorted_rows = [] {
  auto copy = std::to_array(rows);
  std::ranges::sort(copy, {}, &Row::name);
  return copy;
}();

bool is_number(Reader& root, std::string_view name, double wanted) {
  constexpr double all = std::numeric_limits<double>::max();
  const JsonType type = root.type(name);
  return (type == JsonType::integer || type == JsonType::number) &&
         root.optional_number(name, -all, all) == wanted;
}

bool is_empty(Reader& root, std::string_view name) {
  switch (root.type(name)) {
    case JsonType::string: return root.optional_string(name, any_length)->empty();
    case JsonType::array: return root.optional_array(name)->size() == 0;
    case JsonType::object: return root.is_empty_object(name);
    default: return false;
  }
}

bool asks_for_nothing(Reader& root, const Row& row) {
  const JsonType type = root.type(row.name);
  switch (row.harmless) {
    case Harmless::none: return false;
    case Harmless::no:
    case Harmless::yes:
      return type == JsonType::boolean &&
             root.optional_bool(row.name) == (row.harmless == Harmless::yes);
    case Harmless::zero: return is_number(root, row.name, 0);
    case Harmless::one: return is_number(root, row.name, 1);
    case Harmless::empty: return is_empty(root, row.name);
    case Harmless::word: break;
  }
  if (type != JsonType::string) {
    return false;
  }
  const std::string word = *root.optional_string(row.name, any_length);
  return word.find('|') == std::string::npos &&
         row.words.find('|' + word + '|') != std::string_view::npos;
}

}  // namespace

void check_other_fields(Reader& root, Body body) {
  if (body != messages_body) {
    root.optional_string("user", any_length);
  }
  root.optional_object("metadata");
  for (const std::string_view name : root.names()) {
    const auto* row = std::ranges::lower_bound(sorted_rows, name, {}, &Row::name);
    for (; row != sorted_rows.end() && row->name == name; ++row) {
      if ((row->bodies & body) != 0 && root.has(row->name) && !asks_for_nothing(root, *row)) {
        root.unsupported(row->name, row->what);
      }
    }
  }
}

void check_penalty_window(Reader& root, const content::Sampling& sampling) {
  const bool penalties = sampling.repeat_penalty != 1 || sampling.frequency_penalty != 0 ||
                         sampling.presence_penalty != 0;
  for (const std::string_view name : {"repeat_last_n", "penalty_last_n"}) {
    if (penalties && root.has(name) && !is_number(root, name, -1)) {
      root.unsupported(name,
                       "is not supported with a penalty unless it is -1: penalties look at "
                       "the whole answer.");
    }
  }
}

}  // namespace wire
