// A few lines of HTTP server for tests, on loopback or a Unix socket. One request a connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cli_test {

struct Asked {
  std::string method;
  std::string target;
  std::string head;  ///< All header lines.
  std::string body;
};

struct Said {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::size_t cut_after = std::string::npos;  ///< Close after so many bytes of the body.
  std::string more_headers = {};              ///< Each ended by \r\n.
};

class SmallServer {
 public:
  using Handler = std::function<Said(const Asked&)>;

  explicit SmallServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    start();
  }
  SmallServer(const std::filesystem::path& path, Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    start();
  }
  ~SmallServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<Asked> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void start() {
    ::listen(listener_, 16);
    thread_ = std::thread([this] {
      while (!stopping_) {
        const int peer = ::accept(listener_, nullptr, nullptr);
        if (peer >= 0) {
          answer(peer);
          ::close(peer);
        }
      }
    });
  }

  void answer(int peer) {
    std::string text;
    char buffer[4096];
    std::size_t end = std::string::npos;
    std::size_t length = 0;
    while (end == std::string::npos || text.size() < end + 4 + length) {
      const ssize_t size = ::recv(peer, buffer, sizeof buffer, 0);
      if (size <= 0) {
        return;
      }
      text.append(buffer, static_cast<std::size_t>(size));
      end = text.find("\r\n\r\n");
      const std::size_t at = text.find("ontent-");
      if (end != std::string::npos && at != std::string::npos) {
        const std::size_t said = text.find("ength: ");
        length = said < end ? std::stoul(text.substr(said + 7)) : 0;
      }
    }
    Asked asked;
    asked.method = text.substr(0, text.find(' '));
    const std::size_t target = asked.method.size() + 1;
    asked.target = text.substr(target, text.find(' ', target) - target);
    asked.head = text.substr(0, end);
    asked.body = text.substr(end + 4);
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(asked);
    }
    const Said said = handler_(asked);
    std::string reply = "HTTP/1.1 " + std::to_string(said.status) + " X\r\nconnection: close\r\n" +
                        "content-type: " + said.type + "\r\n" + said.more_headers +
                        "content-length: " + std::to_string(said.body.size()) + "\r\n\r\n" +
                        said.body.substr(0, said.cut_after);
    ::send(peer, reply.data(), reply.size(), MSG_NOSIGNAL);
    ::shutdown(peer, SHUT_WR);
  }

  Handler handler_;
  int listener_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::vector<Asked> asked_;
  std::thread thread_;
};

}  // namespace cli_test
