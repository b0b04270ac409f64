#include "loading.hpp"

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

namespace engine::llama {
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

base::Result<std::unique_ptr<Engine>, LoadError> load_checked(const LlamaOptions& options,
                                                              const LoadWeights& load,
                                                              const GgufSummary& summary) {
  BackgroundDigest digest(summary.files);
  auto loaded = load(summary);
  if (!loaded) {
    return base::Fail{loaded.error()};
  }
  const auto weights = digest.wait();
  if (!weights) {
    return refuse(Error::no_such_file, options.path + " could not be read to its end");
  }
  loaded->facts.weights = *weights;
  return std::unique_ptr<Engine>(std::make_unique<LaneEngine>(std::move(loaded).value()));
}

}  // namespace

base::Fail<LoadError> refuse(Error error, std::string detail) {
  return base::Fail{LoadError{error, std::move(detail)}};
}

void wake_libllama() {
  Complaints::only();
}

std::uint32_t thread_count(std::uint32_t wanted, std::uint64_t weight_bytes) {
  constexpr std::uint64_t one_thread_bytes_max = 64ULL << 20U;
  if (wanted != 0) {
    return wanted;
  }
  return weight_bytes <= one_thread_bytes_max ? 1U
                                              : std::max(1U, std::thread::hardware_concurrency());
}

ModelPtr load_model(const LlamaOptions& options, const LoadProgress& progress,
                    bool vocabulary_only) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.gpu_layers;
  params.vocab_only = vocabulary_only;
  params.progress_callback_user_data = const_cast<LoadProgress*>(&progress);
  params.progress_callback = [](float part, void* callback) {
    if (const auto& tell = *static_cast<const LoadProgress*>(callback)) {
      tell(part);
    }
    return true;
  };
  return ModelPtr(llama_model_load_from_file(options.path.c_str(), params));
}

base::Result<std::unique_ptr<Engine>, LoadError> load_with(const LlamaOptions& options,
                                                           const LoadWeights& load) {
  if (const auto fault = bad_options(options)) {
    return refuse(Error::failed, *fault);
  }
  Complaints::only().listen();
  const auto with_complaints = [](LoadError error) {
    const std::string said = Complaints::only().stop();
    if (!said.empty()) {
      error.detail += ": " + said;
    }
    return base::Fail{std::move(error)};
  };
  const AbortsAreErrors aborts_are_errors;
  try {
    const auto summary = check_gguf(options.path);
    if (!summary) {
      return with_complaints(summary.error());
    }
    auto loaded = load_checked(options, load, summary.value());
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

}  // namespace engine::llama
