// Tests under sanitizers: slower by an order of magnitude, so they do less of the same.
#pragma once

namespace engine::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool instrumented = true;
#else
inline constexpr bool instrumented = false;
#endif

/// Factor for bounds of time, which are meant for the plain build.
inline constexpr int slowdown = instrumented ? 10 : 1;

/// Repetitions: all of them in the plain build, some where each costs ten times as much.
constexpr int rounds(int all, int some) {
  return instrumented ? some : all;
}

}  // namespace engine::test
