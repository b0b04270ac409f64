// What the codecs cost: one small chat request read and answered, one stream's chunk, a long body.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>

#include <wire/openai_parse.hpp>
#include <wire/openai_stream.hpp>
#include <wire/openai_write.hpp>

namespace {

/// Best of five rounds, so that a noisy neighbour counts less.
void measure(const char* name, int calls, const std::function<std::size_t()>& call) {
  double best_ns = 1e18;
  std::size_t bytes = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
      bytes += call();
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best_ns = std::min(best_ns, took.count() / calls);
  }
  std::printf("%-28s %12.0f ns %12.0f per second   (%zu)\n", name, best_ns, 1e9 / best_ns, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const int scale = argc > 1 && std::strcmp(argv[1], "--tiny") == 0 ? 1 : 200;
  const std::string small =
      R"({"model":"default","messages":[{"role":"system","content":"You are a good assistant."},)"
      R"({"role":"user","content":"Write a haiku about a cat that counts tokens."}],)"
      R"("max_tokens":64,"temperature":0.7,"stream":true,"stream_options":{"include_usage":true}})";
  const std::string large = R"({"model":"default","messages":[{"role":"user","content":")" +
                            std::string(1'000'000, 'a') + R"("}]})";
  const wire::ReplyHead head{"0123456789abcdef0123456789abcdef", "default", 1700000000};
  const wire::UsageNote usage{{{40}, {0}, {64}}, "0.000012", "12000", "USD"};
  wire::Answer answer;
  answer.add({std::string(300, 'x'), "", {}, {}});
  wire::OpenAiStream stream(head, {});

  measure("parse a small chat", 500 * scale,
          [&] { return wire::parse_chat(small).value().model.size(); });
  measure("parse 1 MB of text", scale,
          [&] { return wire::parse_chat(large).value().model.size(); });
  measure("write a completion", 500 * scale, [&] {
    return wire::chat_completion(head, {&answer, 1}, false, usage).size();
  });
  measure("write a chunk", 500 * scale, [&] {
    return stream.delta(0, {" cat", "", {}, {}}).size();
  });
}
