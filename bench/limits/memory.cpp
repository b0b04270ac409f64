#include <cstdint>
#include <cstring>
#include <vector>

#include "limits.hpp"
#include "together.hpp"

namespace limits {
namespace {

using Words = std::uint64_t __attribute__((vector_size(16)));

/// Sums up in eight chains, so that no addition waits for the one before, and asks for what comes
/// some lines ahead, as the engine's kernels do.
std::uint64_t sum_of(const std::vector<std::uint64_t>& area) {
  constexpr std::size_t chains = 8;
  constexpr std::size_t step = chains * sizeof(Words) / sizeof(std::uint64_t);
  constexpr std::size_t ahead = 2048 / sizeof(std::uint64_t);
  Words sums[chains] = {};
  for (std::size_t i = 0; i + step <= area.size(); i += step) {
    __builtin_prefetch(area.data() + i + ahead);
    __builtin_prefetch(area.data() + i + ahead + step / 2);
    LIMITS_UNROLL for (std::size_t j = 0; j < chains; ++j) {
      Words words;
      std::memcpy(&words, area.data() + i + j * 2, sizeof(words));
      sums[j] += words;
    }
  }
  std::uint64_t sum = 0;
  for (const Words& one : sums) {
    sum += one[0] + one[1];
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
