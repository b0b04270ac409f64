#include "shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "kernels.hpp"
#include "matrix.hpp"

namespace engine::native {
namespace {

using Reason = base::Fail<std::string>;

struct Architecture {
  const char* name;
  bool rope_halves;
  bool qk_norm;
};
constexpr std::array architectures{Architecture{"llama", false, false},
                                   Architecture{"qwen2", true, false},
                                   Architecture{"qwen3", true, true}};

/// Keys of an architecture whose meaning is taken into account here, or that change nothing for a
/// dense model.
constexpr std::array known_keys{
    "block_count",          "context_length",
    "embedding_length",     "feed_forward_length",
    "vocab_size",           "attention.head_count",
    "rope.freq_base",       "attention.head_count_kv",
    "rope.scaling.type",    "attention.layer_norm_rms_epsilon",
    "rope.scaling.factor",  "rope.scaling.original_context_length",
    "rope.scale_linear",    "rope.scaling.finetuned",
    "attention.key_length", "attention.value_length",
    "rope.dimension_count", "attention.causal",
    "expert_count",         "expert_used_count",
    "pooling_type",         "tensor_data_layout",
};

/// The keys of one architecture, by their short names.
class Keys {
 public:
  Keys(const gguf_context* gguf, std::string architecture)
      : gguf_(gguf), prefix_(std::move(architecture) + ".") {}

  [[nodiscard]] std::optional<std::uint32_t> whole(const char* name) const {
    const auto key = find(name);
    if (key < 0 || gguf_get_kv_type(gguf_, key) != GGUF_TYPE_UINT32) {
      return std::nullopt;
    }
    return gguf_get_val_u32(gguf_, key);
  }
  [[nodiscard]] std::optional<float> real(const char* name) const {
    const auto key = find(name);
    if (key < 0 || gguf_get_kv_type(gguf_, key) != GGUF_TYPE_FLOAT32) {
      return std::nullopt;
    }
    return gguf_get_val_f32(gguf_, key);
  }
  [[nodiscard]] std::string text(const char* name) const {
    const auto key = find(name);
    return key >= 0 && gguf_get_kv_type(gguf_, key) == GGUF_TYPE_STRING
               ? gguf_get_val_str(gguf_, key)
               : std::string();
  }
  [[nodiscard]] bool is_false(const char* name) const {
    const auto key = find(name);
    return key >= 0 &&
           (gguf_get_kv_type(gguf_, key) != GGUF_TYPE_BOOL || !gguf_get_val_bool(gguf_, key));
  }
  /// A key of the architecture that is not among the known ones; "" = none.
  [[nodiscard]] std::string unknown() const {
    for (std::int64_t key = 0; key < gguf_get_n_kv(gguf_); ++key) {
      const std::string_view name = gguf_get_key(gguf_, key);
      if (name.starts_with(prefix_) && std::find(known_keys.begin(), known_keys.end(),
                                                 name.substr(prefix_.size())) == known_keys.end()) {
        return std::string(name);
      }
    }
    return {};
  }

 private:
  [[nodiscard]] std::int64_t find(const char* name) const {
    return gguf_find_key(gguf_, (prefix_ + name).c_str());
  }

