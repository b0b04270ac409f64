// One request being answered.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <http/message.hpp>

namespace http {

namespace asio = boost::asio;

/// Valid as long as the handler runs. Thread: everything here is called on executor(), where the
/// handler starts too; whoever wakes the handler from elsewhere posts there. An answer is either
/// one send(), or begin_stream(), any number of write(), end_stream(). One of them at a time.
class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const Request& request() const = 0;

  /// Sends the whole answer. False: the client is gone or too slow, and the connection is cut.
  virtual asio::awaitable<bool> send(Response response) = 0;

  /// Sends the header of an answer whose length is not known: chunked for HTTP/1.1, ended by
  /// closing for HTTP/1.0. False as in send().
  virtual asio::awaitable<bool> begin_stream(
      unsigned status, std::string content_type,
      std::vector<std::pair<std::string, std::string>> headers = {}) = 0;

  /// Sends one chunk, at once and in one system call; `chunk` must live until it returns. False
  /// when the client is gone, or when the chunk did not fit into the connection's buffers within
  /// write_timeout: then the connection is cut. An empty chunk writes nothing.
  virtual asio::awaitable<bool> write(std::string_view chunk) = 0;

  /// Ends the stream, after one more chunk in the same system call if `last` is not empty. A
  /// handler that returns without it leaves the client a broken stream, as it should be when
  /// something failed in the middle.
  virtual asio::awaitable<bool> end_stream(std::string_view last = {}) = 0;

  /// `callback` is called at most once, on executor() and never from inside a call of the handler:
  /// when the client closes, half-closes or resets the connection, or is cut, before its answer is
  /// complete. Called soon when that has happened already. It is dropped when the handler returns.
  /// A client that sends more than pipelined_bytes_max ahead is seen leaving only when something
  /// is written to it.
  virtual void on_gone(std::function<void()> callback) = 0;
  [[nodiscard]] virtual bool gone() const = 0;

  /// True once an answer has begun.
  [[nodiscard]] virtual bool answered() const = 0;

  /// The server is shutting down: finish soon.
  [[nodiscard]] virtual bool draining() const = 0;

  [[nodiscard]] virtual asio::any_io_executor executor() = 0;
};

/// Answers one request. What it throws becomes a 500 (or a broken stream) and a closed connection;
/// the text of the exception goes nowhere. It must end after on_gone was called: the server waits.
using Handler = std::function<asio::awaitable<void>(Exchange&)>;

}  // namespace http
