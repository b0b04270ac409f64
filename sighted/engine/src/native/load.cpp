#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include <engine/native.hpp>

#include "../llama/loading.hpp"
#include "runner.hpp"

namespace engine {
namespace native {
namespace {

using llama::GgufPtr;
using llama::GgufSummary;
using llama::refuse;

GgufPtr open_header(const std::string& path) {
  return GgufPtr(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
}

ModelFacts facts_of(const LlamaOptions& options, const Shape& shape, const Weights& weights,
                    const GgufSummary& summary, const Kernels& kernels) {
  ModelFacts facts;
  facts.architecture = shape.architecture;
  facts.description = shape.architecture + ", native, " + kernels.name;
  facts.parameters = weights.parameters;
  facts.weight_bytes = weights.file_bytes;
  facts.vocabulary = shape.vocabulary;
  facts.context_trained = shape.context;
  facts.kv_tokens = static_cast<std::uint32_t>(padded(options.kv_tokens, 256));
  facts.sequence_max = facts.kv_tokens;
  facts.lanes_max = options.lanes_max;
  facts.step_tokens_max = std::min(options.step_tokens_max, facts.kv_tokens);
  facts.embedding_width = shape.width;
  facts.tokenizer = summary.tokenizer;
  return facts;
}

base::Result<LoadedModel, LoadError> load(const LlamaOptions& options, const LoadProgress& progress,
                                          const GgufSummary& summary) {
  const GgufPtr header = open_header(options.path);
  if (!header) {
    return refuse(Error::bad_model, options.path + " cannot be read");
  }
  const auto shape = read_shape(header.get());
  if (!shape) {
    return refuse(Error::bad_model,
                  options.path + " is not for the native engine: " + shape.error());
  }
  LoadedModel loaded;
  loaded.model = llama::load_model(options, {}, true);
  if (!loaded.model) {
    return refuse(Error::bad_model, options.path + " cannot be loaded");
  }
  const llama_vocab* const vocab = llama_model_get_vocab(loaded.model.get());
  if (llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE ||
      llama_vocab_n_tokens(vocab) != static_cast<std::int32_t>(shape->vocabulary)) {
    return refuse(Error::bad_model, options.path + " has no vocabulary that fits its weights");
  }
  auto weights = load_weights(options.path, header.get(), shape.value(), progress);
  if (!weights) {
    return refuse(Error::no_such_file, weights.error());
  }
  const Kernels& kernels = best_kernels();
  loaded.facts = facts_of(options, shape.value(), weights.value(), summary, kernels);
  const NativeRunner::Limits limits{loaded.facts.kv_tokens, options.lanes_max,
                                    loaded.facts.step_tokens_max,
                                    llama::thread_count(options.threads, weights->file_bytes)};
  loaded.runner =
      std::make_unique<NativeRunner>(kernels, shape.value(), std::move(weights).value(), limits);
  return loaded;
}

}  // namespace
}  // namespace native

std::string why_not_native(const std::string& path) {
  const auto header = native::open_header(path);
  if (!header) {
    return "it cannot be read";
  }
  if (&native::best_kernels() == &native::portable_kernels()) {
    return "this processor has no AVX2";
  }
  const auto shape = native::read_shape(header.get());
  return shape ? std::string() : shape.error();
}

base::Result<std::unique_ptr<Engine>, LoadError> load_native(const LlamaOptions& options,
                                                             const LoadProgress& progress) {
  return llama::load_with(options, [&](const llama::GgufSummary& summary) {
    return native::load(options, progress, summary);
  });
}

}  // namespace engine
