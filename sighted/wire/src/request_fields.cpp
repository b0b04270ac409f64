#include "request_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace wire {

namespace {

constexpr std::size_t biases_max = 1024;
constexpr double penalty_max = 2.0;

/// Any signed 64-bit number, folded: small ones stay what they are.
std::uint32_t fold_seed(std::int64_t seed) {
  const auto bits = static_cast<std::uint64_t>(seed);
  return static_cast<std::uint32_t>(bits ^ (bits >> 32U));
}

std::vector<std::pair<content::TokenId, float>> read_logit_bias(Reader& root) {
  std::vector<std::pair<content::TokenId, float>> biases;
  const auto entries = root.optional_number_map("logit_bias", biases_max, -100, 100);
  biases.reserve(entries.size());
  for (const auto& [key, bias] : entries) {
    content::TokenId token = 0;
    const char* end = key.data() + key.size();
    const auto read = std::from_chars(key.data(), end, token);
    if (read.ec != std::errc() || read.ptr != end || token < 0) {
      root.fail("logit_bias", ErrorKind::out_of_range, "must have token ids as its keys.");
      break;
    }
    biases.emplace_back(token, static_cast<float>(bias));
  }
  return biases;
}

content::TokenIds read_token_ids(Items items) {
  content::TokenIds tokens(items.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<content::TokenId>(items.u64(i, 0, count_max));
  }
  return tokens;
}

}  // namespace

std::string read_model(Reader& root) {
  return root.required_string("model", model_name_max);
}

float read_float(Reader& root, std::string_view name, double min, double max, float absent) {
  const auto number = root.optional_number(name, min, max);
  return number ? static_cast<float>(*number) : absent;
}

std::int32_t read_top_k(Reader& root) {
  const auto most = root.optional_i64("top_k", -1, count_max);
  return static_cast<std::int32_t>(std::max<std::int64_t>(most.value_or(0), 0));
}

void read_more_sampling(Reader& root, content::Sampling& sampling) {
  sampling.min_p = read_float(root, "min_p", 0, 1, sampling.min_p);
  sampling.presence_penalty = read_float(root, "presence_penalty", -penalty_max, penalty_max, 0.0F);
  sampling.frequency_penalty =
      read_float(root, "frequency_penalty", -penalty_max, penalty_max, 0.0F);
  for (const std::string_view name : {"repetition_penalty", "repeat_penalty"}) {
    sampling.repeat_penalty = read_float(root, name, 0.01, 10, sampling.repeat_penalty);
  }
  constexpr auto any = std::numeric_limits<std::int64_t>();
  for (const std::string_view name : {"random_seed", "seed"}) {
    if (const auto seed = root.optional_i64(name, any.min(), any.max())) {
      sampling.seed = fold_seed(*seed);
    }
  }
  sampling.logit_bias = read_logit_bias(root);
  sampling.ignore_eos = root.optional_bool("ignore_eos").value_or(false);
}

content::Sampling read_openai_sampling(Reader& root) {
  content::Sampling sampling;
  sampling.temperature = read_float(root, "temperature", 0, 2, sampling.temperature);
  sampling.top_p = read_float(root, "top_p", 0, 1, sampling.top_p);
  sampling.top_k = read_top_k(root);
  read_more_sampling(root, sampling);
  if (root.type("stop") == JsonType::array) {
    sampling.stop = read_stops(*root.optional_array("stop", stops_max));
  } else if (auto stop = root.optional_string("stop", stop_length_max, 1)) {
    sampling.stop.push_back(std::move(*stop));
  }
  return sampling;
}

std::uint32_t output_max(std::uint64_t asked) {
  return static_cast<std::uint32_t>(std::min(asked, count_max));
}

