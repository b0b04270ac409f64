// Listening: addresses, the admin socket, TLS, and what can be wrong with them.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "loopback.hpp"

namespace http::test {
namespace {

namespace fs = std::filesystem;

/// A folder of its own that goes with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "http-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

StartFailure failure_of(Options options) {
  Stage stage;
  Server server(std::move(options), stage_handler(stage));
  const auto started = server.start();
  EXPECT_FALSE(started.ok());
  return started.ok() ? StartFailure{} : started.error();
}

TEST(Doors, SayWhatIsWrongWithAnAddress) {
  House house;
  const std::string taken = "127.0.0.1:" + std::to_string(house.port());
  const std::pair<std::string, StartError> cases[] = {
      {taken, StartError::address_in_use},
      {"192.0.2.1:0", StartError::address_not_available},
      {"127.0.0.1", StartError::bad_address},
      {"127.0.0.1:", StartError::bad_address},
      {"127.0.0.1:65536", StartError::bad_address},
      {"127.0.0.1:http", StartError::bad_address},
      {"::1:80", StartError::bad_address},
      {"no such host:80", StartError::bad_address},
  };
  for (const auto& [address, reason] : cases) {
    SCOPED_TRACE(address);
    Options options = quick_options();
    options.listen = {address};
    const StartFailure failure = failure_of(options);
    EXPECT_EQ(failure.reason, reason);
    EXPECT_NE(failure.text.find(address), std::string::npos) << failure.text;
  }
}

TEST(Doors, CanBeSeveral) {
  Options options = quick_options();
  options.listen = {"127.0.0.1:0", "localhost:0"};
  House house(options);
  EXPECT_NE(house.server.local_port(0), house.server.local_port(1));
  for (const std::size_t n : {0U, 1U})
    EXPECT_NE(house.server.local_port(n), 0);
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/hello")));
  EXPECT_EQ(wire.read().body, "hello");
}

TEST(AdminSocket, IsForItsOwnerOnlyAndMarksItsRequests) {
  Folder folder;
  Options options = quick_options();
  options.admin_socket_path = folder.at("admin.sock");
  {
    House house(options);
    struct stat there {};
    ASSERT_EQ(::stat(options.admin_socket_path.c_str(), &there), 0);
    EXPECT_EQ(there.st_mode & 0777, 0600U);
    Wire wire(options.admin_socket_path);
    ASSERT_TRUE(wire.send(get("/tell")));
    EXPECT_EQ(wire.read().body, "GET /tell peer=unix admin");
    Wire outside(house.port());
    ASSERT_TRUE(outside.send(get("/tell", "x-admin: yes\r\n")));
    EXPECT_EQ(outside.read().body, "GET /tell peer=127.0.0.1");

    // Nobody takes it over while its server lives.
    options.listen.clear();
    EXPECT_EQ(failure_of(options).reason, StartError::socket_in_use);
  }
  EXPECT_FALSE(fs::exists(options.admin_socket_path));
}

TEST(AdminSocket, OfAServerThatDiedIsReplaced) {
  Folder folder;
  Options options = quick_options();
  options.admin_socket_path = folder.at("admin.sock");
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  options.admin_socket_path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ::close(dead);
  House house(options);
  Wire wire(options.admin_socket_path);
  ASSERT_TRUE(wire.send(get("/hello")));
  EXPECT_EQ(wire.read().body, "hello");
}

TEST(AdminSocket, RefusesAPathThatIsTooLongOrTaken) {
  Folder folder;
  Options options = quick_options();
  options.admin_socket_path = folder.at(std::string(120, 'x'));
  EXPECT_EQ(failure_of(options).reason, StartError::bad_address);
  options.admin_socket_path = folder.at("a-file");
  std::ofstream(options.admin_socket_path) << "precious";
  EXPECT_EQ(failure_of(options).reason, StartError::address_in_use);
  EXPECT_EQ(fs::file_size(options.admin_socket_path), 8U);  // and is left alone
}

class Tls : public testing::Test {
 protected:
  void make_certificate(const std::string& name) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=" +
        name + " -keyout " + folder_.at("key.pem") + " -out " + folder_.at("cert.pem") +
        " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0) << "needs the openssl program";
  }

  void SetUp() override {
    make_certificate("localhost");
    options_ = quick_options();
    options_.tls_certificate_path = folder_.at("cert.pem");
    options_.tls_key_path = folder_.at("key.pem");
  }

  using Stream = asio::ssl::stream<asio::ip::tcp::socket>;

  std::unique_ptr<Stream> connect(std::uint16_t port) {
    auto stream = std::make_unique<Stream>(context_, client_);
    stream->next_layer().connect({asio::ip::address_v4::loopback(), port});
    const timeval ten_seconds{10, 0};
    ::setsockopt(stream->next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &ten_seconds,
                 sizeof ten_seconds);
    stream->handshake(Stream::client);
    return stream;
  }

  static std::string ask(Stream& stream, const std::string& request, const std::string& until) {
    boost::system::error_code ec;
    asio::write(stream, asio::buffer(request), ec);
    std::string reply;
    asio::read_until(stream, asio::dynamic_buffer(reply), until, ec);
    return reply;
  }

