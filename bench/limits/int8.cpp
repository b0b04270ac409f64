#include <cstdint>

#include "limits.hpp"
#include "together.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace limits {
namespace {

constexpr int rounds = 1 << 16;
// Enough sums at once to hide the latency of one addition: 4 or 5 cycles, two a cycle; and few
// enough to lie in registers all of them, beside the factors.
constexpr int sums = 12;

#if defined(__x86_64__)

__attribute__((target("avx512f,avx512vnni"))) double vnni512() {
  __m512i sum[sums] = {};
  __m512i a = _mm512_set1_epi8(3);
  __m512i b = _mm512_set1_epi8(-5);
  // What may differ cannot be computed once for all.
  LIMITS_UNROLL for (__m512i& one : sum) {
    asm volatile("" : "+v"(one));
  }
  for (int round = 0; round < rounds; ++round) {
    LIMITS_UNROLL for (__m512i& one : sum) {
      one = _mm512_dpbusd_epi32(one, a, b);
    }
    asm volatile("" : "+v"(a), "+v"(b));
  }
  LIMITS_UNROLL for (__m512i& one : sum) {
    asm volatile("" : : "v"(one));
  }
  return 2.0 * 64 * sums * rounds;
}

__attribute__((target("avx2"))) double maddubs256() {
  __m256i sum[sums] = {};
  __m256i a = _mm256_set1_epi8(3);
  __m256i b = _mm256_set1_epi8(-5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (int round = 0; round < rounds; ++round) {
    LIMITS_UNROLL for (__m256i& one : sum) {
      asm volatile("" : "+x"(a), "+x"(b));
      // Two pairs are added in 16 bits, then in 32: what there is without VNNI.
      const __m256i pairs = _mm256_maddubs_epi16(a, b);
      one = _mm256_add_epi32(one, _mm256_madd_epi16(pairs, ones));
    }
  }
  LIMITS_UNROLL for (__m256i& one : sum) {
    asm volatile("" : : "x"(one));
  }
  return 2.0 * 32 * sums * rounds;
}

#endif

/// What a compiler makes of plain loops.
double portable() {
  static constexpr int width = 256;
  std::int8_t a[width];
  std::int8_t b[width];
  for (int i = 0; i < width; ++i) {
    a[i] = static_cast<std::int8_t>(i % 7);
    b[i] = static_cast<std::int8_t>(i % 5);
  }
  for (int round = 0; round < rounds; ++round) {
    asm volatile("" : : "g"(a), "g"(b) : "memory");
    std::int32_t sum = 0;
    for (int i = 0; i < width; ++i) {
      sum += a[i] * b[i];
    }
    asm volatile("" : : "r"(sum));
  }
  return 2.0 * width * rounds;
}

}  // namespace

double int8_ops_per_s(unsigned threads, double seconds, std::string& how) {
  double (*work)() = portable;
  how = "portable";
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni")) {
    work = vnni512;
    how = "AVX-512 VNNI";
  } else if (__builtin_cpu_supports("avx2")) {
    work = maddubs256;
    how = "AVX2";
  }
#endif
  return together(
      threads, seconds, [](unsigned) {}, [work](unsigned) { return work(); });
}

}  // namespace limits
