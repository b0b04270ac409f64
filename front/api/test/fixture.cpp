#include "fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace api::testing {

std::string Reply::header(std::string_view name) const {
  const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

void House::open_registry() {
  static int number = 0;
  folder_ = std::filesystem::path(::testing::TempDir()) /
            ("api." + std::to_string(::getpid()) + "." + std::to_string(++number));
  std::filesystem::create_directories(folder_);
  auto opened = registry::Registry::open(folder_, clock_, random_);
  ASSERT_TRUE(opened.ok());
  registry_ = std::move(opened).value();
  const auto published =
      registry_->publish_missing("USD", {{"test", {{150'000'000}, {80'000'000}, {600'000'000}}}});
  ASSERT_TRUE(published.ok());
}

void House::open_log() {
  auto opened = tlog::Log::open(
      folder_, {},
      {*memory_.reader,
       [this](const settle::Command& command) { return money_.ask_and_wait(command); },
       [this](terms::TenantId id) {
         const registry::TenantPtr tenant = registry_->tenant(id);
         return tenant == nullptr ? terms::Pseudonym{} : tenant->account;
       },
       clock_, random_});
  ASSERT_TRUE(opened.ok()) << tlog::describe(opened.error());
  log_ = std::move(opened).value();
}

engine::ScriptedOptions House::hello() {
  engine::ScriptedOptions options;
  options.reply = "hello world";
  return options;
}

House::House(engine::ScriptedOptions options, UnpaidLimits unpaid,
             std::shared_ptr<http::MemoryAccount> memory) {
  open_registry();
  open_log();
  options.before_step = [this, before = options.before_step] {
    ++steps_;
    if (before) before();
  };
  engine_ = engine::make_scripted(options);
  metrics_ =
      std::make_unique<Metrics>([this](terms::ModelId id) { return registry_->model_name(id); });
  loop_ = std::make_unique<serve::EngineLoop>(*engine_, money_, clock_, schedule::Policy{},
                                              metrics_.get());
  hall_ = std::make_unique<serve::Hall>(money_, clock_, random_);
  const terms::ModelId model = registry_->ensure_model("test").value();
  api_ = std::make_unique<Api>(Surroundings{
      *hall_,
      *registry_,
      *memory_.reader,
      clock_,
      *metrics_,
      {{"test", {model, loop_.get(), 4096}, 1}, {"unpriced", {{77}, loop_.get(), 4096}, 1}},
      [](const http::Request&) {
        return AdminAnswer{{200, "application/json", {}, "{}"}, nullptr};
      },
      [] { return true; },
      *log_,
      {},
      unpaid,
      std::move(memory)});
  http::Options http_options;
  http_options.listen = {"127.0.0.1:0"};
  http_options.threads = 2;
  http_options.error_body = &Api::refusal;
  http_options.admit = [this](http::Exchange& exchange) { return api_->admit(exchange); };
  server_ = std::make_unique<http::Server>(
      http_options, [this](http::Exchange& exchange) { return api_->answer(exchange); });
  money_.start();
  loop_->start();
  EXPECT_TRUE(server_->start().ok());
}

House::~House() {
  server_->stop(std::chrono::milliseconds(0));
  loop_->stop();
  EXPECT_TRUE(money_.stop(std::chrono::seconds(10)));
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Reply House::call(std::string_view method, std::string_view target, std::string_view body,
                  std::string_view secret, std::string_view more_headers) const {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{20, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server_->local_port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nhost: here\r\nconnection: close\r\n");
  if (!secret.empty()) {
    request.append("authorization: Bearer ").append(secret).append("\r\n");
  }
  request.append(more_headers).append("content-length: ").append(std::to_string(body.size()));
  request.append("\r\n\r\n").append(body);
  EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string seen;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got <= 0) break;
    seen.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(socket);
  Reply reply;
  const std::size_t end = seen.find("\r\n\r\n");
  if (end == std::string::npos || seen.size() < 12) return reply;
  reply.status = static_cast<unsigned>(std::stoul(seen.substr(9, 3)));
  reply.head = seen.substr(0, end + 2);
  reply.body = seen.substr(end + 4);
  return reply;
}

std::string House::tenant_key(std::string_view name, std::int64_t credit) {
  const auto tenant = registry_->create_tenant(name).value();
  if (credit > 0) {
    const auto outcome = money_.ask_and_wait(
        settle::Credit{{1, tenant->id.value}, tenant->id, {credit}, clock_.now()});
    EXPECT_TRUE(std::holds_alternative<settle::Credited>(outcome));
  }
  return registry_->create_key(tenant->id, "key", {}).value().secret;
}

std::string House::another_key(std::string_view tenant, const settle::Limits& limits) {
  const registry::TenantPtr owner = registry_->tenant(tenant);
  return registry_->create_key(owner->id, "another", limits).value().secret;
}

std::string House::admin_key() {
  return registry_->create_key({}, "admin", {}).value().secret;
}

std::uint64_t House::findings() const {
  auto snapshot = std::move(memory_.reader->snapshot()).value();
  return settle::audit(*snapshot).value().finding_count;
}

}  // namespace api::testing