  const gguf_context* gguf_;
  std::string prefix_;
};

std::string bad_rope(const Keys& keys, Shape& shape) {
  shape.rope_base = keys.real("rope.freq_base").value_or(10000.0F);
  const std::string scaling = keys.text("rope.scaling.type");
  const float factor =
      keys.real("rope.scaling.factor").value_or(keys.real("rope.scale_linear").value_or(0.0F));
  if (!scaling.empty() && scaling != "none" && scaling != "linear") {
    return "its positions are scaled by '" + scaling + "'";
  }
  if (scaling != "none" && factor != 0) {
    shape.rope_scale = 1.0F / factor;
  }
  const bool sound = std::isfinite(shape.rope_base) && shape.rope_base > 1 &&
                     std::isfinite(shape.rope_scale) && shape.rope_scale > 0;
  return sound ? std::string() : "its rotary base or scale is out of range";
}

std::string bad_dimensions(const gguf_context* gguf, const Keys& keys, Shape& shape) {
  shape.layers = keys.whole("block_count").value_or(0);
  shape.width = keys.whole("embedding_length").value_or(0);
  shape.heads = keys.whole("attention.head_count").value_or(0);
  shape.heads_kv = keys.whole("attention.head_count_kv").value_or(shape.heads);
  shape.feed_forward = keys.whole("feed_forward_length").value_or(0);
  shape.context = keys.whole("context_length").value_or(0);
  shape.norm_epsilon = keys.real("attention.layer_norm_rms_epsilon").value_or(-1.0F);
  const auto tokens = gguf_find_key(gguf, "tokenizer.ggml.tokens");
  shape.vocabulary = tokens < 0 ? 0 : static_cast<std::uint32_t>(gguf_get_arr_n(gguf, tokens));
  if (shape.layers == 0 || shape.width == 0 || shape.heads == 0 || shape.heads_kv == 0 ||
      shape.feed_forward == 0 || shape.context == 0 || shape.vocabulary == 0 ||
      shape.heads % shape.heads_kv != 0) {
    return "its layers are not all alike, or a number is missing";
  }
  shape.head_dim = keys.whole("attention.key_length").value_or(shape.width / shape.heads);
  if (keys.whole("attention.value_length").value_or(shape.head_dim) != shape.head_dim ||
      keys.whole("rope.dimension_count").value_or(shape.head_dim) != shape.head_dim) {
    return "its heads are turned only in part, or values differ from keys in length";
  }
  if (shape.head_dim % 2 != 0 || shape.head_dim > head_dim_max || shape.width > 1U << 16U ||
      shape.feed_forward > 1U << 20U || shape.vocabulary > 1U << 22U) {
    return "a size is out of range";
  }
  if (!(shape.norm_epsilon >= 0 && shape.norm_epsilon < 1)) {
    return "its norm's epsilon is missing or out of range";
  }
  return {};
}

/// Sizes of a layer's tensors. The prefix `blk.N.` is taken off.
TensorSize layer_size(const Shape& shape, std::string_view name, bool& required) {
  const std::size_t width = shape.width;
  const std::size_t queries = std::size_t{shape.heads} * shape.head_dim;
  const std::size_t keys = std::size_t{shape.heads_kv} * shape.head_dim;
  struct Row {
    std::string_view name;
    TensorSize size;
    bool required = true;
  };
  const std::array rows{
      Row{"attn_norm.weight", {width, 1}},
      Row{"attn_q.weight", {width, queries}},
      Row{"attn_k.weight", {width, keys}},
      Row{"attn_v.weight", {width, keys}},
      Row{"attn_output.weight", {queries, width}},
      Row{"attn_q.bias", {queries, 1}, false},
      Row{"attn_k.bias", {keys, 1}, false},
      Row{"attn_v.bias", {keys, 1}, false},
      Row{"attn_q_norm.weight", {shape.qk_norm ? shape.head_dim : 0, 1}},
      Row{"attn_k_norm.weight", {shape.qk_norm ? shape.head_dim : 0, 1}},
      Row{"ffn_norm.weight", {width, 1}},
      Row{"ffn_gate.weight", {width, shape.feed_forward}},
      Row{"ffn_up.weight", {width, shape.feed_forward}},
      Row{"ffn_down.weight", {shape.feed_forward, width}},
  };
  for (const Row& row : rows) {
    if (row.name == name) {
      required = row.required;
      return row.size;
    }
  }
  return {};
}

std::string bad_tensors(const gguf_context* gguf, const Shape& shape) {
  std::size_t required_seen = 0;
  for (std::int64_t i = 0; i < gguf_get_n_tensors(gguf); ++i) {
    const std::string name = gguf_get_tensor_name(gguf, i);
    bool required = false;
    const TensorSize size = expected_size(shape, name, required);
    if (size.columns == 0) {
      return "it has a tensor '" + name + "' that is not known here";
    }
    required_seen += required ? 1 : 0;
    const ggml_type type = gguf_get_tensor_type(gguf, i);
    const bool vector = size.rows == 1 && name.find("embd") == std::string::npos;
    if (vector ? type != GGML_TYPE_F32 : !Matrix::can_pack(type, size.columns)) {
      return "its tensor '" + name + "' has the type " + ggml_type_name(type);
    }
    if (gguf_get_tensor_size(gguf, i) !=
        ggml_row_size(type, static_cast<std::int64_t>(size.columns)) * size.rows) {
      return "its tensor '" + name + "' is not of the size that its numbers say";
    }
  }
  const std::size_t of_layer = shape.qk_norm ? 11 : 9;
  return required_seen == 2 + std::size_t{shape.layers} * of_layer ? std::string()
                                                                   : "it lacks a tensor";
}

}  // namespace

TensorSize expected_size(const Shape& shape, const std::string& name, bool& required) {
  required = name == "token_embd.weight" || name == "output_norm.weight";
  if (name == "token_embd.weight" || name == "output.weight") {
    return {shape.width, shape.vocabulary};
  }
  if (name == "output_norm.weight") {
    return {shape.width, 1};
  }
  if (name == "rope_freqs.weight") {
    return {shape.architecture == "llama" ? shape.head_dim / 2 : 0, 1};
  }
  const std::string_view whole = name;
  const std::size_t dot = whole.find('.', 4);
  if (!whole.starts_with("blk.") || dot == std::string_view::npos) {
    return {};
  }
  const std::string number(whole.substr(4, dot - 4));
  const bool digits = !number.empty() && number.size() < 6 &&
                      std::all_of(number.begin(), number.end(),
                                  [](char digit) { return digit >= '0' && digit <= '9'; });
  if (!digits || (number.size() > 1 && number[0] == '0') || std::stoul(number) >= shape.layers) {
    return {};
  }
  return layer_size(shape, whole.substr(dot + 1), required);
}

base::Result<Shape, std::string> read_shape(const gguf_context* gguf) {
  Shape shape;
  const auto name = gguf_find_key(gguf, "general.architecture");
  if (name >= 0 && gguf_get_kv_type(gguf, name) == GGUF_TYPE_STRING) {
    shape.architecture = gguf_get_val_str(gguf, name);
  }
  const auto* const known =
      std::find_if(architectures.begin(), architectures.end(),
                   [&](const Architecture& a) { return shape.architecture == a.name; });
  if (known == architectures.end()) {
    return Reason{"its architecture is '" + shape.architecture + "'"};
  }
  shape.rope_halves = known->rope_halves;
  shape.qk_norm = known->qk_norm;
  const Keys keys(gguf, shape.architecture);
  if (const std::string key = keys.unknown(); !key.empty()) {
    return Reason{"it sets '" + key + "'"};
  }
  if (gguf_find_key(gguf, "split.count") >= 0) {
    return Reason{"it is split over several files"};
  }
  if (keys.whole("expert_count").value_or(0) > 0) {
    return Reason{"it is a mixture of experts"};
  }
  if (keys.is_false("attention.causal")) {
    return Reason{"it is not causal"};
  }
  if (const std::string reason = bad_dimensions(gguf, keys, shape); !reason.empty()) {
    return Reason{reason};
  }
  if (const std::string reason = bad_rope(keys, shape); !reason.empty()) {
    return Reason{reason};
  }
  if (const std::string reason = bad_tensors(gguf, shape); !reason.empty()) {
    return Reason{reason};
  }
  return shape;
}

}  // namespace engine::native
