// A random model, made when a test first asks for it and removed at the end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <engine/native.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "random_model/random_model.hpp"

namespace engine::test {

/// A folder of its own, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "engine_test_XXXXXX").string();
    path_ = mkdtemp(name.data()) == nullptr ? "" : name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline const std::string& tiny_model() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    const std::string file = folder.file("tiny.gguf");
    const std::string fault = random_model::write({}, file);
    EXPECT_EQ(fault, "");
    return file;
  }();
  return path;
}

using Load = base::Result<std::unique_ptr<Engine>, LoadError> (*)(const LlamaOptions&,
                                                                  const LoadProgress&);

inline std::string engine_name(const testing::TestParamInfo<Load>& engine) {
  return engine.index == 0 ? "Llama" : "Native";
}

/// One thread, so that sums are added in one order.
inline std::unique_ptr<Engine> load_tiny(std::uint32_t kv_tokens = 2048,
                                         std::uint32_t lanes_max = 8, Load load = load_llama) {
  auto loaded = load(
      {.path = tiny_model(), .kv_tokens = kv_tokens, .lanes_max = lanes_max, .threads = 1}, {});
  if (!loaded) {
    ADD_FAILURE() << loaded.error().detail;
    return nullptr;
  }
  return std::move(loaded).value();
}

}  // namespace engine::test
