// Our own engine for dense decoders of the llama family, on the CPU.
#pragma once

#include <memory>
#include <string>

#include <engine/llama.hpp>

namespace engine {

/// Why the native engine does not run a file, or does not run it well here; empty = it does. For
/// people; names what is in the way. Reads the header only. A file that is no GGUF is for
/// load_llama() to refuse.
[[nodiscard]] std::string why_not_native(const std::string& path);

/// Like load_llama(), for files that why_not_native() has nothing against; refuses others.
/// gpu_layers is ignored. Tokenizer, templates and sampling are libllama's.
/// errors  no_such_file, bad_model, out_of_memory, failed.
[[nodiscard]] base::Result<std::unique_ptr<Engine>, LoadError> load_native(
    const LlamaOptions& options, const LoadProgress& progress = {});

}  // namespace engine
