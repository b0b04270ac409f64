// What an answer is made of, in plain values, for both protocols' writers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <content/chat.hpp>
#include <content/reply.hpp>
#include <terms/usage.hpp>
#include <wire/parse_error.hpp>

namespace wire {

/// What is known of an answer before its first token.
struct ReplyHead {
  std::string receipt_id;      ///< The protocols' own ids are made of it. Letters, digits, - and _.
  std::string model;           ///< As the client named it.
  std::int64_t created_s = 0;  ///< Unix time, seconds.
};

/// Counts and their price. This room knows no money: `cost` is a decimal text of the caller's, a
/// JSON number as it stands; where it is empty, all about the price is left out.
struct UsageNote {
  terms::Usage tokens;
  std::string cost;
  std::string cost_nano;  ///< The same in billionths of the currency, an integer.
  std::string currency;
};

/// How one choice ended. stop_sequence: the stop string that was met, or empty.
struct Finish {
  terms::EndReason reason = terms::EndReason::stop;
  bool called_tool = false;
  std::string stop_sequence;
  bool context_full = false;  ///< With length: the model's context had no room for more.
};

/// One choice of an answer that is not streamed, collected delta by delta.
struct Answer {
  std::string echo;  ///< Completions with `echo`: the prompt, given back in front of the text.
  std::string text;
  std::string reasoning;
  std::vector<content::ToolCall> tools;
  std::vector<content::TokenLogprob> logprobs;
  Finish finish;

  void add(content::ReplyDelta delta);
};

/// An error as a client gets it. status: the HTTP status, also where it comes in mid-stream.
/// message and param must hold nothing of the client's content; empty param and code are null.
struct ApiError {
  int status = 500;
  std::string message;
  std::string param;
  std::string code;
  std::string request_id = {};  ///< Anthropic's errors carry it; empty: left out.

  static ApiError of(const ParseError& error);
};

}  // namespace wire
