// Everything an operator may do, behind one handler: the HTTP API mounts it under /admin/v1/ and
// on the admin socket, the command line calls it on a stopped server's data folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/ports.hpp>
#include <bill/pages.hpp>
#include <ledger/reader.hpp>
#include <registry/registry.hpp>
#include <settle/commands.hpp>
#include <tlog/log.hpp>

namespace admin {

/// Moves money. Thread-safe; blocks until the command is durable or refused.
class Money {
 public:
  virtual ~Money() = default;
  [[nodiscard]] virtual settle::Outcome execute(const settle::Command& command) = 0;
};

/// A served name, as `GET /admin/v1/models` lists it.
struct ServedModel {
  std::string name;
  std::filesystem::path file;
  std::uint32_t context = 0;  ///< Tokens.
  bool loaded = false;        ///< False on a stopped server.
};

/// The books' place and id, and whether their parts belong together.
struct BooksFacts {
  std::string where;    ///< A folder, or a database's address without a password.
  std::string id;       ///< Empty: they have none yet.
  bool shared = false;  ///< In a database.
  /// errors: which part differs, and what to do. May be empty: there is nothing to compare.
  std::function<base::Result<base::Done, std::string>()> compare = {};
};

/// The handler's surroundings. All of it must outlive the Admin.
struct Surroundings {
  registry::Registry& registry;
  ledger::Reader& reader;
  Money& money;
  const base::Clock& clock;
  base::Random& random;
  /// Called once a revoked key opens nothing any more, to end what it has running. May be empty.
  std::function<void(terms::KeyId)> key_revoked;
  /// May be empty: nothing is served.
  std::function<std::vector<ServedModel>()> models;
  tlog::Log* log = nullptr;  ///< Null: it could not be opened.
  /// Called once a tenant is deleted, so that nothing of it stays in memory. May be empty.
  std::function<void(terms::TenantId)> tenant_deleted = {};
  BooksFacts books = {};
};

struct Request {
  std::string_view method;  ///< "GET", "POST", "PUT", "DELETE".
  std::string_view path;    ///< "/admin/v1/tenants", percent-decoded, without the query.
  /// A query parameter, percent-decoded. May be empty: there is none.
  std::function<std::optional<std::string>(std::string_view)> query;
  std::string_view body;  ///< JSON, or empty.
};

struct Reply {
  unsigned status = 200;
  std::string body;  ///< Errors: {"error":{"message","type","code","param"}}.
  std::string content_type = "application/json";
  std::unique_ptr<bill::Pages> more = nullptr;  ///< What follows the body; null: that is all.
};

/// Safe on any thread, as far as its surroundings are. Blocks on the store.
class Admin {
 public:
  explicit Admin(Surroundings surroundings) : around_(std::move(surroundings)) {}

  /// Answers one request; never throws. Whoever calls has made sure that an operator asks.
  [[nodiscard]] Reply handle(const Request& request) const;

 private:
  Surroundings around_;
};

/// "GET /admin/v1/tenants" ... of every route, for documentation and tests.
[[nodiscard]] std::vector<std::string> all_routes();

}  // namespace admin
