#include "door.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>

namespace http {

namespace {

using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;

// The wait when the process has no descriptor left.
constexpr std::chrono::milliseconds breath{50};

template <class Protocol>
class SocketDoor final : public Door {
 public:
  using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
  using Socket = asio::basic_stream_socket<Protocol, Executor>;

  SocketDoor(Acceptor acceptor, Desk& first, Reception& reception, const TlsContext& tls,
             std::string path)
      : acceptor_(std::move(acceptor)),
        pause_(first.context),
        reception_(reception),
        tls_(tls),
        path_(std::move(path)) {}

  ~SocketDoor() override { forget_path(); }

  void open() override {
    Desk& desk = reception_.next_desk();
    acceptor_.async_accept(desk.context, [this, &desk](error_code ec, Socket socket) {
      if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (ec) return rest();
      if constexpr (std::is_same_v<Protocol, tcp>) {
        reception_.receive(std::move(socket), desk, tls_);
      } else {
        reception_.receive(std::move(socket), desk);
      }
      open();
    });
  }

  void close() override {
    error_code ec;
    acceptor_.close(ec);
    pause_.cancel();
    forget_path();
  }

  std::uint16_t port() const override {
    if constexpr (std::is_same_v<Protocol, tcp>) {
      error_code ec;
      return acceptor_.local_endpoint(ec).port();
    } else {
      return 0;
    }
  }

 private:
  void rest() {
    reception_.make_room(true);
    pause_.expires_after(breath);
    pause_.async_wait([this](error_code ec) {
      if (!ec && acceptor_.is_open()) open();
    });
  }

  void forget_path() {
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
  }

  Acceptor acceptor_;
  asio::steady_timer pause_;
  Reception& reception_;
  const TlsContext& tls_;
  std::string path_;
};

const TlsContext no_tls;

// TLS 1.2: ephemeral keys and authenticated encryption only. TLS 1.3 has nothing else.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

base::Fail<StartFailure> fail(StartError reason, std::string text) {
  return base::Fail{StartFailure{reason, std::move(text)}};
}

base::Fail<StartFailure> cannot_listen(const std::string& where, const error_code& ec) {
  if (ec == asio::error::address_in_use) {
    return fail(StartError::address_in_use,
                "cannot listen on " + where +
                    ": another program uses that port. Stop it, or choose another port.");
  }
  if (ec == asio::error::access_denied) {
    return fail(StartError::permission_denied,
                "cannot listen on " + where +
                    ": permission denied. Ports below 1024 and some folders need more rights; "
                    "choose another.");
  }
  if (ec.value() == EADDRNOTAVAIL) {
    return fail(StartError::address_not_available,
                "cannot listen on " + where +
                    ": this machine has no such address. Use 127.0.0.1, or 0.0.0.0 for all.");
  }
  return fail(StartError::other, "cannot listen on " + where + ": " + ec.message());
}

// "HOST:PORT" -> an endpoint, names by the system's resolver.
base::Result<tcp::endpoint, StartFailure> endpoint_of(const std::string& address,
                                                      asio::io_context& context) {
  const auto wrong = [&address](const std::string& why) {
    return fail(StartError::bad_address,
                "cannot listen on \"" + address + "\": " + why + ". Write HOST:PORT.");
  };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return wrong("there is no port");
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong("an IPv6 address needs brackets");
  }
  unsigned number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9' || number > 65535) return wrong("the port is not a number");
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  if (port.empty() || number > 65535) return wrong("the port must be 0 to 65535");
  error_code ec;
  const auto literal = asio::ip::make_address(host, ec);
  if (!ec) return tcp::endpoint{literal, static_cast<std::uint16_t>(number)};
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(host, port, tcp::resolver::passive, ec);
  if (ec || found.empty()) return wrong("the host is not known");
  return found.begin()->endpoint();
}

}  // namespace

