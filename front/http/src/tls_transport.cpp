#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <string_view>

#include <boost/asio/ssl/stream.hpp>

#include "transport.hpp"

namespace http {

namespace {

using boost::system::error_code;

class TlsTransport final : public Transport {
 public:
  TlsTransport(TcpSocket socket, std::shared_ptr<asio::ssl::context> tls)
      : tls_(std::move(tls)), stream_(std::move(socket), *tls_) {}

  void handshake() override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [this, keep = listener->shared_from_this()](error_code ec) {
                              if (is_plain_http(ec)) say_plain_http();
                              keep->on_ready(!ec);
                            });
  }

  void watch() override {
    stream_.async_read_some(asio::buffer(in_), [this, keep = listener->shared_from_this()](
                                                   error_code ec, std::size_t n) {
      if (ec) return keep->on_end();
      keep->on_bytes({in_.data(), n});
    });
  }

  // A record may need the other direction first, so there is no writing without waiting.
  bool write_now(const Pieces&, std::size_t& written) override {
    written = 0;
    return true;
  }

  void write(const Pieces& pieces) override {
    // One record for head and body together: the stream would make one of each piece.
    out_.resize(std::min(record_bytes_max, asio::buffer_size(pieces)));
    asio::buffer_copy(asio::buffer(out_), pieces);
    asio::async_write(stream_, asio::buffer(out_),
                      [keep = listener->shared_from_this()](error_code ec, std::size_t n) {
                        keep->on_written(!ec, n);
                      });
  }

  void finish() override {
    stream_.async_shutdown(
        [keep = listener->shared_from_this()](error_code ec) { keep->on_written(!ec, 0); });
  }

  void close() override {
    error_code ec;
    stream_.next_layer().close(ec);
  }

  void reset() override {
    error_code ec;
    TcpSocket& socket = stream_.next_layer();
    if (socket.is_open()) socket.set_option(asio::socket_base::linger(true, 0), ec);
    socket.close(ec);
  }

 private:
  static constexpr std::size_t record_bytes_max = 16 * 1024;

  static bool is_plain_http(const error_code& ec) {
    if (!ec || ec.category() != asio::error::get_ssl_category()) return false;
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
    return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST;
  }

  // OpenSSL has read the request, so that a close does not reset what is said here.
  void say_plain_http() {
    static constexpr std::string_view words =
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 60\r\n"
        "connection: close\r\n\r\n"
        "This port speaks TLS: use https:// instead of http:// here.\n";
    error_code ec;
    stream_.next_layer().non_blocking(true, ec);
    stream_.next_layer().write_some(asio::buffer(words), ec);
    stream_.next_layer().shutdown(TcpSocket::shutdown_send, ec);
  }

  const std::shared_ptr<asio::ssl::context> tls_;
  asio::ssl::stream<TcpSocket> stream_;
  std::array<char, 4096> in_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(TcpSocket socket,
                                              std::shared_ptr<asio::ssl::context> tls) {
  return std::make_unique<TlsTransport>(std::move(socket), std::move(tls));
}

}  // namespace http
