// What loading a model takes, however it is run afterwards: libllama kept quiet and from stopping
// the process, the header checked, the file hashed meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <base/result.hpp>
#include <engine/llama.hpp>

#include "../lane_engine.hpp"
#include "gguf_check.hpp"

namespace engine::llama {

[[nodiscard]] base::Fail<LoadError> refuse(Error error, std::string detail);

/// Threads of a small model would wait for one another longer than they work, most of all where
/// other work competes for the cores.
[[nodiscard]] std::uint32_t thread_count(std::uint32_t wanted, std::uint64_t weight_bytes);

/// Makes libllama quiet and finds its backends, if that was not done yet.
void wake_libllama();

/// vocabulary_only   tokenizer and templates, no weights. Null where libllama refuses.
[[nodiscard]] ModelPtr load_model(const LlamaOptions& options, const LoadProgress& progress,
                                  bool vocabulary_only);

using LoadWeights = std::function<base::Result<LoadedModel, LoadError>(const GgufSummary&)>;

/// Checks the options and the file's header, calls `load`, makes an engine of what it returns.
[[nodiscard]] base::Result<std::unique_ptr<Engine>, LoadError> load_with(
    const LlamaOptions& options, const LoadWeights& load);

}  // namespace engine::llama