void read_openai_limits(Reader& root, content::GenerationRequest& request) {
  request.choices = static_cast<std::uint32_t>(root.optional_u64("n", 1, 128).value_or(1));
  // llama-server's -1 is no limit.
  const auto predicted = root.optional_i64("n_predict", -1, exact_max);
  if (predicted == 0) {
    root.fail("n_predict", ErrorKind::out_of_range, "must be at least 1, or -1 for no limit.");
  } else if (predicted.value_or(-1) > 0) {
    request.output_max = output_max(static_cast<std::uint64_t>(*predicted));
  }
  if (const auto most = root.optional_u64("max_tokens", 1, exact_max)) {
    request.output_max = output_max(*most);
  }
  request.stream = root.optional_bool("stream").value_or(false);
  if (auto options = root.optional_object("stream_options")) {
    const bool usage = options->optional_bool("include_usage").value_or(false);
    request.stream_usage = request.stream && usage;
    if (options->optional_bool("continuous_usage_stats").value_or(false)) {
      options->unsupported("continuous_usage_stats", "is not supported: usage comes with the end.");
    }
  }
}

std::vector<std::string> read_stops(Items items) {
  std::vector<std::string> stops;
  stops.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    stops.push_back(items.string(i, stop_length_max, 1));
  }
  return stops;
}

void join_part(std::string& text, std::string_view part) {
  if (!text.empty() && !part.empty()) {
    text += '\n';
  }
  text += part;
}

std::string called_name(const CallNames& names, const std::string& id) {
  const auto found = names.find(id);
  return found == names.end() ? std::string() : found->second;
}

void check_parameters(Reader& tool, std::string_view field) {
  auto schema = tool.optional_object(field);
  if (!schema || !schema->has("type")) {
    return;
  }
  bool object = false;
  if (schema->type("type") == JsonType::array) {
    constexpr std::size_t types_max = 16;
    Items types = *schema->optional_array("type", types_max);
    for (std::size_t i = 0; i < types.size(); ++i) {
      object = object || types.string(i, any_length) == "object";
    }
  } else {
    object = schema->optional_string("type", any_length) == "object";
  }
  if (!object) {
    tool.fail(field, ErrorKind::out_of_range,
              "must have the type 'object', because arguments are an object.");
  }
}

void add_tool(Items& items, std::size_t index, content::Tool tool, content::Chat& chat) {
  if (has_tool(chat, tool.name)) {
    items.fail(index, ErrorKind::out_of_range, "has the name of another tool.");
  }
  chat.tools.push_back(std::move(tool));
}

bool has_tool(const content::Chat& chat, std::string_view name) {
  return std::any_of(chat.tools.begin(), chat.tools.end(),
                     [&](const content::Tool& tool) { return tool.name == name; });
}

std::vector<content::RawPrompt> read_raw_prompts(Reader& root, std::string_view name,
                                                 std::size_t prompts_max, bool empty_text_allowed) {
  const std::size_t length_min = empty_text_allowed ? 0 : 1;
  std::vector<content::RawPrompt> prompts;
  if (root.type(name) == JsonType::string) {
    prompts.emplace_back(root.required_string(name, any_length, length_min));
    return prompts;
  }
  if (root.has(name) && root.type(name) != JsonType::array) {
    root.fail(name, ErrorKind::wrong_type,
              "must be a string, an array of strings, an array of token ids, or an array of "
              "arrays of token ids.");
    return prompts;
  }
  Items items = root.required_array(name);
  if (items.size() == 0) {
    return prompts;
  }
  const JsonType first = items.type(0);
  if (first != JsonType::string && first != JsonType::array) {
    prompts.emplace_back(read_token_ids(items));  // An array of ids is one prompt.
    return prompts;
  }
  if (items.size() > prompts_max) {
    root.fail(name, ErrorKind::out_of_range,
              "must have at most " + std::to_string(prompts_max) + " items.");
    return prompts;
  }
  prompts.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (first == JsonType::string) {
      prompts.emplace_back(items.string(i, any_length, length_min));
    } else {
      prompts.emplace_back(read_token_ids(items.array(i, any_length, 1)));
    }
  }
  return prompts;
}

}  // namespace wire
