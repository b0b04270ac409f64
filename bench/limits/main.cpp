// mains_limits [--tiny] [--threads N]: what this machine can do, as one line of JSON. Compare only
// inside one run: a neighbour takes from limits and servers alike.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "limits.hpp"

int main(int argc, char** argv) {
  bool tiny = false;
  unsigned threads = std::thread::hardware_concurrency();
  for (int i = 1; i < argc; ++i) {
    tiny = tiny || std::strcmp(argv[i], "--tiny") == 0;
    if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = static_cast<unsigned>(std::atoi(argv[++i]));
    }
  }
  if (threads == 0 || threads > 1024) {
    std::fputs("usage: mains_limits [--tiny] [--threads N]\n", stderr);
    return 2;
  }
  const double seconds = tiny ? 0.02 : 1;
  const std::size_t area_bytes = tiny ? std::size_t{1} << 22U : std::size_t{1} << 28U;
  std::string how;
  // The best of three: what disturbs only takes away.
  double ops = 0;
  double bytes = 0;
  for (int round = 0; round < 3; ++round) {
    ops = std::max(ops, limits::int8_ops_per_s(threads, seconds, how));
    bytes = std::max(bytes, limits::read_bytes_per_s(threads, seconds, area_bytes));
  }
  std::printf(
      "{\"threads\":%u,\"int8_ops_per_s\":%.0f,\"int8_by\":\"%s\",\"read_bytes_per_s\":%.0f}\n",
      threads, ops, how.c_str(), bytes);
  return 0;
}
