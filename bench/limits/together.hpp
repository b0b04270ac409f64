#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

namespace limits {

using Seconds = std::chrono::duration<double>;

/// Runs `work(thread)` again and again on all threads until the time is over; each call says how
/// much it did. Returns the sum of what each thread did a second. `prepare(thread)` runs before, on
/// the same thread, and is not counted.
inline double together(unsigned threads, double seconds,
                       const std::function<void(unsigned)>& prepare,
                       const std::function<double(unsigned)>& work) {
  std::vector<double> rates(threads, 0);
  std::latch ready(threads);
  const auto run = [&](unsigned thread) {
    prepare(thread);
    ready.arrive_and_wait();
    const auto began = std::chrono::steady_clock::now();
    double done = 0;
    double took_s = 0;
    while (took_s < seconds) {
      done += work(thread);
      took_s = Seconds(std::chrono::steady_clock::now() - began).count();
    }
    rates[thread] = done / took_s;
  };
  std::vector<std::thread> running;
  running.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread) {
    running.emplace_back(run, thread);
  }
  double sum = 0;
  for (unsigned thread = 0; thread < threads; ++thread) {
    running[thread].join();
    sum += rates[thread];
  }
  return sum;
}

}  // namespace limits
