#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>

#include "transport.hpp"

namespace http {

namespace {

using boost::system::error_code;

template <class Socket>
class PlainTransport final : public Transport {
 public:
  PlainTransport(Socket socket, Desk& desk) : socket_(std::move(socket)), desk_(desk) {
    error_code ec;
    socket_.non_blocking(true, ec);
  }

  void handshake() override {
    asio::post(socket_.get_executor(),
               [keep = listener->shared_from_this()] { keep->on_ready(true); });
  }

  void watch() override {
    // Waiting without a buffer: a connection that is idle owns none.
    socket_.async_wait(Socket::wait_read,
                       [this, keep = listener->shared_from_this()](error_code ec) {
                         if (ec) return keep->on_end();
                         const std::size_t n = socket_.read_some(asio::buffer(desk_.scratch), ec);
                         if (ec == asio::error::would_block) return watch();
                         if (ec) return keep->on_end();
                         keep->on_bytes({desk_.scratch.data(), n});
                       });
  }

  bool write_now(const Pieces& pieces, std::size_t& written) override {
    error_code ec;
    written = socket_.write_some(pieces, ec);
    return !ec || ec == asio::error::would_block;
  }

  void write(const Pieces& pieces) override {
    socket_.async_write_some(pieces,
                             [keep = listener->shared_from_this()](error_code ec, std::size_t n) {
                               keep->on_written(!ec, n);
                             });
  }

  void finish() override {
    error_code ec;
    socket_.shutdown(Socket::shutdown_send, ec);
    asio::post(socket_.get_executor(),
               [ok = !ec, keep = listener->shared_from_this()] { keep->on_written(ok, 0); });
  }

  void close() override {
    error_code ec;
    socket_.close(ec);
  }

  void reset() override {
    error_code ec;
    if (socket_.is_open()) socket_.set_option(asio::socket_base::linger(true, 0), ec);
    socket_.close(ec);
  }

 private:
  Socket socket_;
  Desk& desk_;
};

void set(int socket, int level, int name, int value) {
  // Not every kernel has each of them; none is needed for correctness.
  (void)::setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

std::unique_ptr<Transport> make_transport(TcpSocket socket, Desk& desk) {
  return std::make_unique<PlainTransport<TcpSocket>>(std::move(socket), desk);
}

std::unique_ptr<Transport> make_transport(UnixSocket socket, Desk& desk) {
  return std::make_unique<PlainTransport<UnixSocket>>(std::move(socket), desk);
}

void tune(TcpSocket& socket, const Options& options) {
  const int handle = socket.native_handle();
  set(handle, IPPROTO_TCP, TCP_NODELAY, 1);
  set(handle, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(options.unsent_bytes_max));
  // A client that vanished without a word is noticed after about a minute of silence.
  set(handle, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(handle, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(handle, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(handle, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace http
