#include "conversation.hpp"

#include <charconv>

#include <client/fetch.hpp>
#include <notation/money_text.hpp>

namespace cli {
namespace {

namespace json = boost::json;
using base::Fail;
using base::Result;

const json::value* member(const json::value& value, std::string_view name) {
  const json::object* object = value.if_object();
  return object == nullptr ? nullptr
                           : object->if_contains(json::string_view(name.data(), name.size()));
}

std::string_view text_at(const json::value& value, std::string_view name) {
  const json::value* found = member(value, name);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                : std::string_view();
}

std::int64_t count_at(const json::value& value, std::string_view name) {
  const json::value* found = member(value, name);
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

std::string error_text(std::string_view body, unsigned status) {
  boost::system::error_code error;
  const json::value root = json::parse(json::string_view(body.data(), body.size()), error);
  const json::value* problem = error ? nullptr : member(root, "error");
  const std::string_view message = problem == nullptr ? "" : text_at(*problem, "message");
  return message.empty() ? "the server answered with status " + std::to_string(status)
                         : printable(message);
}

/// The sum of the pieces of one streamed answer.
struct Streamed {
  std::string text;
  std::string error;
  AnswerCost cost;
};

void read_event(std::string_view data, Streamed& streamed,
                const std::function<void(std::string_view)>& on_text) {
  boost::system::error_code error;
  const json::value event = json::parse(json::string_view(data.data(), data.size()), error);
  if (error) {
    return;  // "[DONE]"
  }
  if (const json::value* problem = member(event, "error")) {
    streamed.error = printable(text_at(*problem, "message"));
    return;
  }
  if (const json::value* choices = member(event, "choices");
      choices != nullptr && choices->is_array() && !choices->get_array().empty()) {
    const json::value* delta = member(choices->get_array().front(), "delta");
    const std::string_view text = delta == nullptr ? "" : text_at(*delta, "content");
    if (!text.empty()) {
      streamed.text += text;
      on_text(text);
    }
  }
  if (const json::value* usage = member(event, "usage"); usage != nullptr && usage->is_object()) {
    streamed.cost.input_tokens = count_at(*usage, "prompt_tokens");
    streamed.cost.output_tokens = count_at(*usage, "completion_tokens");
    const std::string_view text = text_at(*usage, "cost_nano");
    std::int64_t cost = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), cost);
    const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
    streamed.cost.cost = whole ? std::optional(base::Nano{cost}) : std::nullopt;
    streamed.cost.currency = text_at(*usage, "currency");
  }
}

client::Request request(const std::string& url, const std::string& key) {
  client::Request made;
  made.url = url;
  if (!key.empty()) {
    made.headers.emplace_back("authorization", "Bearer " + key);
  }
  return made;
}

std::string not_answering(const std::string& url, const client::Failure& error) {
  return url + " does not answer (" + error.text +
         "); start `mains serve`, or name another with --url";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 .. U+009F are control characters, too: C2 80 .. C2 9F in UTF-8.
    const bool second_control =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (second_control) {
      ++i;
    } else if (byte == '\n' || byte == '\t' || (byte >= ' ' && byte != 0x7f)) {
      kept.push_back(text[i]);
    }
  }
  return kept;
}

Conversation::Conversation(ChatOptions options) : options_(std::move(options)) {
  reset();
}

void Conversation::reset() {
  messages_.clear();
  if (!options_.system.empty()) {
    messages_.push_back(json::object{{"role", "system"}, {"content", options_.system}});
  }
}

Result<AnswerCost, std::string> Conversation::say(
    const std::string& text, const std::function<void(std::string_view)>& on_text) {
  json::array messages = messages_;
  messages.push_back(json::object{{"role", "user"}, {"content", text}});
  json::object body{{"model", options_.model},
                    {"messages", messages},
                    {"stream", true},
                    {"stream_options", json::object{{"include_usage", true}}}};
  if (options_.max_tokens) {
    body["max_tokens"] = *options_.max_tokens;
  }
  if (options_.temperature) {
    body["temperature"] = *options_.temperature;
  }
  client::Request asked = request(options_.url + "/v1/chat/completions", options_.key);
  asked.method = "POST";
  asked.headers.emplace_back("content-type", "application/json");
  asked.body = json::serialize(body);
  asked.timeout = std::chrono::milliseconds(0);
  Streamed streamed;
  const auto reply = client::stream(asked, [&](const client::Event& event) {
    read_event(event.data, streamed, on_text);
    return true;
  });
  if (!reply.ok()) {
    const bool nobody = reply.error().reason == client::Reason::cannot_connect ||
                        reply.error().reason == client::Reason::cannot_resolve;
    return Fail{nobody ? not_answering(options_.url, reply.error())
                       : "the answer broke off: " + reply.error().text};
  }
  if (!reply.value().ok()) {
    return Fail{error_text(reply.value().body, reply.value().status)};
  }
  if (!streamed.error.empty()) {
    return Fail{streamed.error};
  }
  messages.push_back(json::object{{"role", "assistant"}, {"content", streamed.text}});
  messages_ = std::move(messages);
  return streamed.cost;
}

Result<std::string, std::string> first_model(const std::string& url, const std::string& key) {
  const auto reply = client::fetch(request(url + "/v1/models", key));
  if (!reply.ok()) {
    return Fail{not_answering(url, reply.error())};
  }
  if (!reply.value().ok()) {
    return Fail{error_text(reply.value().body, reply.value().status)};
  }
  boost::system::error_code error;
  const json::value root = json::parse(reply.value().body, error);
  const json::value* data = error ? nullptr : member(root, "data");
  if (data == nullptr || !data->is_array() || data->get_array().empty()) {
    return Fail{std::string("the server lists no models; name one with --model")};
  }
  return std::string(text_at(data->get_array().front(), "id"));
}

}  // namespace cli
