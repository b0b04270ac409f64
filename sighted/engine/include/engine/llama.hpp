// The engine that runs any GGUF through libllama.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <base/result.hpp>
#include <engine/engine.hpp>

namespace engine {

struct LlamaOptions {
  std::string path;                     ///< A GGUF; the first part where it is split.
  std::uint32_t kv_tokens = 32768;      ///< KV capacity, rounded up to a multiple of 256.
  std::uint32_t lanes_max = 64;         ///< 1 .. 255. Each costs 4 bytes per vocabulary entry.
  std::uint32_t step_tokens_max = 256;  ///< 1 .. 4096; 256 .. 512 is what runs well.
  std::uint32_t threads = 0;            ///< 0 = one for each core; one where weights <= 64 MiB.
  std::int32_t gpu_layers = -1;         ///< Layers on a GPU, where there is one; < 0 = all.
};

/// The reason why a model was not loaded. `detail` is for the operator: it tells of the file, never
/// of content.
struct LoadError {
  Error error = Error::failed;
  std::string detail;
};

/// Called now and then while loading, on the loading thread, with 0 .. 1.
using LoadProgress = std::function<void(float)>;

/// Whether this build has a backend for a GPU and the machine a GPU that it finds.
[[nodiscard]] bool finds_gpu();

/// Checks the file's header before libllama sees it, then loads it and hashes it at the same time.
/// Takes as long as reading the file twice. One model may be loaded at a time.
/// errors  no_such_file, bad_model, out_of_memory, failed.
[[nodiscard]] base::Result<std::unique_ptr<Engine>, LoadError> load_llama(
    const LlamaOptions& options, const LoadProgress& progress = {});

}  // namespace engine
