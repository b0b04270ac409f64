// Vectors of 16, which the compiler cuts to what the machine has. Included by each kernels_*.cpp
// after its target is set; everything here and in vector_*.hpp is that file's own, so that no other
// file can come to run code for a processor that is not there.
#pragma once

#include <cstddef>
#include <cstdint>

// Nothing here is called from another file, so no ABI can differ.
#pragma GCC diagnostic ignored "-Wpsabi"

// Before a loop whose sums must live in registers; gcc leaves loops alone at -O2.
#if defined(__clang__)
#define MAINS_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MAINS_UNROLL _Pragma("GCC unroll 16")
#endif

namespace engine::native {
namespace {

using Floats = float __attribute__((vector_size(64)));
using Ints = std::int32_t __attribute__((vector_size(64)));
using Bytes = std::int8_t __attribute__((vector_size(16)));

inline Floats load(const float* from) {
  Floats vector;
  __builtin_memcpy(&vector, from, sizeof(vector));
  return vector;
}

inline void store(float* to, const Floats& vector) {
  __builtin_memcpy(to, &vector, sizeof(vector));
}

}  // namespace
}  // namespace engine::native
