// What this machine can do at most, of the two things that running a model needs.
#pragma once

#include <string>

// Before a loop whose sums must live in registers: gcc leaves loops alone at -O2, and an array that
// a loop walks is then read and written in memory, which limits the sums and not the machine.
#if defined(__clang__)
#define LIMITS_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LIMITS_UNROLL _Pragma("GCC unroll 16")
#endif

namespace limits {

/// Int8 multiplications and additions a second, each counted as one operation, of so many threads
/// at once. `how` gets the name of the instructions.
double int8_ops_per_s(unsigned threads, double seconds, std::string& how);

/// Bytes a second read from memory by so many threads, each from an area of its own of
/// `area_bytes`, which should be many times the last cache.
double read_bytes_per_s(unsigned threads, double seconds, std::size_t area_bytes);

}  // namespace limits
