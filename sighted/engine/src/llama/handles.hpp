// libllama's objects, owned.
#pragma once

#include <gguf.h>
#include <llama.h>

#include <memory>

namespace engine::llama {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using ModelPtr = std::unique_ptr<llama_model, Free<llama_model_free>>;
using ContextPtr = std::unique_ptr<llama_context, Free<llama_free>>;
using GgufPtr = std::unique_ptr<gguf_context, Free<gguf_free>>;

}  // namespace engine::llama
