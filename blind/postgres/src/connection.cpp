#include <postgres/connection.hpp>

#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <utility>

namespace postgres {
namespace {

constexpr int binary = 1;

std::string first_line(const char* text) {
  const std::string_view all = text == nullptr ? "" : text;
  return std::string(all.substr(0, all.find('\n')));
}

/// PQconninfoParse's list, freed by itself.
class Settings {
 public:
  explicit Settings(const std::string& url) : list_(PQconninfoParse(url.c_str(), nullptr)) {}
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  ~Settings() { PQconninfoFree(list_); }

  [[nodiscard]] bool readable() const { return list_ != nullptr; }
  [[nodiscard]] std::string value(std::string_view keyword) const {
    for (const PQconninfoOption* option = list_; option->keyword != nullptr; ++option) {
      if (option->keyword == keyword && option->val != nullptr) return option->val;
    }
    return "";
  }

 private:
  PQconninfoOption* list_;
};

}  // namespace

bool is_url(std::string_view text) {
  return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

std::optional<std::string> shown(const std::string& url) {
  const Settings settings(url);
  if (!is_url(url) || !settings.readable()) return std::nullopt;
  const std::string user = settings.value("user");
  const std::string port = settings.value("port");
  std::string host = settings.value("host");
  if (host.empty()) host = settings.value("hostaddr");
  return "postgres://" + user + (user.empty() ? "" : "@") + host +
         (port.empty() ? "" : ":" + port) + "/" + settings.value("dbname");
}

void Connection::Close::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Answer<std::unique_ptr<Connection>> Connection::open(const std::string& url,
                                                     const Patience& patience, std::string* words) {
  const std::string connect_s = std::to_string(patience.connect_s);
  const std::string unacknowledged_ms = std::to_string(patience.answer_ms);
  // What comes later goes before: the URL may say all of these itself.
  const char* const keywords[] = {"connect_timeout", "tcp_user_timeout", "application_name",
                                  "client_encoding", "dbname",           nullptr};
  const char* const values[] = {
      connect_s.c_str(), unacknowledged_ms.c_str(), "mains", "UTF8", url.c_str(), nullptr};
  auto connection = std::make_unique<Connection>();
  connection->answer_ms_ = patience.answer_ms;
  connection->handle_.reset(PQconnectdbParams(keywords, values, 1));
  pg_conn* handle = connection->handle_.get();
  if (PQstatus(handle) != CONNECTION_OK) {
    if (words != nullptr) *words = first_line(PQerrorMessage(handle));
    return base::Fail{Error::gone};
  }
  // Notices are for people at a terminal.
  PQsetNoticeReceiver(
      handle, [](void*, const PGresult*) {}, nullptr);
  const bool ready = PQsetnonblocking(handle, 1) == 0 && PQenterPipelineMode(handle) == 1;
  auto set_up = ready ? connection->set_up(patience) : base::Fail{Error::io};
  if (!set_up) {
    if (words != nullptr) *words = connection->words_;
    return base::Fail{set_up.error()};
  }
  return connection;
}

Answer<base::Done> Connection::set_up(const Patience& patience) {
  const auto set = [this](const char* name, const std::string& value) {
    queue(std::string("SET ") + name + " = " + value);
  };
  set("lock_timeout", std::to_string(patience.lock_ms));
  set("statement_timeout", std::to_string(patience.statement_ms));
  set("idle_in_transaction_session_timeout", std::to_string(patience.forgotten_ms));
  // Statements are few, prepared once, and find their rows by key.
  set("plan_cache_mode", "force_generic_plan");
  set("jit", "off");
  set("timezone", "'UTC'");
  queue(
      "SELECT set_config('synchronous_commit', 'on', false) "
      "WHERE current_setting('synchronous_commit') = 'off'");
  auto done = run();
  if (!done) return base::Fail{done.error()};
  return base::Done{};
}

bool Connection::sent(int code) {
  failed_ = failed_ || code != 1;
  queued_ += code == 1 ? 1 : 0;
  return code == 1;
}

void Connection::queue(const std::string& sql, const Parameters& parameters) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Parameters::Parameter& parameter : parameters.list_) {
    types.push_back(parameter.type);
    values.push_back(parameter.value ? parameter.value->data() : nullptr);
    lengths.push_back(parameter.value ? static_cast<int>(parameter.value->size()) : 0);
    formats.push_back(binary);
  }
  sent(PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(types.size()), types.data(),
                         values.data(), lengths.data(), formats.data(), binary));
}

void Connection::prepare(const char* name, const std::string& sql) {
  sent(PQsendPrepare(handle_.get(), name, sql.c_str(), 0, nullptr));
}

void Connection::queue_prepared(const char* name, const Parameters& parameters) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Parameters::Parameter& parameter : parameters.list_) {
    values.push_back(parameter.value ? parameter.value->data() : nullptr);
    lengths.push_back(parameter.value ? static_cast<int>(parameter.value->size()) : 0);
    formats.push_back(binary);
  }
  sent(PQsendQueryPrepared(handle_.get(), name, static_cast<int>(values.size()), values.data(),
                           lengths.data(), formats.data(), binary));
}

/// False when nothing happened on the socket in time.
bool Connection::wait(short events) {
  pollfd socket{PQsocket(handle_.get()), events, 0};
  for (;;) {
    const int ready = ::poll(&socket, 1, static_cast<int>(answer_ms_));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) words_ = "the server does not answer";
    return ready > 0;
  }
}

bool Connection::flush() {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left <= 0) return left == 0;
    // The server may wait for us to read before it reads on.
    if (!wait(POLLIN | POLLOUT) || PQconsumeInput(handle_.get()) != 1) return false;
  }
}

/// The next answer; null at the end of a statement's, and when the connection is lost (failed_).
pg_result* Connection::next() {
  while (PQisBusy(handle_.get()) == 1) {
    if (!wait(POLLIN) || PQconsumeInput(handle_.get()) != 1) {
      failed_ = true;
      return nullptr;
    }
  }
  return PQgetResult(handle_.get());
}

Error Connection::lost() {
  failed_ = true;
  queued_ = 0;
  if (words_.empty()) words_ = first_line(PQerrorMessage(handle_.get()));
  return Error::gone;
}

Answer<std::vector<Rows>> Connection::run() {
  words_.clear();
  const std::size_t count = std::exchange(queued_, 0);
  if (failed_ || PQpipelineSync(handle_.get()) != 1 || !flush()) {
    return base::Fail{lost()};
  }
  std::vector<Rows> answers;
  answers.reserve(count);
  std::optional<Error> error;
  for (;;) {
    pg_result* result = next();
    if (failed_) return base::Fail{lost()};
    if (result == nullptr) {
      if (PQstatus(handle_.get()) != CONNECTION_OK) return base::Fail{lost()};
      continue;  // the end of one statement's answer
    }
    answers.emplace_back(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
      answers.pop_back();
      break;
    }
    if (status == PGRES_FATAL_ERROR && !error) {
      error = error_of(PQresultErrorField(result, PG_DIAG_SQLSTATE));
      words_ = first_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    }
  }
  if (error) return base::Fail{*error};
  return answers;
}

Answer<Rows> Connection::ask(const std::string& sql, const Parameters& parameters) {
  queue(sql, parameters);
  auto answers = run();
  if (!answers) return base::Fail{answers.error()};
  return std::move(answers->front());
}

}  // namespace postgres
