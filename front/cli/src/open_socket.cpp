// The running server, through its admin socket.
#include <cli/folder.hpp>
#include <client/fetch.hpp>

#include "door.hpp"
#include "hub.hpp"

namespace cli {
namespace {

using base::Fail;
using base::Result;

/// A check of large books takes a while.
constexpr std::chrono::minutes ask_timeout{30};
constexpr std::chrono::seconds probe_timeout{5};

class SocketDoor final : public Door {
 public:
  explicit SocketDoor(std::filesystem::path socket) : socket_(std::move(socket)) {}

  [[nodiscard]] Result<admin::Reply, std::string> ask(const std::string& method,
                                                      const std::string& path, const Query& query,
                                                      const std::string& body) override {
    client::Request asked = request(path, query);
    asked.method = method;
    asked.body = body;
    if (!body.empty()) {
      asked.headers.emplace_back("content-type", "application/json");
    }
    auto reply = client::fetch(asked);
    if (!reply.ok()) {
      return Fail{went_away(reply.error()) + "; look whether it happened before you repeat it"};
    }
    return admin::Reply{reply.value().status, std::move(reply.value().body)};
  }

  [[nodiscard]] Result<admin::Reply, std::string> pour(const std::string& path, const Query& query,
                                                       const Take& take) override {
    client::Request asked = request(path, query);
    asked.timeout = std::chrono::milliseconds(0);  // as long as it lasts
    auto reply = client::pour(asked, take);
    if (!reply.ok()) {
      return Fail{went_away(reply.error())};
    }
    return admin::Reply{reply.value().status, std::move(reply.value().body)};
  }

 private:
  [[nodiscard]] client::Request request(const std::string& path, const Query& query) const {
    client::Request asked;
    asked.url = "http://mains" + path;
    asked.unix_socket = socket_.string();
    asked.timeout = ask_timeout;
    const char* mark = "?";
    for (const auto& [name, value] : query) {
      asked.url += mark + name + "=" + percent_encoded(value);
      mark = "&";
    }
    return asked;
  }

  [[nodiscard]] std::string went_away(const client::Failure& failure) const {
    return "the server on " + socket_.parent_path().string() +
           " went away in the middle: " + failure.text;
  }

  std::filesystem::path socket_;
};

}  // namespace

DoorPtr open_socket(const std::filesystem::path& dir) {
  const std::filesystem::path socket = dir / admin_socket;
  std::error_code error;
  if (!std::filesystem::exists(socket, error)) {
    return nullptr;
  }
  client::Request probe;
  probe.url = "http://mains/healthz";
  probe.unix_socket = socket.string();
  probe.connect_timeout = probe_timeout;
  probe.timeout = probe_timeout;
  // A socket that a crash left behind has nobody behind it.
  return client::fetch(probe).ok() ? std::make_unique<SocketDoor>(socket) : nullptr;
}

}  // namespace cli
