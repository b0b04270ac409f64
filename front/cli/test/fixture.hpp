// The command line over a data folder of its own.
#pragma once

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json.hpp>
#include <cli/cli.hpp>

namespace cli_test {

class TestClock final : public base::Clock {
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
  [[nodiscard]] std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_{11};
};

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    for (const char* name :
         {"MAINS_DATA", "MAINS_API_KEY", "MAINS_URL", "HF_TOKEN", "HF_ENDPOINT"}) {
      ::unsetenv(name);
    }
    std::string name = (std::filesystem::temp_directory_path() / "mains-cli-XXXXXX").string();
    root = ::mkdtemp(name.data());
    data = root / "data";
  }
  ~CliTest() override { std::filesystem::remove_all(root); }

  /// Runs a command as it stands, with what is typed in.
  Ran plain(const std::vector<std::string>& args, const std::string& typed = "") {
    std::istringstream in(typed);
    std::ostringstream out;
    std::ostringstream err;
    const cli::World world{clock_,
                           random_,
                           in,
                           out,
                           err,
                           false,
                           false,
                           "9.9.9",
                           [this](const config::Config& config, const cli::ServeOptions& options) {
                             served = config;
                             quickstart = options.quickstart;
                             return 42;
                           }};
    const int status = cli::run(args, world);
    return {status, out.str(), err.str()};
  }
  /// Runs a command on the test's data folder.
  Ran run(std::vector<std::string> args, const std::string& typed = "") {
    args.insert(args.end(), {"--data", data.string()});
    return plain(args, typed);
  }
  /// Runs it with --json and reads the answer; null where there is none.
  boost::json::value json(std::vector<std::string> args) {
    args.emplace_back("--json");
    const Ran ran = run(args);
    EXPECT_EQ(ran.status, 0) << ran.err;
    boost::system::error_code error;
    return boost::json::parse(ran.out, error);
  }

  std::filesystem::path root;
  std::filesystem::path data;
  std::optional<config::Config> served;
  bool quickstart = false;

 private:
  TestClock clock_;
  SeededRandom random_;
};

inline std::string at(const boost::json::value& value, const char* pointer) {
  boost::system::error_code error;
  const boost::json::value* found = value.find_pointer(pointer, error);
  if (found == nullptr) {
    return "(none)";
  }
  return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

}  // namespace cli_test
