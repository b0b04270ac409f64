// Files that are no models, or were made to do harm, are refused with a word for the operator.
#include <gtest/gtest.h>

#include <engine/llama.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "instrumented.hpp"
#include "tiny_model.hpp"

namespace engine {
namespace {

std::string bytes_of(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

class HostileGguf : public testing::TestWithParam<test::Load> {
 protected:
  /// Writes `bytes` and tries to load them.
  LoadError refuse(const std::string& bytes) {
    const std::string path = folder.file("bad.gguf");
    std::ofstream(path, std::ios::binary) << bytes;
    const auto loaded =
        GetParam()({.path = path, .kv_tokens = 256, .lanes_max = 2, .threads = 1}, {});
    if (loaded.ok()) {
      ADD_FAILURE() << "was loaded";
      return {};
    }
    EXPECT_FALSE(loaded.error().detail.empty());
    return loaded.error();
  }

  test::TemporaryFolder folder;
  const std::string good = bytes_of(test::tiny_model());
};

INSTANTIATE_TEST_SUITE_P(By, HostileGguf, testing::Values(&load_llama, &load_native),
                         test::engine_name);

TEST_P(HostileGguf, AbsentOrNoFile) {
  for (const char* const path : {"/nowhere/at/all.gguf", "/tmp"}) {
    const auto loaded = GetParam()({.path = path}, {});
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().error, Error::no_such_file);
    EXPECT_NE(loaded.error().detail.find(path), std::string::npos);
  }
}

TEST_P(HostileGguf, NoGguf) {
  EXPECT_EQ(refuse("").error, Error::bad_model);
  EXPECT_EQ(refuse("GGUF").error, Error::bad_model);
  EXPECT_EQ(refuse("this is not a model\n").error, Error::bad_model);
  EXPECT_EQ(refuse(std::string(100000, '\0')).error, Error::bad_model);
  EXPECT_EQ(refuse("GGUF" + std::string(100000, '\xFF')).error, Error::bad_model);
}

TEST_P(HostileGguf, CutShortAnywhere) {
  for (std::size_t part = 0; part < 60; ++part) {
    EXPECT_EQ(refuse(good.substr(0, good.size() * part / 60)).error, Error::bad_model) << part;
  }
  EXPECT_EQ(refuse(good.substr(0, good.size() - 1)).error, Error::bad_model);
}

TEST_P(HostileGguf, HugeCounts) {
  for (const std::size_t at : {8U, 16U}) {  // the numbers of tensors and of keys
    for (const char top : {'\x01', '\x7F', '\xFF'}) {
      std::string bytes = good;
      bytes[at + 7] = top;
      EXPECT_EQ(refuse(bytes).error, Error::bad_model);
    }
  }
}

/// Overwrites the 32-bit value of a key.
std::string with_value(std::string bytes, const std::string& key, std::uint32_t value) {
  const auto at = bytes.find(key);
  EXPECT_NE(at, std::string::npos) << key;
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[at + key.size() + 4 + i] = static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

TEST_P(HostileGguf, NumbersThatWouldStopLibllama) {
  for (const char* const key :
       {"llama.block_count", "llama.embedding_length", "llama.attention.head_count",
        "llama.attention.head_count_kv", "llama.context_length", "llama.rope.dimension_count",
        "llama.feed_forward_length"}) {
    for (const std::uint32_t value : {0U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
      EXPECT_EQ(refuse(with_value(good, key, value)).error, Error::bad_model) << key << value;
    }
  }
  EXPECT_EQ(refuse(with_value(good, "llama.attention.head_count", 3)).error, Error::bad_model);
  EXPECT_EQ(refuse(with_value(good, "llama.block_count", 3)).error, Error::bad_model);
}

TEST_P(HostileGguf, VocabularyOnly) {
  // The header of a model with its tensors' count set to none.
  std::string bytes = good;
  bytes[8] = '\0';
  EXPECT_EQ(refuse(bytes).error, Error::bad_model);
}

TEST_P(HostileGguf, ReadableDetail) {
  const auto refused = refuse(good.substr(0, good.size() / 2));
  EXPECT_NE(refused.detail.find("cut short"), std::string::npos) << refused.detail;
}

TEST_P(HostileGguf, BadOptions) {
  EXPECT_EQ(GetParam()({.path = test::tiny_model(), .lanes_max = 256}, {}).error().error,
            Error::failed);
  EXPECT_EQ(GetParam()({.path = test::tiny_model(), .step_tokens_max = 0}, {}).error().error,
            Error::failed);
}

/// Flips bytes of the header. Some of the files are still models; none may harm the process.
TEST_P(HostileGguf, RandomDamageIsSurvived) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  const std::size_t header = good.find("token_embd.weight") + 2000;
  const std::string path = folder.file("damaged.gguf");
  for (int round = 0; round < test::rounds(150, 50); ++round) {
    std::string bytes = good;
    for (int flips = 1 + static_cast<int>(dice() % 4); flips > 0; --flips) {
      bytes[dice() % header] = static_cast<char>(dice());
    }
    std::ofstream(path, std::ios::binary) << bytes;
    const auto loaded =
        GetParam()({.path = path, .kv_tokens = 256, .lanes_max = 2, .threads = 1}, {});
    if (!loaded.ok()) {
      EXPECT_FALSE(loaded.error().detail.empty());
    }
  }
}

}  // namespace
}  // namespace engine