base::Result<std::unique_ptr<Door>, StartFailure> make_tcp_door(const std::string& address,
                                                                Desk& first, Reception& reception,
                                                                const TlsContext& tls) {
  const auto end = endpoint_of(address, first.context);
  if (!end.ok()) return base::Fail{end.error()};
  SocketDoor<tcp>::Acceptor acceptor(first.context.get_executor());
  error_code ec;
  acceptor.open(end.value().protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(end.value(), ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return cannot_listen(address, ec);
  return std::unique_ptr<Door>(
      std::make_unique<SocketDoor<tcp>>(std::move(acceptor), first, reception, tls, ""));
}

base::Result<std::unique_ptr<Door>, StartFailure> make_unix_door(const std::string& path,
                                                                 Desk& first,
                                                                 Reception& reception) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(StartError::bad_address,
                "the path of the admin socket is too long (107 bytes at most): " + path +
                    ". Use a data folder with a shorter path.");
  }
  const stream_protocol::endpoint end(path);
  error_code ec;
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) {
    asio::basic_stream_socket<stream_protocol, Executor> knock(first.context.get_executor());
    knock.connect(end, ec);
    if (!ec) {
      return fail(StartError::socket_in_use,
                  "another server answers on " + path + ". Stop it first.");
    }
    if (ec == asio::error::connection_refused) ::unlink(path.c_str());
  }
  SocketDoor<stream_protocol>::Acceptor acceptor(first.context.get_executor());
  ec = {};
  acceptor.open(stream_protocol(), ec);
  if (!ec) acceptor.bind(end, ec);
  // Nobody can connect before listen(), so there is no moment with a wider mode.
  if (!ec && ::chmod(path.c_str(), 0600) != 0) ec.assign(errno, boost::system::system_category());
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return cannot_listen(path, ec);
  return std::unique_ptr<Door>(std::make_unique<SocketDoor<stream_protocol>>(
      std::move(acceptor), first, reception, no_tls, path));
}

base::Result<TlsContext, StartFailure> make_tls_context(const std::string& certificate_path,
                                                        const std::string& key_path) {
  using Ssl = asio::ssl::context;
  auto context = std::make_shared<Ssl>(Ssl::tls_server);
  error_code ec;
  context->set_options(Ssl::default_workarounds | Ssl::no_sslv2 | Ssl::no_sslv3 | Ssl::no_tlsv1 |
                           Ssl::no_tlsv1_1 | Ssl::single_dh_use | SSL_OP_NO_RENEGOTIATION,
                       ec);
  SSL_CTX* const native = context->native_handle();
  // Buffers of idle connections go back.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  const auto wrong = [](const std::string& path, const std::string& what) {
    return fail(StartError::bad_certificate,
                "cannot use " + path + ": " + what + ". It must be a readable PEM file.");
  };
  if (SSL_CTX_set_cipher_list(native, tls12_ciphers) != 1) {
    return fail(StartError::other, "this OpenSSL has none of the ciphers that TLS 1.2 needs here");
  }
  context->use_certificate_chain_file(certificate_path, ec);
  if (ec) return wrong(certificate_path, "no certificate in it (" + ec.message() + ")");
  struct stat key {};
  if (::stat(key_path.c_str(), &key) == 0 && (key.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(StartError::bad_certificate,
                "the key " + key_path + " can be read by others than its owner. Run: chmod 600 " +
                    key_path);
  }
  context->use_private_key_file(key_path, Ssl::pem, ec);
  if (ec) {
    return wrong(key_path, "no private key in it that fits the certificate (" + ec.message() + ")");
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    return wrong(key_path, "it is not the key of the certificate " + certificate_path);
  }
  return context;
}

base::Result<base::Done, StartFailure> check_certificate(const std::string& certificate_path,
                                                         const std::string& key_path) {
  const auto made = make_tls_context(certificate_path, key_path);
  if (!made.ok()) return base::Fail{made.error()};
  return base::Done{};
}

}  // namespace http
