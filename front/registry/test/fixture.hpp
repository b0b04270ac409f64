// A registry in a folder of its own, with a clock that is set by hand and dice with a seed.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <base/ports.hpp>
#include <registry/registry.hpp>

namespace registry_test {

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {time_ns.load()}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {time_ns.load()}; }
  std::atomic<std::int64_t> time_ns = 1'800'000'000'000'000'000;  // 2027-01-15T08:00:00Z
};

class SeededRandom final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{42};
};

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mains-registry-XXXXXX").string();
    dir = ::mkdtemp(name.data());
    reopen();
  }
  ~RegistryTest() override {
    registry.reset();
    std::filesystem::permissions(dir, std::filesystem::perms::owner_all);
    std::filesystem::remove_all(dir);
  }

  void reopen() {
    registry.reset();
    auto opened = registry::Registry::open(dir, clock, random);
    ASSERT_TRUE(opened.ok()) << registry::describe(opened.error());
    registry = std::move(opened).value();
  }

  std::filesystem::path dir;
  HandClock clock;
  SeededRandom random;
  std::unique_ptr<registry::Registry> registry;
};

}  // namespace registry_test
