// Headers of answers: names of requests, words for clients that repeat, browsers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <set>

#include "fixture.hpp"

#include "envelope.hpp"
#include "errors.hpp"
#include "paths.hpp"
#include "unfit.hpp"

namespace api::testing {
namespace {

constexpr std::string_view completion = R"({"model":"test","prompt":"hi","max_tokens":5})";
constexpr std::string_view streamed =
    R"({"model":"test","prompt":"hi","max_tokens":5,"stream":true})";

class HeadersTest : public ::testing::Test {
 protected:
  House house;
  std::string secret = house.tenant_key("customer", 1'000'000'000);
};

/// Sends a request on a connection of its own, which is returned.
int ask(std::uint16_t port, std::string_view target, std::string_view body,
        const std::string& key) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{40, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  const std::string request =
      "POST " + std::string(target) + " HTTP/1.1\r\nhost: here\r\nauthorization: Bearer " + key +
      "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  return socket;
}

/// All that came, to the end of the piece in which `mark` stands; or to the connection's end.
std::string read_until(int socket, std::string_view mark) {
  std::string read;
  std::array<char, 4096> piece{};
  while (read.find(mark) == std::string::npos) {
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got <= 0) break;
    read.append(piece.data(), static_cast<std::size_t>(got));
  }
  return read;
}

TEST_F(HeadersTest, EveryAnswerHasAName) {
  std::set<std::string> seen;
  for (const auto& [method, target, body, key] :
       std::vector<std::tuple<std::string, std::string, std::string, std::string>>{
           {"GET", "/healthz", "", ""},
           {"GET", "/metrics", "", ""},
           {"GET", "/v1/models", "", secret},
           {"GET", "/v1/models", "", "wrong"},
           {"GET", "/nowhere", "", ""},
           {"PATCH", "/v1/models", "", secret},
           {"POST", "/v1/completions", "{", secret},
           {"POST", "/v1/messages", "{", secret},
           {"GET", "/v1/statement?month=2023-11&format=html", "", secret},
           {"POST", "/v1/completions", std::string(completion), secret},
           {"POST", "/v1/completions", std::string(streamed), secret},
           {"BREW IT", "/", "", ""},
       }) {
    const Reply reply = house.call(method, target, body, key);
    const std::string id = reply.header("x-request-id");
    EXPECT_EQ(id.size(), 32U) << method << target << reply.head;
    EXPECT_EQ(reply.header("request-id"), id);
    EXPECT_TRUE(seen.insert(id).second) << "it names one request";
    if (reply.status == 200 && target == "/v1/completions") {
      EXPECT_EQ(reply.header("x-receipt-id"), id);
    }
    if (target == "/v1/messages") {
      EXPECT_NE(reply.body.find(R"("request_id":")" + id), std::string::npos) << reply.body;
    }
  }
}

TEST_F(HeadersTest, AStreamBeginsWhenItIsAdmitted) {
  std::promise<void> open;
  std::shared_future<void> gate = open.get_future().share();
  engine::ScriptedOptions options = House::hello();
  options.before_step = [gate] { gate.wait(); };
  House slow(options);
  const std::string key = slow.tenant_key("customer", 1'000'000'000);
  const int socket = ask(slow.port(), "/v1/completions", streamed, key);
  const std::string head = read_until(socket, "\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200")) << head;
  EXPECT_NE(head.find("x-accel-buffering: no"), std::string::npos) << head;
  EXPECT_NE(head.find("text/event-stream"), std::string::npos) << head;
  EXPECT_EQ(head.find("data:"), std::string::npos) << "no token was made yet";
  ::close(socket);
  open.set_value();
  // A fault of a request is an answer of its own, stream or not.
  EXPECT_EQ(slow.call("POST", "/v1/completions", streamed, slow.tenant_key("poor", 0)).status,
            402U);
}

TEST_F(HeadersTest, ASilentStreamSaysEveryFifteenSecondsThatItIsAlive) {
  std::promise<void> open;
  std::shared_future<void> gate = open.get_future().share();
  engine::ScriptedOptions options = House::hello();
  options.before_step = [gate] { gate.wait(); };
  // An engine for each, because one that is held still admits nobody else.
  std::array<House, 3> slow{House(options), House(options), House(options)};
  const std::string_view chat =
      R"({"model":"test","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"x"}]})";
  const auto begun = std::chrono::steady_clock::now();
  const auto ask_of = [](House& at, std::string_view target, std::string_view body) {
    return ask(at.port(), target, body, at.tenant_key("customer", 1'000'000'000));
  };
  const std::array<int, 3> sockets{ask_of(slow[0], "/v1/completions", streamed),
                                   ask_of(slow[1], "/v1/chat/completions", chat),
                                   ask_of(slow[2], "/v1/messages", chat)};
  constexpr std::string_view comment = ": keep-alive\n\n";
  constexpr std::string_view ping = "event: ping\n";
  std::string anthropic = read_until(sockets[2], ping);  // One stands before the first token.
  anthropic.erase(0, anthropic.find(ping) + ping.size());
  for (const std::size_t i : {0U, 1U}) {
    const std::string text = read_until(sockets[i], comment);
    EXPECT_NE(text.find(comment), std::string::npos) << text;
    EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  }
  if (anthropic.find(ping) == std::string::npos) {
    anthropic += read_until(sockets[2], ping);
  }
  EXPECT_NE(anthropic.find(ping), std::string::npos) << anthropic;
  open.set_value();
  EXPECT_NE(read_until(sockets[0], "[DONE]").find("[DONE]"), std::string::npos);
  EXPECT_NE(read_until(sockets[2], "message_stop").find("message_stop"), std::string::npos);
  for (const int socket : sockets) {
    ::close(socket);
  }
}

TEST_F(HeadersTest, RepeatingIsCalledUselessWhereItIs) {
  const auto retry = [&](std::string_view method, std::string_view target, std::string_view body,
                         const std::string& key) {
    const Reply reply = house.call(method, target, body, key);
    return std::to_string(reply.status) + reply.header("x-should-retry");
  };
  EXPECT_EQ(retry("POST", "/v1/completions", "{", secret), "400false");
  EXPECT_EQ(retry("POST", "/v1/messages", "{", secret), "400false");
  EXPECT_EQ(retry("GET", "/v1/models", "", "wrong"), "401false");
  EXPECT_EQ(retry("POST", "/v1/completions", completion, house.tenant_key("poor", 0)), "402false");
  EXPECT_EQ(retry("GET", "/nowhere", "", ""), "404false");
  EXPECT_EQ(retry("PATCH", "/v1/models", "", secret), "405false");
  EXPECT_EQ(retry("GET", "/v1/models", "", secret), "200");
  const std::string_view key = "idempotency-key: one\r\n";
  EXPECT_EQ(house.call("POST", "/v1/completions", completion, secret, key).status, 200U);
  const Reply again = house.call("POST", "/v1/completions", completion, secret, key);
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.header("x-should-retry"), "false");
}

