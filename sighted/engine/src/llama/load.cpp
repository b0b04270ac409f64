#include <engine/llama.hpp>

#include <dlfcn.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "digest.hpp"
#include "engine.hpp"
#include "gguf_check.hpp"

namespace engine {
namespace llama {
namespace {

/// A package brings its CPU variants as libraries, beside libggml or beside the program; a build
/// for this machine has them inside. Left to itself libggml would also look into the current
/// folder, and run what it finds there.
void load_backends() {
  namespace fs = std::filesystem;
  std::error_code failed;
  std::vector<fs::path> folders;
  Dl_info library{};
  if (dladdr(reinterpret_cast<const void*>(&ggml_backend_load_all_from_path), &library) != 0 &&
      library.dli_fname != nullptr) {
    folders.push_back(fs::absolute(library.dli_fname, failed).parent_path());
  }
  folders.push_back(fs::read_symlink("/proc/self/exe", failed).parent_path());
  for (const auto& folder : folders) {
    if (ggml_backend_reg_count() == 0 && !folder.empty()) {
      ggml_backend_load_all_from_path(folder.c_str());
    }
  }
}

/// What libllama complained of while a model was being loaded. Nothing it says afterwards is kept
/// or printed: it might quote what it works on.
class Complaints {
 public:
  static Complaints& only() {
    static Complaints complaints;
    return complaints;
  }

  void listen() {
    const std::lock_guard lock(mutex_);
    listening_ = true;
    last_.clear();
  }

  std::string stop() {
    const std::lock_guard lock(mutex_);
    listening_ = false;
    while (!last_.empty() && last_.back() == '\n') {
      last_.pop_back();
    }
    return last_;
  }

 private:
  Complaints() {
    llama_log_set(&Complaints::hear, this);
    silence_common();
    load_backends();
    llama_backend_init();
  }

  static void hear(ggml_log_level level, const char* text, void* self) {
    if (level != GGML_LOG_LEVEL_ERROR) {
      return;
    }
    auto& complaints = *static_cast<Complaints*>(self);
    const std::lock_guard lock(complaints.mutex_);
    if (complaints.listening_ && complaints.last_.size() < 500) {
      complaints.last_ += text;
    }
  }

  std::mutex mutex_;
  bool listening_ = false;
  std::string last_;
};

base::Fail<LoadError> refuse(Error error, std::string detail) {
  return base::Fail{LoadError{error, std::move(detail)}};
}

/// Hashes files on a thread of its own while the model is being loaded.
class BackgroundDigest {
 public:
  explicit BackgroundDigest(const std::vector<std::string>& files)
      : thread_([this, files] { digest_ = digest_of_files(files, stop_); }) {}
  BackgroundDigest(const BackgroundDigest&) = delete;
  BackgroundDigest& operator=(const BackgroundDigest&) = delete;
  ~BackgroundDigest() {
    stop_ = true;
    join();
  }

  std::optional<terms::Digest> wait() {
    join();
    return digest_;
  }

 private:
  void join() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  std::atomic<bool> stop_ = false;
  std::optional<terms::Digest> digest_;
  std::thread thread_;
};

/// Threads of a small model would wait for one another longer than they work, most of all where
/// other work competes for the cores.
constexpr std::uint64_t one_thread_bytes_max = 64ULL << 20U;

std::uint32_t thread_count(const LlamaOptions& options, const llama_model* model) {
  if (options.threads != 0) {
    return options.threads;
  }
  return llama_model_size(model) <= one_thread_bytes_max
             ? 1U
             : std::max(1U, std::thread::hardware_concurrency());
}

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
  params.n_threads = static_cast<std::int32_t>(thread_count(options, model));
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

ModelFacts facts_of(const Loaded& loaded, const LlamaOptions& options, const GgufSummary& summary) {
  const llama_model* const model = loaded.model.get();
  const llama_context* const context = loaded.context.get();
  ModelFacts facts;
  facts.architecture = summary.architecture;
  facts.description = description_of(model);
  facts.parameters = llama_model_n_params(model);
  facts.weight_bytes = llama_model_size(model);
  facts.vocabulary = static_cast<std::uint32_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  facts.context_trained = static_cast<std::uint32_t>(llama_model_n_ctx_train(model));
  facts.kv_tokens =
      loaded.encoder ? std::max(options.kv_tokens, llama_n_ctx(context)) : llama_n_ctx(context);
  facts.sequence_max = summary.learned_positions ? std::min(facts.kv_tokens, facts.context_trained)
                                                 : facts.kv_tokens;
  facts.lanes_max = options.lanes_max;
  facts.step_tokens_max = llama_n_batch(context);
  facts.embedding_width = static_cast<std::uint32_t>(llama_model_n_embd_out(model));
  facts.embed_whole_max = loaded.encoder ? std::min(facts.step_tokens_max, facts.sequence_max) : 0;
  facts.can_generate = !loaded.encoder;
  facts.can_fork =
      !loaded.encoder && !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model);
  facts.tokenizer = summary.tokenizer;
  return facts;
}

std::optional<std::string> bad_options(const LlamaOptions& options) {
  if (options.lanes_max < 1 || options.lanes_max > 255) {
    return "lanes_max must be 1 to 255";
  }
  if (options.step_tokens_max < 1 || options.step_tokens_max > 4096) {
    return "step_tokens_max must be 1 to 4096";
  }
  if (options.kv_tokens < 1 || options.kv_tokens > (1U << 30U)) {
    return "kv_tokens must be 1 to 2^30";
  }
  return std::nullopt;
}

/// libllama stops the process where a file breaks an assumption that no check of ours knows of.
/// While one of these lives, it throws instead, on this thread; libllama takes that for a model
/// that cannot be loaded. (Frames of C in between have unwind tables on the platforms we build
/// for; a test with damaged files stands guard.)
class AbortsAreErrors {
 public:
  AbortsAreErrors() {
    loading = true;
    ggml_set_abort_callback([](const char* message) {
      if (loading) {
        throw std::runtime_error(message);
      }
      std::fprintf(stderr, "mains: libllama stopped the process: %s\n", message);
    });
  }
  AbortsAreErrors(const AbortsAreErrors&) = delete;
  AbortsAreErrors& operator=(const AbortsAreErrors&) = delete;
  ~AbortsAreErrors() { loading = false; }

