// Any bytes, cut at any places, read the same as when they come at once.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "request_reader.hpp"

namespace {

using http::Reading;

struct Outcome {
  Reading state = Reading::header;
  std::size_t taken = 0;
  std::string method, path, body;
  std::size_t headers = 0;
};

// As a connection does it: what was not taken is given again with more behind it.
Outcome read(std::string_view bytes, std::size_t step, const http::Options& options) {
  http::RequestReader reader(options);
  reader.reset();
  Outcome outcome;
  std::string pending;
  while (!bytes.empty() && reader.state() != Reading::complete &&
         reader.state() != Reading::refused) {
    pending.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    const std::size_t taken = reader.feed(pending);
    if (taken > pending.size()) std::abort();
    pending.erase(0, taken);
    outcome.taken += taken;
  }
  outcome.state = reader.state();
  if (outcome.state != Reading::complete) return outcome;
  const http::Request& request = reader.request();
  if (request.body.size() > options.body_bytes_max) std::abort();
  outcome.method = request.method_name;
  outcome.path = request.path;
  outcome.body = request.body;
  outcome.headers = request.headers.size();
  (void)request.query("a");
  (void)request.header("host");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  http::Options options;
  options.header_bytes_max = 2048;
  options.body_bytes_max = 512;
  const std::size_t step = 1 + data[0] % 32;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = read(bytes, bytes.size() + 1, options);
  const Outcome pieces = read(bytes, step, options);
  if (whole.state == Reading::complete || pieces.state == Reading::complete) {
    if (whole.state != pieces.state || whole.method != pieces.method || whole.path != pieces.path ||
        whole.body != pieces.body || whole.headers != pieces.headers ||
        whole.taken != pieces.taken) {
      std::abort();
    }
  }
  return 0;
}