std::string value_of(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(Errors, WaitsAreToldInFullAndCappedInTheHeader) {
  serve::Failed busy{serve::FailureKind::refused_by_books, {}};
  busy.refused.why = settle::Refusal::too_many_requests;
  for (const auto& [ns, told] : std::vector<std::pair<std::int64_t, std::string>>{
           {1, "1"}, {58'500'000'000, "59"}, {61'000'000'000, "59"}, {3'600'000'000'000, "59"}}) {
    busy.refused.retry_after = {ns};
    const http::Response response = to_response(failed(busy), "/v1/completions", "id");
    EXPECT_EQ(response.status, 429U);
    EXPECT_EQ(value_of(response, "retry-after"), told);
    EXPECT_EQ(value_of(response, "x-should-retry"), "") << "waiting helps";
    const std::string text = "in " + std::to_string((ns + 999'999'999) / 1'000'000'000) + " s";
    EXPECT_NE(response.body.find(text), std::string::npos) << response.body;
  }
}

TEST_F(HeadersTest, MethodsAndKeysAreExplained) {
  const Reply wrong = house.call("PATCH", "/v1/prefixes", "", secret);
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_EQ(wrong.header("allow"), "POST, GET, HEAD");
  EXPECT_EQ(house.call("OPTIONS", "/v1/chat/completions", "", "").header("allow"), "POST");
  for (const std::string& key : {std::string{}, std::string{"wrong"}, house.admin_key()}) {
    const Reply unknown = house.call("GET", "/v1/models", "", key);
    EXPECT_EQ(unknown.status, 401U);
    EXPECT_EQ(unknown.header("www-authenticate"), "Bearer");
  }
  for (const std::string& header :
       {"authorization: Bearer  " + secret + "\r\n", "authorization: bearer \t " + secret + " \r\n",
        "x-api-key: " + secret + "\r\n"}) {
    EXPECT_EQ(house.call("GET", "/v1/models", "", "", header).status, 200U) << header;
  }
  EXPECT_EQ(house.call("GET", "/v1/models", "", "", "authorization: Bearer  \r\n").status, 401U);
  const Reply front = house.call("HEAD", "/", "", "");
  EXPECT_EQ(front.status, 200U);
  EXPECT_EQ(front.body, "");
}

TEST_F(HeadersTest, CompressedBodiesAreRefusedByTheName) {
  const Reply gzip =
      house.call("POST", "/v1/completions", "\x1f\x8b", secret, "content-encoding: GZIP\r\n");
  EXPECT_EQ(gzip.status, 415U);
  EXPECT_NE(gzip.body.find("gzip"), std::string::npos) << gzip.body;
  EXPECT_EQ(gzip.header("accept-encoding"), "identity");
  EXPECT_EQ(house.call("POST", "/v1/completions", "x", "wrong", "content-encoding: br\r\n").status,
            401U);
  EXPECT_EQ(
      house.call("POST", "/v1/completions", completion, secret, "content-encoding: identity\r\n")
          .status,
      200U);
}

TEST(Paths, TheRightOneIsNamedOnlyWhereTheClientIsClose) {
  const auto text = [](std::string_view path) { return no_such_route(path).error.message; };
  for (const std::string_view close :
       {"/chat/completions", "/v1/v1/chat/completions", "/v1/chat/completions/"}) {
    EXPECT_NE(text(close).find("/v1/chat/completions is one"), std::string::npos) << text(close);
    EXPECT_NE(text(close).find("base URL"), std::string::npos) << text(close);
  }
  EXPECT_NE(text("/models/m").find("/v1/models/{model}"), std::string::npos);
  for (const std::string_view foreign : {"/v1/responses", "/v1/responses/resp_1",
                                         "/v1/audio/speech", "/v1/messages/batches", "/v1/files"}) {
    EXPECT_NE(text(foreign).find("is not offered here"), std::string::npos) << text(foreign);
    EXPECT_EQ(text(foreign).find("base URL"), std::string::npos) << text(foreign);
  }
  EXPECT_EQ(text("/v1/canary4711").find("canary"), std::string::npos);
  EXPECT_EQ(text("/v1/canary4711").find("base URL"), std::string::npos);
  EXPECT_NE(text("/v1/canary4711").find("/v1/chat/completions"), std::string::npos);
  EXPECT_NE(text("/api/chat").find("Ollama"), std::string::npos);
}

http::Request from(std::string origin, http::Method method = http::Method::get,
                   std::string path = "/v1/chat/completions") {
  http::Request request;
  request.method = method;
  request.path = std::move(path);
  request.headers = {{"Origin", std::move(origin)},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", "authorization,x-stainless-os"}};
  return request;
}

TEST(CorsTest, PreflightsOfKnownOriginsAreAnswered) {
  const std::string home = "https://chat.example.com";
  for (const std::string configured : {"https://chat.example.com", "*"}) {
    const Cors cors({"http://localhost:3000", configured});
    const auto answer = cors.preflight(from(home, http::Method::options));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 204U);
    EXPECT_EQ(value_of(*answer, "access-control-allow-origin"), configured);
    EXPECT_EQ(value_of(*answer, "access-control-allow-methods"), "POST");
    EXPECT_EQ(value_of(*answer, "access-control-allow-headers"), "authorization,x-stainless-os");
    EXPECT_NE(value_of(*answer, "vary").find("Origin"), std::string::npos);
    http::Response plain;
    cors.allow(from(home), plain.headers);
    EXPECT_EQ(value_of(plain, "access-control-allow-origin"), configured);
    EXPECT_NE(value_of(plain, "access-control-expose-headers").find("x-receipt-id"),
              std::string::npos);
    EXPECT_EQ(value_of(plain, "vary"), "Origin");
    EXPECT_FALSE(cors.preflight(from(home, http::Method::options, "/admin/v1/keys")).has_value());
  }
}

TEST(CorsTest, OthersGetNothing) {
  for (const Cors& cors : {Cors({}), Cors({"https://chat.example.com"})}) {
    EXPECT_FALSE(cors.preflight(from("https://evil.example", http::Method::options)).has_value());
    http::Response response;
    cors.allow(from("https://evil.example"), response.headers);
    EXPECT_EQ(value_of(response, "access-control-allow-origin"), "");
  }
  http::Response off;
  Cors({}).allow(from("https://chat.example.com"), off.headers);
  EXPECT_TRUE(off.headers.empty());
}

TEST(CorsTest, AskedHeadersAreNamesOrTheUsualOnes) {
  http::Request request = from("https://a.example", http::Method::options);
  request.headers[2].value = "x\"y: z";
  const auto answer = Cors({"*"}).preflight(request);
  ASSERT_TRUE(answer.has_value());
  const std::string usual = value_of(*answer, "access-control-allow-headers");
  for (const std::string_view name :
       {"authorization", "x-api-key", "anthropic-version", "anthropic-beta", "content-type",
        "x-stainless-retry-count"}) {
    EXPECT_NE(usual.find(name), std::string::npos) << name;
  }
}

TEST(UnfitTest, ContextErrorsAreInTheVendorsWords) {
  serve::Unfit longer;
  longer.kind = serve::Unfit::Kind::context_exceeded;
  longer.input = 9000;
  longer.output_asked = 100;
  longer.context = 8192;
  const AskedWith chat;
  EXPECT_EQ(unfit(longer, chat).error.message,
            "This model's maximum context length is 8192 tokens. However, you requested 9100 "
            "tokens (9000 in the messages, 100 in the completion). Please reduce the length of the "
            "messages or completion.");
  EXPECT_EQ(unfit(longer, chat).error.param, "messages");
  EXPECT_EQ(unfit(longer, chat).error.code, "context_length_exceeded");
  EXPECT_EQ(unfit(longer, {Dialect::openai, "prompt", "", ""}).error.param, "prompt");
  const Problem embed = unfit(longer, {Dialect::openai, "input", "", ""});
  EXPECT_EQ(embed.error.param, "input");
  EXPECT_NE(embed.error.message.find("(9000 in the input, 0 in the completion)"),
            std::string::npos);
  const AskedWith anthropic{Dialect::anthropic, "messages", "", ""};
  EXPECT_EQ(unfit(longer, anthropic).error.message,
            "prompt is too long: 9000 tokens > 8192 maximum");
  longer.input = 8192;
  EXPECT_EQ(unfit(longer, anthropic).error.message,
            "input length and `max_tokens` exceed context limit: 8192 + 100 > 8192, decrease input "
            "length or `max_tokens` and try again");
}

TEST(UnfitTest, ThinkingIsNamedByTheFieldThatAskedForIt) {
  serve::Unfit never;
  never.kind = serve::Unfit::Kind::never_thinks;
  serve::Unfit always;
  always.kind = serve::Unfit::Kind::always_thinks;
  for (const Dialect dialect : {Dialect::openai, Dialect::anthropic}) {
    for (const std::string field : {"thinking", "chat_template_kwargs.enable_thinking"}) {
      content::GenerationRequest request;
      content::Chat chat;
      chat.thinking.field = field;
      request.prompt = chat;
      const AskedWith asked = AskedWith::of(request, dialect);
      for (const serve::Unfit& fault : {never, always}) {
        EXPECT_EQ(unfit(fault, asked).error.param, field);
        EXPECT_TRUE(unfit(fault, asked).error.message.starts_with("'" + field + "' "));
      }
    }
  }
}

TEST(UnfitTest, ConstraintsAreNamedByFieldPathKeywordAndLimit) {
  serve::Unfit bad;
  bad.kind = serve::Unfit::Kind::bad_schema;
  EXPECT_EQ(unfit(bad, AskedWith{}).error.code, "invalid_schema");
  bad.constraint = engine::ConstraintFault{engine::ConstraintFault::Kind::too_large,
                                           {engine::ConstraintPlace::Of::tool, 1, "properties.a"},
                                           "enum",
                                           2000};
  const Problem tool = unfit(bad, AskedWith{});
  EXPECT_EQ(tool.error.param, "tools[1].function.parameters");
  EXPECT_EQ(tool.error.message,
            "'tools[1].function.parameters' at properties.a: 'enum' is over the limit of 2000. "
            "Nothing was charged.");
  EXPECT_EQ(unfit(bad, {Dialect::anthropic, "messages", "", ""}).error.param,
            "tools[1].input_schema");
  bad.constraint->place.of = engine::ConstraintPlace::Of::grammar;
  const Problem grammar = unfit(bad, {Dialect::openai, "prompt", "guided_choice", ""});
  EXPECT_EQ(grammar.error.param, "guided_choice");
  EXPECT_EQ(grammar.error.code, "invalid_grammar");
}

TEST(UnfitTest, WhatIsNotEnforcedFitsAHeader) {
  using engine::ConstraintPlace;
  std::vector<ConstraintPlace> places{{ConstraintPlace::Of::tool, 0, "properties.a.pattern"},
                                      {ConstraintPlace::Of::tool, 2, "properties.\xC3\xBC, b\r\n"}};
  EXPECT_EQ(unenforced_text(places, Dialect::openai),
            "tools[0].function.parameters.properties.a.pattern, "
            "tools[2].function.parameters.properties.%C3%BC%2C%20b%0D%0A");
  places.assign(1000, places.front());
  const std::string many = unenforced_text(places, Dialect::anthropic);
  EXPECT_LT(many.size(), 2200U);
  EXPECT_TRUE(many.ends_with(" more")) << many;
  EXPECT_EQ(unenforced_text({}, Dialect::openai), "");
}

}  // namespace
}  // namespace api::testing
