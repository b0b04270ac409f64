#include <wire/anthropic_parse.hpp>
#include <wire/json.hpp>

#include "anthropic_messages.hpp"
#include "anthropic_tools.hpp"
#include "constraints.hpp"
#include "other_fields.hpp"
#include "request_fields.hpp"
#include "thinking.hpp"

namespace wire {

namespace {

content::GenerationRequest read_request(Reader root, bool output_max_required) {
  content::GenerationRequest request;
  content::Chat chat;
  request.model = read_model(root);
  read_anthropic_messages(root, chat);
  read_anthropic_tools(root, chat);
  read_anthropic_constraints(root, chat);
  read_anthropic_thinking(root, chat);
  if (output_max_required || root.has("max_tokens")) {
    request.output_max = output_max(root.required_u64("max_tokens", 1, exact_max));
  }
  content::Sampling& sampling = request.sampling;
  sampling.temperature = read_float(root, "temperature", 0, 1, sampling.temperature);
  sampling.top_p = read_float(root, "top_p", 0, 1, sampling.top_p);
  sampling.top_k = read_top_k(root);
  read_more_sampling(root, sampling);
  if (auto stops = root.optional_array("stop_sequences", stops_max)) {
    sampling.stop = read_stops(*stops);
  }
  request.stream = root.optional_bool("stream").value_or(false);
  request.stream_usage = request.stream;  // The protocol always tells it.
  check_penalty_window(root, sampling);
  check_other_fields(root, messages_body);
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
