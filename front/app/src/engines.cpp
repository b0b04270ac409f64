#include "engines.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <utility>

#include <engine/llama.hpp>
#include <engine/native.hpp>
#include <engine/scripted.hpp>

namespace app {
namespace {

namespace fs = std::filesystem;

/// A line that grows on a terminal, and a line for each tenth elsewhere.
class Progress {
 public:
  explicit Progress(std::string name) : name_(std::move(name)), terminal_(isatty(2) != 0) {}
  void show(float done) {
    const int tenth = static_cast<int>(done * 10);
    const bool soon = std::chrono::steady_clock::now() - began_ < std::chrono::seconds(1);
    if (tenth == tenth_ || (soon && tenth_ == 0)) {
      return;  // What is loaded within a second needs no progress.
    }
    tenth_ = tenth;
    std::fprintf(stderr, terminal_ ? "\rloading %s %3d %%" : "loading %s %d %%\n", name_.c_str(),
                 tenth * 10);
    if (terminal_ && tenth == 10) {
      std::fprintf(stderr, "\n");
    }
  }

 private:
  std::string name_;
  bool terminal_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  int tenth_ = 0;
};

std::string describe(const engine::LoadError& error, const fs::path& file) {
  std::string text = "cannot load " + file.string();
  switch (error.error) {
    case engine::Error::no_such_file:
      text +=
          ": there is no such file, or it cannot be read. Check the path, or get a model with "
          "'mains model pull'";
      break;
    case engine::Error::bad_model: text += ": it is not a GGUF that can be run"; break;
    case engine::Error::out_of_memory:
      text +=
          ": weights and KV cache do not fit the memory. Lower [engine] kv_tokens or the "
          "models' context";
      break;
    default: text += ": the engine failed";
  }
  return error.detail.empty() ? text + "." : text + " (" + error.detail + ").";
}

engine::ScriptedOptions scripted_options(const config::Engine& options, std::uint32_t kv_tokens) {
  engine::ScriptedOptions scripted;
  scripted.kv_tokens = options.kv_tokens > 0 ? options.kv_tokens : kv_tokens;
  scripted.context = std::max<std::uint32_t>(scripted.context, kv_tokens);
  scripted.lanes_max = std::min(options.lanes_max, options.step_tokens);
  scripted.step_tokens_max = options.step_tokens;
  return scripted;
}

/// The reason why a file goes to libllama; empty = the native engine runs it.
std::string why_llama(const config::Engine& options, const fs::path& file) {
  switch (options.kind) {
    case config::EngineKind::native: return {};
    case config::EngineKind::llama: return "as asked for";
    default: break;
  }
  return options.gpu_layers > 0 ? "layers go to the GPU" : engine::why_not_native(file.string());
}

/// The reason why layers cannot go to a GPU as asked for; empty = they can, or were not to.
std::string no_gpu(const config::Engine& options) {
  if (options.gpu_layers == 0 || options.kind == config::EngineKind::null) {
    return {};
  }
  if (options.kind == config::EngineKind::native) {
    return "[engine] gpu_layers is " + std::to_string(options.gpu_layers) +
           ", but the native engine runs on the CPU. Leave gpu_layers out, or set kind = "
           "\"llama\".";
  }
  if (!engine::finds_gpu()) {
    return "[engine] gpu_layers is " + std::to_string(options.gpu_layers) +
           ", but this build has no GPU backend or finds no GPU. Build with -DMAINS_CUDA=ON or "
           "-DMAINS_VULKAN=ON, or leave gpu_layers out.";
  }
  return {};
}

base::Result<std::unique_ptr<engine::Engine>, config::Problem> load(const config::Engine& options,
                                                                    const fs::path& file,
                                                                    std::uint32_t kv_tokens) {
  if (options.kind == config::EngineKind::null) {
    constexpr std::uint32_t kv_plenty = 1U << 20U;
    return engine::make_scripted(scripted_options(options, std::max(kv_tokens, kv_plenty)));
  }
  engine::LlamaOptions llama;
  llama.path = file.string();
  llama.kv_tokens = options.kv_tokens > 0 ? options.kv_tokens : kv_tokens;
  llama.step_tokens_max = options.step_tokens;
  // A decode is one token of each lane, so a step must have room for all of them.
  llama.lanes_max = std::min({options.lanes_max, options.step_tokens, 255U});
  llama.threads = options.threads;
  llama.gpu_layers = static_cast<std::int32_t>(options.gpu_layers);
  Progress progress(file.filename().string());
  const std::string reason = why_llama(options, file);
  auto engine = (reason.empty() ? engine::load_native : engine::load_llama)(
      llama, [&progress](float done) { progress.show(done); });
  if (!engine.ok()) {
    return base::Fail{describe(engine.error(), file)};
  }
  const std::string how = reason.empty() ? "by the native engine" : "by llama.cpp: " + reason;
  std::fprintf(stderr, "%s runs %s\n", file.filename().c_str(), how.c_str());
  return std::move(engine).value();
}

}  // namespace

base::Result<LoadedModels, config::Problem> load_models(const config::Engine& options,
                                                        const std::vector<config::Model>& models) {
  // The KV cache is one for all flavours of a file: as large as the largest of their contexts.
  constexpr std::uint32_t kv_unless_said = 8192;
  std::map<fs::path, std::uint32_t> kv_tokens;
  std::error_code none;
  if (std::string fault = no_gpu(options); !fault.empty()) {
    return base::Fail{std::move(fault)};
  }
  for (const config::Model& model : models) {
    std::uint32_t& kv = kv_tokens[fs::weakly_canonical(model.file, none)];
    kv = std::max(kv, model.context > 0 ? model.context : kv_unless_said);
  }
  LoadedModels loaded;
  std::map<fs::path, std::size_t> engines;
  for (const config::Model& model : models) {
    // The real path says which names mean one file. It is loaded by the name that was given,
    // because the other parts of a split model are beside that.
    const fs::path file = fs::weakly_canonical(model.file, none);
    if (!engines.contains(file)) {
      auto engine = load(options, model.file, kv_tokens[file]);
      if (!engine.ok()) {
        return base::Fail{engine.error()};
      }
      engines[file] = loaded.engines.size();
      loaded.engines.push_back(std::move(engine).value());
    }
    LoadedFlavour flavour{model, engines[file]};
    const engine::ModelFacts& facts = loaded.engines[flavour.engine]->facts();
    if (flavour.model.context == 0) {
      flavour.model.context = std::min(facts.context_trained, facts.kv_tokens);
    }
    loaded.flavours.push_back(std::move(flavour));
  }
  return loaded;
}

}  // namespace app
