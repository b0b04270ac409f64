#include "disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "client.hpp"
#include "tally.hpp"

namespace load {

DiskCost disk_cost(const std::string& folder, double seconds) {
  const std::string path = folder + "/disk_cost.tmp";
  const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  DiskCost cost;
  if (file < 0) {
    return cost;
  }
  std::array<char, 4096> page{};
  Spans spans;
  const std::int64_t began_ns = now_ns();
  std::int64_t at_ns = began_ns;
  cost.measured = true;
  while (cost.measured && static_cast<double>(at_ns - began_ns) < seconds * 1e9) {
    cost.measured = ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
                    ::fdatasync(file) == 0;
    const std::int64_t synced_ns = now_ns();
    spans.add(synced_ns - at_ns);
    at_ns = synced_ns;
  }
  ::close(file);
  ::unlink(path.c_str());
  cost.syncs_per_s =
      static_cast<double>(spans.size()) * 1e9 / static_cast<double>(at_ns - began_ns);
  cost.p50_ms = spans.at_ms(0.5);
  cost.p99_ms = spans.at_ms(0.99);
  return cost;
}

}  // namespace load
