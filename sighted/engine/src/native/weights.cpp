#include "weights.hpp"

#include <fstream>
#include <string_view>
#include <utility>

namespace engine::native {
namespace {

/// Where a tensor goes: one of both.
struct Place {
  Matrix* matrix = nullptr;
  std::vector<float>* vector = nullptr;
};

Place place_in_layer(Layer& layer, std::string_view name) {
  const std::pair<std::string_view, Place> places[] = {
      {"attn_norm.weight", {nullptr, &layer.attention_norm}},
      {"ffn_norm.weight", {nullptr, &layer.feed_forward_norm}},
      {"attn_q.bias", {nullptr, &layer.query_bias}},
      {"attn_k.bias", {nullptr, &layer.key_bias}},
      {"attn_v.bias", {nullptr, &layer.value_bias}},
      {"attn_q_norm.weight", {nullptr, &layer.query_norm}},
      {"attn_k_norm.weight", {nullptr, &layer.key_norm}},
      {"attn_q.weight", {&layer.query, nullptr}},
      {"attn_k.weight", {&layer.key, nullptr}},
      {"attn_v.weight", {&layer.value, nullptr}},
      {"attn_output.weight", {&layer.output, nullptr}},
      {"ffn_gate.weight", {&layer.gate, nullptr}},
      {"ffn_up.weight", {&layer.up, nullptr}},
      {"ffn_down.weight", {&layer.down, nullptr}},
  };
  for (const auto& [known, place] : places) {
    if (known == name) {
      return place;
    }
  }
  return {};
}

Place place_of(Weights& weights, const std::string& name) {
  if (name == "token_embd.weight") {
    return {&weights.embedding, nullptr};
  }
  if (name == "output.weight") {
    return {&weights.output, nullptr};
  }
  if (name == "output_norm.weight") {
    return {nullptr, &weights.output_norm};
  }
  if (name == "rope_freqs.weight") {
    return {nullptr, &weights.rope_factors};
  }
  const std::size_t dot = name.find('.', 4);
  return place_in_layer(weights.layers[std::stoul(name.substr(4, dot - 4))],
                        std::string_view(name).substr(dot + 1));
}

bool read_matrix(std::ifstream& file, Matrix& matrix, std::size_t row_bytes) {
  std::vector<char> rows(group_rows * row_bytes);
  for (std::size_t group = 0; group < matrix.groups(); ++group) {
    const std::size_t count = std::min(group_rows, matrix.rows() - group * group_rows);
    if (!file.read(rows.data(), static_cast<std::streamsize>(count * row_bytes))) {
      return false;
    }
    matrix.pack(group, reinterpret_cast<const std::byte*>(rows.data()));
  }
  return true;
}

}  // namespace

base::Result<Weights, std::string> load_weights(const std::string& path, const gguf_context* gguf,
                                                const Shape& shape,
                                                const std::function<void(float)>& progress) {
  std::ifstream file(path, std::ios::binary);
  Weights weights;
  weights.layers.resize(shape.layers);
  const std::int64_t count = gguf_get_n_tensors(gguf);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = gguf_get_tensor_name(gguf, i);
    bool required = false;
    const TensorSize size = expected_size(shape, name, required);
    const Place place = place_of(weights, name);
    file.seekg(
        static_cast<std::streamoff>(gguf_get_data_offset(gguf) + gguf_get_tensor_offset(gguf, i)));
    bool whole = true;
    if (place.vector != nullptr) {
      place.vector->resize(size.columns);
      whole =
          static_cast<bool>(file.read(reinterpret_cast<char*>(place.vector->data()),
                                      static_cast<std::streamsize>(size.columns * sizeof(float))));
    } else {
      const ggml_type type = gguf_get_tensor_type(gguf, i);
      *place.matrix = Matrix(type, size.rows, size.columns);
      whole = read_matrix(file, *place.matrix,
                          ggml_row_size(type, static_cast<std::int64_t>(size.columns)));
    }
    if (!whole) {
      return base::Fail{path + " could not be read to its end"};
    }
    weights.parameters += size.columns * size.rows;
    weights.file_bytes += gguf_get_tensor_size(gguf, i);
    if (progress) {
      progress(static_cast<float>(i + 1) / static_cast<float>(count));
    }
  }
  return weights;
}

}  // namespace engine::native
