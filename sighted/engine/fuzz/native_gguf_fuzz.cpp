// A damaged model, natively: it is refused with a word for the operator, or it runs. The input is
// not the file but what is done to a good one: five bytes each, where (32 bits, little-endian,
// from the file's beginning, over its end again) and the byte to put there. So nearly every input
// gets past the magic number, and corpora stay small.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include <base/invariant.hpp>
#include <engine/native.hpp>

#include "random_model/random_model.hpp"

namespace {

/// A model of a few layers in a file that has no name any more.
struct Scratch {
  std::FILE* file = std::tmpfile();
  std::string path = "/proc/self/fd/" + std::to_string(fileno(file));
};

const std::string& good_model() {
  static const std::string bytes = [] {
    const Scratch scratch;
    const std::string fault = engine::random_model::write(
        {.type = engine::random_model::Type::q8_0, .architecture = "qwen3"}, scratch.path);
    base::invariant(fault.empty(), "a random model can be written");
    std::ostringstream read;
    read << std::ifstream(scratch.path, std::ios::binary).rdbuf();
    std::fclose(scratch.file);
    return read.str();
  }();
  return bytes;
}

std::string damaged(const std::uint8_t* data, std::size_t size) {
  std::string bytes = good_model();
  for (std::size_t i = 0; i + 5 <= size; i += 5) {
    const std::uint32_t at = static_cast<std::uint32_t>(data[i]) | data[i + 1] << 8U |
                             data[i + 2] << 16U | static_cast<std::uint32_t>(data[i + 3]) << 24U;
    bytes[at % bytes.size()] = static_cast<char>(data[i + 4]);
  }
  return bytes;
}

}  // namespace

/// Where it is replayed only: each loads a model.
extern "C" int mutants_per_file() {
  return 20;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  const std::string bytes = damaged(data, size);
  std::ofstream(scratch.path, std::ios::binary | std::ios::trunc) << bytes;
  const auto loaded = engine::load_native(
      {.path = scratch.path, .kv_tokens = 256, .lanes_max = 2, .threads = 1}, {});
  if (!loaded.ok()) {
    base::invariant(!loaded.error().detail.empty(), "a refusal says why");
    return 0;
  }
  engine::Engine& engine = *loaded.value();
  engine::JobSpec spec;
  spec.job = {1};
  spec.prompt = {0, 1, 2};
  spec.sampling.temperature = 0;
  if (engine.open(std::move(spec)).ok()) {
    for (std::uint32_t at = 0; at < 4; ++at) {
      terms::StepPlan plan;
      plan.run.push_back({{{1}, 0}, {at == 0 ? 3U : 1U}, {at == 0 ? 0U : at + 2}});
      const auto output = engine.step(plan);
      if (output.lanes.empty() || output.lanes[0].failed || output.lanes[0].end_token) {
        break;
      }
    }
    engine.close({1});
  }
  return 0;
}