  Folder folder_;
  Options options_;
  asio::io_context context_;
  asio::ssl::context client_{asio::ssl::context::tls_client};
};

TEST_F(Tls, ServesRequestsAndStreams) {
  House house(options_);
  auto stream = connect(house.port());
  EXPECT_NE(ask(*stream, get("/tell"), "tls").find("peer=127.0.0.1 tls"), std::string::npos);
  // More than one record, both ways.
  const std::string body = std::string(200'000, 'b') + "end";
  EXPECT_GT(ask(*stream, post("/echo", body), "bend").size(), body.size());
  EXPECT_NE(ask(*stream, get("/drip"), "drop").find("chunked"), std::string::npos);
  ASSERT_TRUE(house.stage.streaming.within());
  house.server.begin_drain();
  std::string rest;
  boost::system::error_code ec;
  asio::read_until(*stream, asio::dynamic_buffer(rest), "[DONE]\n\n\r\n0\r\n\r\n", ec);
  EXPECT_FALSE(ec) << ec.message();
  // The end is said in TLS too: a cut cannot pass for it.
  char byte = 0;
  stream->read_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::eof);
  stream->next_layer().close();
  EXPECT_TRUE(house.server.wait_drained(10s));
}

TEST_F(Tls, SeesAClientLeaveWhileTheHandlerWaits) {
  House house(options_);
  auto stream = connect(house.port());
  asio::write(*stream, asio::buffer(get("/wait")));
  ASSERT_TRUE(house.stage.waiting.within());
  stream->next_layer().close();
  EXPECT_TRUE(house.stage.gone.within());
}

TEST_F(Tls, CutsASlowReader) {
  options_.write_timeout = 100ms;
  House house(options_);
  auto stream = connect(house.port());
  asio::write(*stream, asio::buffer(get("/flood")));
  EXPECT_TRUE(house.stage.stream_cut.within());
  EXPECT_EQ(house.server.counters().cut_slow_total, 1U);
}

TEST_F(Tls, RefusesOldVersionsAndPlainText) {
  options_.header_timeout = 100ms;
  House house(options_);
  Wire plain(house.port());
  ASSERT_TRUE(plain.send(get("/hello")));
  const Reply refused = plain.read();
  EXPECT_EQ(refused.status, 400U);
  EXPECT_NE(refused.body.find("https://"), std::string::npos) << refused.body;
  Wire silent(house.port());
  EXPECT_TRUE(silent.at_end());

  SSL_CTX_set_max_proto_version(client_.native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(client_.native_handle(), "ALL:@SECLEVEL=0");
  EXPECT_THROW(connect(house.port()), boost::system::system_error);
}

TEST_F(Tls, OffersForwardSecrecyAndAuthenticatedCiphersOnly) {
  House house(options_);
  SSL_CTX_set_max_proto_version(client_.native_handle(), TLS1_2_VERSION);
  for (const char* old : {"AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"}) {
    ASSERT_EQ(SSL_CTX_set_cipher_list(client_.native_handle(), old), 1);
    EXPECT_THROW(connect(house.port()), boost::system::system_error) << old;
  }
  ASSERT_EQ(SSL_CTX_set_cipher_list(client_.native_handle(), "ECDHE-ECDSA-AES128-GCM-SHA256"), 1);
  auto stream = connect(house.port());
  EXPECT_NE(ask(*stream, get("/hello"), "hello").find("200"), std::string::npos);
}

TEST_F(Tls, WantsAKeyThatNobodyElseCanRead) {
  fs::permissions(options_.tls_key_path, fs::perms::group_read, fs::perm_options::add);
  const StartFailure failure = failure_of(options_);
  EXPECT_EQ(failure.reason, StartError::bad_certificate);
  EXPECT_NE(failure.text.find("chmod 600"), std::string::npos) << failure.text;
}

TEST_F(Tls, TakesARenewedCertificateAndKeepsTheOldOneInsteadOfABadOne) {
  House house(options_);
  const auto served = [&] {
    auto stream = connect(house.port());
    X509* const certificate = SSL_get1_peer_certificate(stream->native_handle());
    const std::uint64_t serial = X509_subject_name_hash(certificate);
    X509_free(certificate);
    return serial;
  };
  const std::uint64_t first = served();
  std::ofstream(options_.tls_certificate_path) << "no certificate";
  EXPECT_FALSE(house.server.reload_certificate().ok());
  EXPECT_EQ(served(), first);
  make_certificate("renewed");
  ASSERT_TRUE(house.server.reload_certificate().ok());
  for (int i = 0; i < 100 && served() == first; ++i) {
  }
  EXPECT_NE(served(), first);
}

TEST_F(Tls, SaysWhatIsWrongWithAFile) {
  Options options = options_;
  options.tls_key_path = folder_.at("nothing.pem");
  StartFailure failure = failure_of(options);
  EXPECT_EQ(failure.reason, StartError::bad_certificate);
  EXPECT_NE(failure.text.find("nothing.pem"), std::string::npos) << failure.text;
  options = options_;
  options.tls_certificate_path = options.tls_key_path;
  EXPECT_EQ(failure_of(options).reason, StartError::bad_certificate);
  options = options_;
  options.tls_key_path.clear();
  EXPECT_EQ(failure_of(options).reason, StartError::bad_certificate);
}

}  // namespace
}  // namespace http::test
