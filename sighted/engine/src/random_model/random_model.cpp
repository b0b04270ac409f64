#include "random_model.hpp"

#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "byte_vocabulary.hpp"

namespace engine::random_model {
namespace {

struct Dimensions {
  const char* name;
  std::uint32_t layers;
  std::uint32_t width;
  std::uint32_t heads;
  std::uint32_t heads_kv;
  std::uint32_t feed_forward;
  std::uint32_t context;
  std::uint32_t vocabulary;  ///< At least; where no tokenizer is given.
  bool tied;                 ///< The output matrix is the embedding's.
  float rope_base;
};

Dimensions dimensions(Shape shape) {
  switch (shape) {
    case Shape::smollm2_135m:
      return {"smollm2-135m", 30, 576, 9, 3, 1536, 8192, 49152, true, 100000.0F};
    case Shape::llama_1b:
      return {"llama-3.2-1b", 16, 2048, 32, 8, 8192, 131072, 128256, true, 500000.0F};
    case Shape::tiny_encoder: return {"tiny-encoder", 2, 64, 4, 4, 128, 128, 0, true, 0.0F};
    case Shape::small: return {"small", 2, 256, 8, 2, 512, 2048, 0, false, 10000.0F};
    case Shape::tiny: break;
  }
  // Not tied, or it would repeat its last token for ever.
  return {"tiny", 2, 64, 4, 2, 128, 2048, 0, false, 10000.0F};
}

ggml_type ggml_type_of(Type type) {
  switch (type) {
    case Type::f16: return GGML_TYPE_F16;
    case Type::bf16: return GGML_TYPE_BF16;
    case Type::q8_0: return GGML_TYPE_Q8_0;
    case Type::q4_0: return GGML_TYPE_Q4_0;
    case Type::q4_k: return GGML_TYPE_Q4_K;
    case Type::q5_k: return GGML_TYPE_Q5_K;
    case Type::q6_k: return GGML_TYPE_Q6_K;
    case Type::f32: break;
  }
  return GGML_TYPE_F32;
}

struct FreeGguf {
  void operator()(gguf_context* gguf) const { gguf_free(gguf); }
};
struct FreeGgml {
  void operator()(ggml_context* ggml) const { ggml_free(ggml); }
};
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using GgufPtr = std::unique_ptr<gguf_context, FreeGguf>;
using GgmlPtr = std::unique_ptr<ggml_context, FreeGgml>;
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

/// Random numbers that are cheap by the billion: stretches of one pool, uniform, variance 1.
class Weights {
 public:
  explicit Weights(std::uint64_t seed) : state_(seed * 2 + 1), pool_(1U << 20U) {
    for (float& weight : pool_) {
      weight = (static_cast<float>(next() >> 40U) / 8388608.0F - 1.0F) * std::sqrt(3.0F);
    }
  }

  void fill(std::vector<float>& row, float scale) {
    const std::size_t room = pool_.size() - std::min(pool_.size(), row.size()) + 1;
    std::size_t at = next() % room;
    for (float& weight : row) {
      weight = pool_[at] * scale;
      at = at + 1 == pool_.size() ? 0 : at + 1;
    }
  }

 private:
  std::uint64_t next() {
    // SplitMix64.
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }

