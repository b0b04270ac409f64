// The routes of the public API: who may call them, what they may touch, and their answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <api/metrics.hpp>
#include <base/ports.hpp>
#include <bill/pages.hpp>
#include <boost/asio/awaitable.hpp>
#include <http/exchange.hpp>
#include <http/memory.hpp>
#include <http/message.hpp>
#include <ledger/reader.hpp>
#include <registry/registry.hpp>
#include <serve/hall.hpp>
#include <tlog/log.hpp>

namespace api {

/// A flavour and the name it is served under.
struct ServedModel {
  std::string name;
  serve::Flavour flavour;
  std::int64_t created_s = 0;  ///< Unix time of loading.
};

struct AdminAnswer {
  http::Response response;
  std::unique_ptr<bill::Pages> more;  ///< What follows its body; null: that is all.
};

/// The admin door: takes a request below /admin/. Blocks; is called on two threads at most.
using AdminDoor = std::function<AdminAnswer(const http::Request&)>;

/// The bound on a tenant's unpaid work, all of its keys together, on this server.
struct UnpaidLimits {
  std::uint32_t requests_per_minute = 600;
  std::uint32_t cpu_ms_per_minute = 20'000;  ///< Processor time.
};

/// The API's surroundings. All of it must outlive the Api.
struct Surroundings {
  serve::Hall& hall;
  registry::Registry& registry;
  ledger::Reader& reader;
  const base::Clock& clock;
  Metrics& metrics;
  std::vector<ServedModel> models;
  AdminDoor admin;
  std::function<bool()> ready;  ///< The store takes commands and nothing is draining.
  tlog::Log& log;
  /// Origins whose pages may call the API from a browser; "*": all.
  std::vector<std::string> cors_origins = {};
  UnpaidLimits unpaid = {};
  /// Memory that requests hold together, shared with the HTTP server. Null: not bounded here.
  std::shared_ptr<http::MemoryAccount> memory = nullptr;
  /// Warnings of a server that is ready, for people, without names. May be empty.
  std::function<std::vector<std::string>()> warnings = {};
};

/// The callers that a route is open to.
enum class Access {
  everyone,
  tenant,  ///< A tenant's key.
  admin,   ///< An admin key, or the admin socket.
};

/// The cost of a route. Only `runs` reaches an engine thread, and only through the hall, which
/// holds the money first.
enum class Work {
  nothing,  ///< Answers from memory.
  reads,    ///< Reads the books or the registry, or changes them (admin); never on an HTTP thread.
  renders,  ///< Renders and tokenizes, runs nothing; on the threads that prepare requests.
  runs,
};

/// One line of the route table.
struct RouteInfo {
  http::Method method;
  std::string_view path;  ///< A last part in braces stands for any one part; /** for any rest.
  Access access;
  Work work;
};

/// Thread-safe: handlers run on their connections' threads and leave them for a pool wherever
/// they parse, render, compile, tokenize or ask a store.
class Api {
 public:
  explicit Api(Surroundings surroundings);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Answers one request; never throws what a client could cause.
  boost::asio::awaitable<void> answer(http::Exchange& exchange);
  /// For an address that serves metrics alone: GET /metrics, without a key.
  boost::asio::awaitable<void> answer_metrics(http::Exchange& exchange);
  /// The reason to refuse a request at its header, so that its body need not be read: no key, or
  /// one that may not use this route.
  boost::asio::awaitable<std::optional<http::Response>> admit(http::Exchange& exchange);
  /// The body of what the HTTP server itself refuses.
  [[nodiscard]] static http::Response refusal(http::Refusal reason, unsigned status,
                                              std::string_view path);
  /// Every route there is, for the test that enumerates them.
  [[nodiscard]] static std::span<const RouteInfo> routes();

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace api
