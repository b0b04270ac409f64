#include <simulate/load.hpp>

#include <algorithm>
#include <cmath>
#include <random>

namespace simulate {
namespace {

void sort(Load& load) {
  std::ranges::stable_sort(load.requests, {}, &Request::at_s);
}

/// From `from_s` on, evenly spaced, for so long.
void add_steady(Load& load, std::uint32_t tenant, double per_minute, double from_s, double until_s,
                std::uint32_t tokens) {
  const double apart_s = 60 / per_minute;
  for (double at_s = from_s; at_s < until_s; at_s += apart_s) {
    load.requests.push_back({at_s, tenant, tokens, tokens, false});
  }
}

/// 0 < x <= 1, the same on every platform.
double unit(std::mt19937_64& random) {
  return (static_cast<double>(random() >> 11U) + 1) / 9007199254740992.0;
}

std::uint32_t between(std::mt19937_64& random, std::uint32_t least, std::uint32_t most) {
  return least + static_cast<std::uint32_t>(random() % (most - least + 1));
}

}  // namespace

Load overload(double minutes) {
  Load load{"overload", {"90 a minute", "180 a minute"}, {}, minutes * 60};
  add_steady(load, 0, 90, 0, load.until_s, 256);
  add_steady(load, 1, 180, 0, load.until_s, 256);
  sort(load);
  return load;
}

Load on_off(double minutes) {
  Load load{"on-off", {"on and off", "always on"}, {}, minutes * 60};
  for (double from_s = 0; from_s < load.until_s; from_s += 120) {
    add_steady(load, 0, 120, from_s, std::min(from_s + 60, load.until_s), 256);
  }
  add_steady(load, 1, 180, 0, load.until_s, 256);
  sort(load);
  return load;
}

Load light_heavy(double minutes, bool alone) {
  Load load{alone ? "light-alone" : "light-heavy", {"light", "heavy"}, {}, minutes * 60};
  for (int i = 0; i < 2; ++i) {
    load.requests.push_back({5.0 + i, 0, 80, 50, true});
  }
  for (int i = 0; i < 30 && !alone; ++i) {
    load.requests.push_back({0.1 * i, 1, 200, 100, true});
  }
  sort(load);
  return load;
}

Load many(std::uint32_t tenants, double minutes, double per_minute, std::uint64_t seed) {
  Load load{"many", {}, {}, minutes * 60};
  std::vector<double> shares;
  double sum = 0;
  for (std::uint32_t i = 0; i < tenants; ++i) {
    load.tenants.push_back("tenant " + std::to_string(i + 1));
    sum += 1.0 / (i + 1);
    shares.push_back(sum);
  }
  std::mt19937_64 random(seed);
  double at_s = 0;
  while (at_s < load.until_s) {
    at_s -= std::log(unit(random)) * 60 / per_minute;
    const auto tenant = static_cast<std::uint32_t>(
        std::ranges::lower_bound(shares, unit(random) * sum) - shares.begin());
    load.requests.push_back({at_s, std::min(tenant, tenants - 1), between(random, 16, 512),
                             between(random, 16, 512), false});
  }
  return load;
}

}  // namespace simulate