 private:
  static thread_local bool loading;
};
thread_local bool AbortsAreErrors::loading = false;

ModelPtr load_model(const LlamaOptions& options, const LoadProgress& progress) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.gpu_layers;
  params.progress_callback_user_data = const_cast<LoadProgress*>(&progress);
  params.progress_callback = [](float part, void* callback) {
    if (const auto& tell = *static_cast<const LoadProgress*>(callback)) {
      tell(part);
    }
    return true;
  };
  return ModelPtr(llama_model_load_from_file(options.path.c_str(), params));
}

base::Result<Loaded, LoadError> load(const LlamaOptions& options, const LoadProgress& progress,
                                     const GgufSummary& summary) {
  Loaded loaded;
  loaded.model = load_model(options, progress);
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
  loaded.encoder = is_encoder(model, summary.architecture);
  loaded.context.reset(
      llama_init_from_model(loaded.model.get(), context_params(options, model, loaded.encoder)));
  if (!loaded.context) {
    return refuse(Error::out_of_memory, "no memory for " + options.path + " with " +
                                            std::to_string(options.kv_tokens) + " KV tokens");
  }
  const bool has_memory = llama_get_memory(loaded.context.get()) != nullptr;
  const auto pooling = llama_pooling_type(loaded.context.get());
  if (has_memory == loaded.encoder || pooling == LLAMA_POOLING_TYPE_RANK ||
      (loaded.encoder && pooling == LLAMA_POOLING_TYPE_NONE)) {
    return refuse(Error::bad_model, options.path + " is of a kind that is not served");
  }
  loaded.facts = facts_of(loaded, options, summary);
  return loaded;
}

base::Result<std::unique_ptr<Engine>, LoadError> load_checked(const LlamaOptions& options,
                                                              const LoadProgress& progress,
                                                              const GgufSummary& summary) {
  BackgroundDigest digest(summary.files);
  auto loaded = load(options, progress, summary);
  if (!loaded) {
    return base::Fail{loaded.error()};
  }
  const auto weights = digest.wait();
  if (!weights) {
    return refuse(Error::no_such_file, options.path + " could not be read to its end");
  }
  loaded->facts.weights = *weights;
  return std::unique_ptr<Engine>(std::make_unique<LlamaEngine>(std::move(loaded).value()));
}

}  // namespace
}  // namespace llama

base::Result<std::unique_ptr<Engine>, LoadError> load_llama(const LlamaOptions& options,
                                                            const LoadProgress& progress) {
  using llama::Complaints;
  if (const auto fault = llama::bad_options(options)) {
    return llama::refuse(Error::failed, *fault);
  }
  Complaints::only().listen();
  const auto with_complaints = [](LoadError error) {
    const std::string said = Complaints::only().stop();
    if (!said.empty()) {
      error.detail += ": " + said;
    }
    return base::Fail{std::move(error)};
  };
  const llama::AbortsAreErrors aborts_are_errors;
  try {
    const auto summary = llama::check_gguf(options.path);
    if (!summary) {
      return with_complaints(summary.error());
    }
    auto loaded = llama::load_checked(options, progress, summary.value());
    if (!loaded) {
      return with_complaints(loaded.error());
    }
    Complaints::only().stop();
    return loaded;
  } catch (const std::bad_alloc&) {
    return with_complaints({Error::out_of_memory, "no memory for " + options.path});
  } catch (const std::exception&) {
    return with_complaints({Error::bad_model, options.path + " cannot be loaded"});
  }
}

}  // namespace engine
