#include <cstdint>
#include <cstring>
#include <vector>

#include "limits.hpp"
#include "together.hpp"

namespace limits {
namespace {

/// Sums up in four chains, so that no addition waits for the one before; compilers make vectors of
/// it, and the processor's own prefetching does the rest.
std::uint64_t sum_of(const std::vector<std::uint64_t>& area) {
  std::uint64_t sums[8] = {};
  const std::size_t count = area.size() / 8 * 8;
  for (std::size_t i = 0; i < count; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) {
      sums[j] += area[i + j];
    }
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) {
    sum += one;
  }
  return sum;
}

}  // namespace

double read_bytes_per_s(unsigned threads, double seconds, std::size_t area_bytes) {
  std::vector<std::vector<std::uint64_t>> areas(threads);
  return together(
      threads, seconds,
      [&](unsigned thread) {
        // Written once by the thread that reads it, so that the pages are there and near.
        areas[thread].assign(area_bytes / sizeof(std::uint64_t), thread + 1);
      },
      [&](unsigned thread) {
        const std::uint64_t sum = sum_of(areas[thread]);
        asm volatile("" : : "r"(sum));
        return static_cast<double>(area_bytes);
      });
}

}  // namespace limits
