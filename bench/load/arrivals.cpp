#include "arrivals.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <simulate/load.hpp>

namespace load {
namespace {

constexpr double block_tokens = 512;  // of the traces that name blocks

int shrunk(std::uint32_t tokens, double shrink) {
  return static_cast<int>(std::max(1.0, std::round(tokens / shrink)));
}

}  // namespace

std::vector<std::int64_t> by_chance(double rate_per_s, double seconds, std::uint64_t seed) {
  std::vector<std::int64_t> moments;
  std::mt19937_64 random(seed);
  double at_s = 0;
  for (;;) {
    // 0 < x <= 1, the same on every platform.
    const double unit = (static_cast<double>(random() >> 11U) + 1) / 9007199254740992.0;
    at_s -= std::log(unit) / rate_per_s;
    if (at_s >= seconds) {
      return moments;
    }
    moments.push_back(static_cast<std::int64_t>(at_s * 1e9));
  }
}

void set_arrivals(Plan& plan) {
  std::uint64_t seed = plan.seed * 15'485'863;
  for (Group& group : plan.groups) {
    ++seed;
    if (group.rate_per_s <= 0) {
      continue;
    }
    const double from_s = group.after_s > 0 ? plan.warmup_s + group.after_s : 0;
    const double seconds = plan.warmup_s + plan.measured_s - from_s;
    for (const std::int64_t at_ns : by_chance(group.rate_per_s, seconds, seed)) {
      group.arrivals.push_back({at_ns + static_cast<std::int64_t>(from_s * 1e9), group.ask});
    }
  }
}

base::Result<base::Done, std::string> add_trace(Plan& plan, const std::string& path,
                                                const Replay& replay) {
  simulate::Load trace;
  if (const auto read = simulate::add_trace(trace, path, replay.speed); !read.ok()) {
    return base::Fail{read.error()};
  }
  std::vector<Group> groups(trace.tenants.size());
  plan.block_words = static_cast<int>(std::max(1.0, std::round(block_tokens / replay.shrink)));
  for (const simulate::Request& request : trace.requests) {
    if (request.at_s >= replay.seconds) {
      continue;
    }
    const Ask ask{shrunk(request.prompt, replay.shrink), shrunk(request.output, replay.shrink), 0,
                  request.blocks};
    groups[request.tenant].arrivals.push_back({static_cast<std::int64_t>(request.at_s * 1e9), ask});
  }
  for (std::size_t tenant = 0; tenant < groups.size(); ++tenant) {
    Group& group = groups[tenant];
    if (group.arrivals.empty()) {
      continue;
    }
    group.name = trace.tenants[tenant];
    group.clients = replay.clients;
    if (!replay.keys.empty()) {
      group.key = replay.keys[plan.groups.size() % replay.keys.size()];
    }
    plan.groups.push_back(std::move(group));
  }
  return base::Done{};
}

}  // namespace load