  std::uint64_t state_;
  std::vector<float> pool_;
};

void set_hyperparameters(gguf_context* gguf, const Dimensions& shape,
                         const std::string& architecture) {
  gguf_set_val_str(gguf, "general.architecture", architecture.c_str());
  gguf_set_val_str(gguf, "general.name", shape.name);
  const auto key = [&](const char* name) { return architecture + "." + name; };
  gguf_set_val_u32(gguf, key("block_count").c_str(), shape.layers);
  gguf_set_val_u32(gguf, key("context_length").c_str(), shape.context);
  gguf_set_val_u32(gguf, key("embedding_length").c_str(), shape.width);
  gguf_set_val_u32(gguf, key("feed_forward_length").c_str(), shape.feed_forward);
  gguf_set_val_u32(gguf, key("attention.head_count").c_str(), shape.heads);
  gguf_set_val_u32(gguf, key("attention.head_count_kv").c_str(), shape.heads_kv);
  gguf_set_val_f32(gguf, key("attention.layer_norm_rms_epsilon").c_str(), 1e-5F);
  gguf_set_val_u32(gguf, key("rope.dimension_count").c_str(), shape.width / shape.heads);
  gguf_set_val_f32(gguf, key("rope.freq_base").c_str(), shape.rope_base);
}

void set_encoder_hyperparameters(gguf_context* gguf, const Dimensions& shape) {
  gguf_set_val_str(gguf, "general.architecture", "bert");
  gguf_set_val_str(gguf, "general.name", shape.name);
  gguf_set_val_u32(gguf, "bert.block_count", shape.layers);
  gguf_set_val_u32(gguf, "bert.context_length", shape.context);
  gguf_set_val_u32(gguf, "bert.embedding_length", shape.width);
  gguf_set_val_u32(gguf, "bert.feed_forward_length", shape.feed_forward);
  gguf_set_val_u32(gguf, "bert.attention.head_count", shape.heads);
  gguf_set_val_f32(gguf, "bert.attention.layer_norm_epsilon", 1e-5F);
  gguf_set_val_bool(gguf, "bert.attention.causal", false);
  gguf_set_val_u32(gguf, "bert.pooling_type", 1);  // mean
  gguf_set_val_u32(gguf, "tokenizer.ggml.token_type_count", 2);
}

/// Copies the tokenizer.* keys of another file. Returns false where there are none.
bool copy_tokenizer(gguf_context* gguf, const std::string& path) {
  const GgufPtr source(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
  if (!source || gguf_find_key(source.get(), "tokenizer.ggml.tokens") < 0) {
    return false;
  }
  std::vector<std::string> others;
  for (std::int64_t key = 0; key < gguf_get_n_kv(source.get()); ++key) {
    const std::string name = gguf_get_key(source.get(), key);
    if (!name.starts_with("tokenizer.")) {
      others.push_back(name);
    }
  }
  for (const auto& name : others) {
    gguf_remove_key(source.get(), name.c_str());
  }
  gguf_set_kv(gguf, source.get());
  return true;
}

void add(ggml_context* ggml, gguf_context* gguf, const std::string& name, ggml_type type,
         std::uint32_t columns, std::uint32_t rows) {
  ggml_tensor* const tensor = rows == 0 ? ggml_new_tensor_1d(ggml, type, columns)
                                        : ggml_new_tensor_2d(ggml, type, columns, rows);
  ggml_set_name(tensor, name.c_str());
  gguf_add_tensor(gguf, tensor);
}

/// What an architecture has in a layer beside the common tensors.
void add_peculiar_tensors(ggml_context* ggml, gguf_context* gguf, const Dimensions& shape,
                          const std::string& architecture, const std::string& layer) {
  const std::uint32_t head = shape.width / shape.heads;
  if (architecture == "qwen2") {
    add(ggml, gguf, layer + "attn_q.bias", GGML_TYPE_F32, shape.width, 0);
    add(ggml, gguf, layer + "attn_k.bias", GGML_TYPE_F32, head * shape.heads_kv, 0);
    add(ggml, gguf, layer + "attn_v.bias", GGML_TYPE_F32, head * shape.heads_kv, 0);
  } else if (architecture == "qwen3") {
    add(ggml, gguf, layer + "attn_q_norm.weight", GGML_TYPE_F32, head, 0);
    add(ggml, gguf, layer + "attn_k_norm.weight", GGML_TYPE_F32, head, 0);
  }
}

void add_tensors(ggml_context* ggml, gguf_context* gguf, const Dimensions& shape,
                 const Options& options, std::uint32_t vocabulary) {
  const ggml_type type = ggml_type_of(options.type);
  const std::uint32_t width = shape.width;
  const std::uint32_t width_kv = width / shape.heads * shape.heads_kv;
  add(ggml, gguf, "token_embd.weight", type, width, vocabulary);
  if (!shape.tied) {
    add(ggml, gguf, "output.weight", type, width, vocabulary);
  }
  add(ggml, gguf, "output_norm.weight", GGML_TYPE_F32, width, 0);
  if (options.rope_factors) {
    add(ggml, gguf, "rope_freqs.weight", GGML_TYPE_F32, width / shape.heads / 2, 0);
  }
  for (std::uint32_t i = 0; i < shape.layers; ++i) {
    const std::string layer = "blk." + std::to_string(i) + ".";
    add(ggml, gguf, layer + "attn_norm.weight", GGML_TYPE_F32, width, 0);
    add(ggml, gguf, layer + "attn_q.weight", type, width, width);
    add(ggml, gguf, layer + "attn_k.weight", type, width, width_kv);
    add(ggml, gguf, layer + "attn_v.weight", type, width, width_kv);
    add(ggml, gguf, layer + "attn_output.weight", type, width, width);
    add_peculiar_tensors(ggml, gguf, shape, options.architecture, layer);
    add(ggml, gguf, layer + "ffn_norm.weight", GGML_TYPE_F32, width, 0);
    add(ggml, gguf, layer + "ffn_gate.weight", type, width, shape.feed_forward);
    add(ggml, gguf, layer + "ffn_up.weight", type, width, shape.feed_forward);
    add(ggml, gguf, layer + "ffn_down.weight", type, shape.feed_forward, width);
  }
}

/// A layer norm: scale and shift.
void add_norm(ggml_context* ggml, gguf_context* gguf, const std::string& name,
              std::uint32_t width) {
  add(ggml, gguf, name + ".weight", GGML_TYPE_F32, width, 0);
  add(ggml, gguf, name + ".bias", GGML_TYPE_F32, width, 0);
}

void add_encoder_tensors(ggml_context* ggml, gguf_context* gguf, const Dimensions& shape,
                         const Options& options, std::uint32_t vocabulary) {
  const ggml_type type = ggml_type_of(options.type);
  const std::uint32_t width = shape.width;
  add(ggml, gguf, "token_embd.weight", type, width, vocabulary);
  add(ggml, gguf, "token_types.weight", GGML_TYPE_F32, width, 2);
  add(ggml, gguf, "position_embd.weight", type, width, shape.context);
  add_norm(ggml, gguf, "token_embd_norm", width);
  for (std::uint32_t i = 0; i < shape.layers; ++i) {
    const std::string layer = "blk." + std::to_string(i) + ".";
    for (const char* const name : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
      add(ggml, gguf, layer + name + ".weight", type, width, width);
    }
    add_norm(ggml, gguf, layer + "attn_output_norm", width);
    add(ggml, gguf, layer + "ffn_up.weight", type, width, shape.feed_forward);
    add(ggml, gguf, layer + "ffn_down.weight", type, shape.feed_forward, width);
    add_norm(ggml, gguf, layer + "layer_output_norm", width);
  }
}

/// A vector that is no matrix: norms are ones (those of heads not quite), biases are random, and
/// factors of positions grow from 1 to 8.
void fill_vector(std::string_view name, Weights& weights, std::vector<float>& row) {
  std::fill(row.begin(), row.end(), 1.0F);
  if (name.ends_with(".bias")) {
    weights.fill(row, 0.5F);
  } else if (name.ends_with("_q_norm.weight") || name.ends_with("_k_norm.weight")) {
    weights.fill(row, 0.2F);
    for (float& weight : row) {
      weight += 1.0F;
    }
  } else if (name == "rope_freqs.weight") {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = 1.0F + 7.0F * static_cast<float>(i) / static_cast<float>(row.size());
    }
  }
}

/// Writes a tensor's rows, one after the other, and pads to the alignment.
bool write_tensor(std::FILE* file, const ggml_tensor* tensor, Weights& weights,
                  std::size_t alignment) {
  const auto columns = static_cast<std::size_t>(tensor->ne[0]);
  const bool vector = ggml_n_dims(tensor) == 1;
  const float scale = 1.0F / std::sqrt(static_cast<float>(columns));
  std::vector<float> row(columns, 1.0F);
  std::vector<char> bytes(ggml_row_size(tensor->type, tensor->ne[0]));
  std::size_t written = 0;
  for (std::int64_t i = 0; i < ggml_nrows(tensor); ++i) {
    if (vector && tensor->type == GGML_TYPE_F32) {
      fill_vector(ggml_get_name(tensor), weights, row);
    } else {
      weights.fill(row, scale);
    }
    if (tensor->type == GGML_TYPE_F32) {
      std::copy_n(reinterpret_cast<const char*>(row.data()), bytes.size(), bytes.data());
    } else {
      ggml_quantize_chunk(tensor->type, row.data(), bytes.data(), 0, 1, tensor->ne[0], nullptr);
    }
    written += std::fwrite(bytes.data(), 1, bytes.size(), file);
  }
  const bool whole = written == ggml_nbytes(tensor);
  for (; written % alignment != 0; ++written) {
    std::fputc(0, file);
  }
  return whole && std::ferror(file) == 0;
}

}  // namespace

std::string write(const Options& options, const std::string& path) {
  const Dimensions shape = dimensions(options.shape);
  const GgufPtr gguf(gguf_init_empty());
  const bool encoder = options.shape == Shape::tiny_encoder;
  if (encoder) {
    set_encoder_hyperparameters(gguf.get(), shape);
  } else {
    set_hyperparameters(gguf.get(), shape, options.architecture);
  }
  if (options.vocabulary.empty()) {
    set_byte_vocabulary(gguf.get(), shape.vocabulary);
  } else if (!copy_tokenizer(gguf.get(), options.vocabulary)) {
    return options.vocabulary + " is no GGUF with a tokenizer";
  }
  if (!options.chat_template.empty()) {
    gguf_set_val_str(gguf.get(), "tokenizer.chat_template", options.chat_template.c_str());
  } else if (gguf_find_key(gguf.get(), "tokenizer.chat_template") < 0) {
    gguf_set_val_str(gguf.get(), "tokenizer.chat_template", chat_template());
  }
  const auto tokens = gguf_find_key(gguf.get(), "tokenizer.ggml.tokens");
  const auto vocabulary = static_cast<std::uint32_t>(gguf_get_arr_n(gguf.get(), tokens));

  const std::size_t overhead = ggml_tensor_overhead() * (std::size_t{shape.layers} * 15 + 7);
  const GgmlPtr ggml(ggml_init({.mem_size = overhead, .mem_buffer = nullptr, .no_alloc = true}));
  (encoder ? add_encoder_tensors : add_tensors)(ggml.get(), gguf.get(), shape, options, vocabulary);

  const FilePtr file(std::fopen(path.c_str(), "wb"));
  if (!file || !gguf_write_to_file_ptr(gguf.get(), file.get(), true)) {
    return path + " cannot be written";
  }
  Weights weights(options.seed);
  for (std::int64_t i = 0; i < gguf_get_n_tensors(gguf.get()); ++i) {
    const char* const name = gguf_get_tensor_name(gguf.get(), i);
    if (!write_tensor(file.get(), ggml_get_tensor(ggml.get(), name), weights,
                      gguf_get_alignment(gguf.get()))) {
      return path + " could not be written to its end";
    }
  }
  return std::fflush(file.get()) == 0 ? std::string() : path + " could not be written to its end";
}

}  // namespace engine::random_model
