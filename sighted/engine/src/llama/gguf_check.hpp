// Reads a GGUF's header with care, before libllama reads it with trust.
#pragma once

#include <string>
#include <vector>

#include <base/result.hpp>
#include <engine/llama.hpp>
#include <terms/ids.hpp>

namespace engine::llama {

struct GgufSummary {
  std::string architecture;
  std::vector<std::string> files;  ///< One, or all the parts of a split model in order.
  bool learned_positions = false;  ///< A table of positions: there are none after the last.
  terms::Digest tokenizer;         ///< SHA-256 over all tokenizer.ggml.* keys and values.
};

/// Refuses what is no GGUF, what was cut short, and numbers that would make libllama divide by
/// zero, allocate without end or stop the process. Reads the headers only.
/// errors  no_such_file, bad_model.
[[nodiscard]] base::Result<GgufSummary, LoadError> check_gguf(const std::string& path);

}  // namespace engine::llama
