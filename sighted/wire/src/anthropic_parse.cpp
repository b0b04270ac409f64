#include <wire/anthropic_parse.hpp>
#include <wire/json.hpp>

#include "anthropic_messages.hpp"
#include "anthropic_tools.hpp"
#include "request_fields.hpp"

namespace wire {

namespace {

/// A schema for the answer: output_config.format, or output_format as betas write it.
void read_output_format(Reader& holder, std::string_view name, content::Chat& chat) {
  auto format = holder.optional_object(name);
  if (format && format->required_word("type", {"json_schema"})) {
    chat.json_schema = format->required_object_text("schema");
  }
}

content::GenerationRequest read_request(Reader root, bool output_max_required) {
  content::GenerationRequest request;
  content::Chat chat;
  request.model = read_model(root);
  read_anthropic_messages(root, chat);
  read_anthropic_tools(root, chat);
  if (auto config = root.optional_object("output_config")) {
    read_output_format(*config, "format", chat);
  }
  read_output_format(root, "output_format", chat);
  if (output_max_required || root.has("max_tokens")) {
    request.output_max = static_cast<std::uint32_t>(root.required_u64("max_tokens", 1, count_max));
  }
  content::Sampling& sampling = request.sampling;
  sampling.temperature = read_float(root, "temperature", 0, 1, sampling.temperature);
  sampling.top_p = read_float(root, "top_p", 0, 1, sampling.top_p);
  sampling.top_k = static_cast<std::int32_t>(root.optional_u64("top_k", 0, count_max).value_or(0));
  if (auto stops = root.optional_array("stop_sequences", stops_max)) {
    sampling.stop = read_stops(*stops);
  }
  request.stream = root.optional_bool("stream").value_or(false);
  request.stream_usage = request.stream;  // The protocol always tells it.
  for (const std::string_view field : {"mcp_servers", "container"}) {
    if (root.has(field)) {
      root.unsupported(field);
    }
  }
  root.optional_object("thinking");
  root.optional_object("metadata");
  request.prompt = std::move(chat);
  return request;
}

base::Result<content::GenerationRequest, ParseError> parse(std::string_view body,
                                                           bool output_max_required) {
  Document document(body);
  content::GenerationRequest request = read_request(document.root(), output_max_required);
  if (document.failed()) {
    return base::Fail{document.error()};
  }
  return request;
}

}  // namespace

base::Result<content::GenerationRequest, ParseError> parse_messages(std::string_view body) {
  return parse(body, true);
}

base::Result<content::GenerationRequest, ParseError> parse_count_tokens(std::string_view body) {
  return parse(body, false);
}

}  // namespace wire
