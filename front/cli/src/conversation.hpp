// A conversation with a server of the OpenAI API: messages out, text and cost in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <boost/json.hpp>

namespace cli {

/// Text of a model, fit for a terminal: control characters that could move the cursor are left out.
[[nodiscard]] std::string printable(std::string_view text);

/// What one answer took and cost.
struct AnswerCost {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::optional<base::Nano> cost;  ///< Where the server tells (ours does).
  std::string currency;
};

struct ChatOptions {
  std::string url;  ///< "http://127.0.0.1:8080"
  std::string key;
  std::string model;
  std::string system;
  std::optional<std::int64_t> max_tokens;
  std::optional<double> temperature;
};

class Conversation {
 public:
  explicit Conversation(ChatOptions options);

  /// Says something; `on_text` gets the answer as it comes. errors: a line for people; the
  /// conversation is as before.
  [[nodiscard]] base::Result<AnswerCost, std::string> say(
      const std::string& text, const std::function<void(std::string_view)>& on_text);

  /// Forgets everything but the system prompt.
  void reset();

 private:
  ChatOptions options_;
  boost::json::array messages_;
};

/// The first model that the server lists.
[[nodiscard]] base::Result<std::string, std::string> first_model(const std::string& url,
                                                                 const std::string& key);

}  // namespace cli
