#include <engine/llama.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "loading.hpp"
#include "runner.hpp"

namespace engine {
namespace llama {
namespace {

llama_context_params context_params(const LlamaOptions& options, const llama_model* model,
                                    bool encoder) {
  llama_context_params params = llama_context_default_params();
  const auto trained = static_cast<std::uint32_t>(llama_model_n_ctx_train(model));
  // An encoder reads a text as a whole.
  const std::uint32_t step =
      encoder ? std::min(trained, 8192U) : std::min(options.step_tokens_max, options.kv_tokens);
  params.n_ctx = encoder ? step : options.kv_tokens;
  // One micro-batch per batch: a decode is all or nothing.
  params.n_batch = step;
  params.n_ubatch = step;
  params.n_seq_max = options.lanes_max;
  params.n_outputs_max = encoder ? 0 : outputs_max(options.lanes_max, step);
  params.n_threads =
      static_cast<std::int32_t>(thread_count(options.threads, llama_model_size(model)));
  params.n_threads_batch = params.n_threads;
  params.kv_unified = true;
  params.swa_full = true;  // Otherwise evicted and forked lanes of SWA models could not go on.
  params.no_perf = true;
  params.embeddings = encoder;
  params.pooling_type = encoder ? LLAMA_POOLING_TYPE_UNSPECIFIED : LLAMA_POOLING_TYPE_NONE;
  return params;
}

std::string description_of(const llama_model* model) {
  char text[128] = {};
  llama_model_desc(model, text, sizeof(text));
  return text;
}

/// Models without a KV cache: known only by trying. Causal is what most are.
bool is_encoder(const llama_model* model, const std::string& architecture) {
  char value[16] = {};
  const auto length = llama_model_meta_val_str(model, (architecture + ".attention.causal").c_str(),
                                               value, sizeof(value));
  return length > 0 && std::string_view(value) == "false";
}

ModelFacts facts_of(const llama_model* model, const llama_context* context, bool encoder,
                    const LlamaOptions& options, const GgufSummary& summary) {
  ModelFacts facts;
  facts.architecture = summary.architecture;
  facts.description = description_of(model);
  facts.parameters = llama_model_n_params(model);
  facts.weight_bytes = llama_model_size(model);
  facts.vocabulary = static_cast<std::uint32_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  facts.context_trained = static_cast<std::uint32_t>(llama_model_n_ctx_train(model));
  facts.kv_tokens =
      encoder ? std::max(options.kv_tokens, llama_n_ctx(context)) : llama_n_ctx(context);
  facts.sequence_max = summary.learned_positions ? std::min(facts.kv_tokens, facts.context_trained)
                                                 : facts.kv_tokens;
  facts.lanes_max = options.lanes_max;
  facts.step_tokens_max = llama_n_batch(context);
  facts.embedding_width = static_cast<std::uint32_t>(llama_model_n_embd_out(model));
  facts.embed_whole_max = encoder ? std::min(facts.step_tokens_max, facts.sequence_max) : 0;
  facts.can_generate = !encoder;
  facts.can_fork = !encoder && !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model);
  facts.tokenizer = summary.tokenizer;
  return facts;
}

base::Result<LoadedModel, LoadError> load(const LlamaOptions& options, const LoadProgress& progress,
                                          const GgufSummary& summary) {
  LoadedModel loaded;
  loaded.model = load_model(options, progress, false);
  if (!loaded.model) {
    return refuse(Error::bad_model, options.path + " cannot be loaded");
  }
  const llama_model* const model = loaded.model.get();
  if (llama_vocab_type(llama_model_get_vocab(model)) == LLAMA_VOCAB_TYPE_NONE) {
    return refuse(Error::bad_model, options.path + " has no vocabulary");
  }
  if (llama_model_has_encoder(model) || llama_model_is_diffusion(model)) {
    return refuse(Error::bad_model, options.path + " is an encoder-decoder or diffusion model, " +
                                        "which is not served");
  }
  const bool encoder = is_encoder(model, summary.architecture);
  ContextPtr context(
      llama_init_from_model(loaded.model.get(), context_params(options, model, encoder)));
  if (!context) {
    return refuse(Error::out_of_memory, "no memory for " + options.path + " with " +
                                            std::to_string(options.kv_tokens) + " KV tokens");
  }
  const bool has_memory = llama_get_memory(context.get()) != nullptr;
  const auto pooling = llama_pooling_type(context.get());
  if (has_memory == encoder || pooling == LLAMA_POOLING_TYPE_RANK ||
      (encoder && pooling == LLAMA_POOLING_TYPE_NONE)) {
    return refuse(Error::bad_model, options.path + " is of a kind that is not served");
  }
  loaded.facts = facts_of(model, context.get(), encoder, options, summary);
  loaded.runner = std::make_unique<LlamaRunner>(std::move(context), encoder, options.lanes_max,
                                                loaded.facts.step_tokens_max);
  return loaded;
}

}  // namespace
}  // namespace llama

bool finds_gpu() {
  llama::wake_libllama();
  return llama_supports_gpu_offload();
}

base::Result<std::unique_ptr<Engine>, LoadError> load_llama(const LlamaOptions& options,
                                                            const LoadProgress& progress) {
  return llama::load_with(options, [&](const llama::GgufSummary& summary) {
    return llama::load(options, progress, summary);
  });
}

}  // namespace engine
