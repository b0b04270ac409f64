// One session with a server.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <postgres/error.hpp>
#include <postgres/parameters.hpp>
#include <postgres/rows.hpp>

struct pg_conn;

namespace postgres {

/// When to stop waiting. 0 = never, where the server counts.
struct Patience {
  std::uint32_t connect_s = 5;
  std::uint32_t lock_ms = 5'000;        ///< For a lock.
  std::uint32_t statement_ms = 30'000;  ///< For a statement, locks included.
  std::uint32_t forgotten_ms = 10'000;  ///< Until a transaction that does nothing is ended.
  std::uint32_t answer_ms = 35'000;     ///< Until a server that says nothing is taken for gone.
};

/// Whether this looks like an address of a PostgreSQL database (postgres:// or postgresql://).
[[nodiscard]] bool is_url(std::string_view text);

/// The address without its password, for people. Nothing: it cannot be read as one.
[[nodiscard]] std::optional<std::string> shown(const std::string& url);

/// Statements are queued and run together, in one round trip. After an error the rest of what was
/// queued is not run. Used by one thread at a time.
class Connection {
 public:
  /// url      as libpq reads it:
  /// postgres://user:password@host:port/database?sslmode=verify-full...;
  ///          what it leaves out comes from the PG* environment and the password file.
  /// words    where not null: what the server said when it refused, one line, for people.
  [[nodiscard]] static Answer<std::unique_ptr<Connection>> open(const std::string& url,
                                                                const Patience& patience,
                                                                std::string* words = nullptr);

  void queue(const std::string& sql, const Parameters& parameters = {});
  void prepare(const char* name, const std::string& sql);
  void queue_prepared(const char* name, const Parameters& parameters = {});

  /// Runs what was queued: the answers of all, in their order, or the first error.
  [[nodiscard]] Answer<std::vector<Rows>> run();
  /// Queues one statement, runs, and returns its answer.
  [[nodiscard]] Answer<Rows> ask(const std::string& sql, const Parameters& parameters = {});

  /// Nothing can be done with it any more.
  [[nodiscard]] bool failed() const { return failed_; }
  void mark_failed() { failed_ = true; }
  /// What the server last said went wrong, one line, for people; never a password or a row.
  [[nodiscard]] const std::string& words() const { return words_; }

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  bool sent(int code);
  bool wait(short events);
  bool flush();
  pg_result* next();
  Answer<base::Done> set_up(const Patience& patience);
  Error lost();

  std::unique_ptr<pg_conn, Close> handle_;
  std::uint32_t answer_ms_ = 0;
  std::size_t queued_ = 0;
  bool failed_ = false;
  std::string words_;
};

}  // namespace postgres
