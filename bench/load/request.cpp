#include "request.hpp"

#include <array>
#include <string_view>

namespace load {
namespace {

constexpr std::array<std::string_view, 48> words = {
    "time",    "year",    "people",   "way",    "day",    "man",    "thing",   "woman",
    "life",    "child",   "world",    "school", "state",  "family", "student", "group",
    "country", "problem", "hand",     "part",   "place",  "case",   "week",    "company",
    "system",  "program", "question", "work",   "number", "night",  "point",   "home",
    "water",   "room",    "mother",   "area",   "money",  "story",  "fact",    "month",
    "lot",     "right",   "study",    "book",   "eye",    "job",    "word",    "business"};

void add_words(std::string& prompt, int count, std::mt19937_64& random) {
  for (int word = 0; word < count; ++word) {
    prompt += prompt.empty() ? "" : " ";
    prompt += words.at(random() % words.size());
  }
}

}  // namespace

std::string prompt_of(const Plan& plan, const Ask& ask, std::mt19937_64& random) {
  std::string prompt;
  std::mt19937_64 shared(plan.seed * 7'919);
  add_words(prompt, ask.shared_words, shared);
  int left = ask.words_in;
  for (const std::uint64_t block : ask.blocks) {
    std::mt19937_64 same(block * 104'729 + plan.seed);
    const int count = std::min(left, plan.block_words);
    add_words(prompt, count, same);
    left -= count;
  }
  add_words(prompt, left, random);
  return prompt;
}

std::string request_of(const Plan& plan, const Group& group, const Ask& ask,
                       std::mt19937_64& random) {
  const std::string prompt = prompt_of(plan, ask, random);
  std::string body = R"({"model":")" + plan.model + R"(",)";
  if (plan.api == Api::chat) {
    body += R"("messages":[{"role":"user","content":")" + prompt + R"("}],)";
  } else {
    body += R"("prompt":")" + prompt + R"(",)";
  }
  body += R"("temperature":0,"max_tokens":)" + std::to_string(ask.tokens_out);
  if (!plan.plain) {
    body += R"(,"ignore_eos":true)";
  }
  if (plan.stream) {
    body += R"(,"stream":true,"stream_options":{"include_usage":true})";
  }
  body += "}";
  std::string request =
      plan.api == Api::chat ? "POST /v1/chat/completions" : "POST /v1/completions";
  request += " HTTP/1.1\r\nHost: " + plan.host + ":" + std::to_string(plan.port) +
             "\r\nContent-Type: application/json\r\n";
  if (!group.key.empty()) {
    request += "Authorization: Bearer " + group.key + "\r\n";
  }
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  return request;
}

}  // namespace load
