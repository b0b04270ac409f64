// What a request pays for its names: authenticate, model id, price, over many keys.
//   lookup_bench [--tiny]
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <base/invariant.hpp>
#include <registry/registry.hpp>

namespace {

using Steady = std::chrono::steady_clock;

class SystemClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
  }
  [[nodiscard]] base::SpanNs since_start() const override { return {now().value}; }
};

class SeededRandom final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{1};
};

void look_up(const registry::Registry& registry, const std::vector<std::string>& secrets,
             base::UnixNs now, std::size_t rounds) {
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto key = registry.authenticate(secrets[i * 7 % secrets.size()]);
    const auto model = registry.model_id("bench-8k");
    base::invariant(key != nullptr && model.has_value(), "what was made is found");
    base::invariant(registry.prices(*model, now).has_value(), "what was priced has a price");
  }
}

void measure(const registry::Registry& registry, const std::vector<std::string>& secrets,
             base::UnixNs now, std::size_t rounds, unsigned threads) {
  const auto start = Steady::now();
  std::vector<std::thread> crowd;
  for (unsigned i = 0; i < threads; ++i) {
    crowd.emplace_back([&] { look_up(registry, secrets, now, rounds); });
  }
  for (std::thread& each : crowd) {
    each.join();
  }
  const auto spent = std::chrono::duration<double>(Steady::now() - start).count();
  const double all = static_cast<double>(rounds) * threads;
  std::printf("%zu keys, %u threads: %.0f requests' lookups per second, %.2f us each\n",
              secrets.size(), threads, all / spent, spent * 1e6 * threads / all);
}

}  // namespace

int main(int argc, char** argv) {
  const bool tiny = argc > 1 && std::strcmp(argv[1], "--tiny") == 0;
  std::string name = (std::filesystem::temp_directory_path() / "mains-bench-XXXXXX").string();
  const std::filesystem::path dir = ::mkdtemp(name.data());
  const SystemClock clock;
  SeededRandom random;
  {
    auto opened = registry::Registry::open(dir, clock, random);
    base::invariant(opened.ok(), "a new folder can be opened");
    registry::Registry& registry = *opened.value();
    const price::Prices prices{{200'000'000}, {100'000'000}, {800'000'000}};
    base::invariant(registry.publish_missing("USD", {{"bench-8k", prices}}).ok(), "published");
    const auto tenant = registry.create_tenant("bench");
    std::vector<std::string> secrets;
    const auto start = Steady::now();
    for (int i = 0; i < (tiny ? 20 : 2'000); ++i) {
      secrets.push_back(registry.create_key(tenant.value()->id, "k", {}).value().secret);
    }
    const double made = std::chrono::duration<double>(Steady::now() - start).count();
    std::printf("creating a key, durable: %.2f ms\n",
                made * 1e3 / static_cast<double>(secrets.size()));
    for (const unsigned threads : {1U, 2U}) {
      measure(registry, secrets, clock.now(), tiny ? 1'000 : 500'000, threads);
    }
  }
  std::filesystem::remove_all(dir);
  return 0;
}
