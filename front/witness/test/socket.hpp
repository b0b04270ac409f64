// A client of one request.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace witness::test {

struct Reply {
  unsigned status = 0;
  std::string text;  ///< Head and body.
};

/// Sends, reads until the server closes; each wait is bounded by ten seconds.
inline Reply ask(std::uint16_t port, const std::string& request) {
  Reply reply;
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit{10, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(socket, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
      reply.text.append(buffer, static_cast<std::size_t>(size));
    }
  }
  ::close(socket);
  if (reply.text.size() > 12) {
    reply.status = static_cast<unsigned>(std::strtoul(reply.text.c_str() + 9, nullptr, 10));
  }
  return reply;
}

inline Reply post(std::uint16_t port, const std::string& path, const std::string& body) {
  return ask(port, "POST " + path +
                       " HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body);
}

}  // namespace witness::test
