// A witness behind HTTP.
#pragma once

#include <cstdint>
#include <string>

#include <base/result.hpp>
#include <http/server.hpp>
#include <witness/witness.hpp>

namespace witness {

/// Serves POST /add-checkpoint, on two threads of its own, until it is destroyed. `listen` is
/// "HOST:PORT", port 0 takes a free one. The witness must outlive it.
class Server {
 public:
  Server(Witness& witness, std::string listen);

  /// errors   a line for people.
  [[nodiscard]] base::Result<base::Done, std::string> start();
  [[nodiscard]] std::uint16_t port() const { return server_.local_port(); }
  /// Lets requests finish for a few seconds.
  void stop();

 private:
  http::Server server_;
};

}  // namespace witness
