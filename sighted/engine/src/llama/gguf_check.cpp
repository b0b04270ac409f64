#include "gguf_check.hpp"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

#include "digest.hpp"
#include "handles.hpp"

namespace engine::llama {
namespace {

base::Fail<LoadError> bad(std::string detail) {
  return base::Fail{LoadError{Error::bad_model, std::move(detail)}};
}

/// A whole number of any width, or nothing.
std::optional<std::uint64_t> whole(const gguf_context* gguf, std::int64_t key) {
  if (key < 0) {
    return std::nullopt;
  }
  switch (gguf_get_kv_type(gguf, key)) {
    case GGUF_TYPE_UINT8: return gguf_get_val_u8(gguf, key);
    case GGUF_TYPE_UINT16: return gguf_get_val_u16(gguf, key);
    case GGUF_TYPE_UINT32: return gguf_get_val_u32(gguf, key);
    case GGUF_TYPE_UINT64: return gguf_get_val_u64(gguf, key);
    case GGUF_TYPE_INT32: {
      const auto value = gguf_get_val_i32(gguf, key);
      return value < 0 ? std::optional<std::uint64_t>{} : static_cast<std::uint64_t>(value);
    }
    default: return std::nullopt;
  }
}

std::string text(const gguf_context* gguf, const char* name) {
  const std::int64_t key = gguf_find_key(gguf, name);
  if (key < 0 || gguf_get_kv_type(gguf, key) != GGUF_TYPE_STRING) {
    return {};
  }
  return gguf_get_val_str(gguf, key);
}

/// Numbers that libllama divides by, or sizes things with.
struct Bound {
  const char* name;
  std::uint64_t least;
  std::uint64_t most;
  bool required;
};
constexpr std::array bounds{
    Bound{"block_count", 1, 1024, true},
    Bound{"embedding_length", 1, 1U << 18U, true},
    Bound{"context_length", 1, 1U << 28U, true},
    Bound{"attention.head_count", 1, 4096, false},
    Bound{"attention.head_count_kv", 1, 4096, false},
    Bound{"attention.key_length", 1, 1U << 16U, false},
    Bound{"attention.value_length", 1, 1U << 16U, false},
    Bound{"feed_forward_length", 1, 1U << 24U, false},
    Bound{"rope.dimension_count", 1, 1U << 16U, false},
    Bound{"expert_count", 0, 4096, false},
    Bound{"expert_used_count", 0, 4096, false},
    Bound{"vocab_size", 1, 1U << 24U, false},
};

std::optional<std::string> bad_shape(const gguf_context* gguf, const std::string& architecture) {
  for (const Bound& bound : bounds) {
    const std::string name = architecture + "." + bound.name;
    const std::int64_t key = gguf_find_key(gguf, name.c_str());
    if (key >= 0 && gguf_get_kv_type(gguf, key) == GGUF_TYPE_ARRAY) {
      continue;  // One value for each layer, in models that are not uniform.
    }
    const auto value = whole(gguf, key);
    if (key < 0 && !bound.required) {
      continue;
    }
    if (!value || *value < bound.least || *value > bound.most) {
      return name + " is missing or out of range";
    }
  }
  const auto at = [&](const char* name) {
    return whole(gguf, gguf_find_key(gguf, (architecture + "." + name).c_str()));
  };
  const auto width = at("embedding_length");
  const auto heads = at("attention.head_count");
  const auto heads_kv = at("attention.head_count_kv");
  if (heads && !at("attention.key_length") && *width % *heads != 0) {
    return "the embedding length is not a multiple of the head count";
  }
  if (heads && heads_kv && (*heads_kv > *heads || *heads % *heads_kv != 0)) {
    return "the head count is not a multiple of the KV head count";
  }
  if (at("expert_used_count").value_or(0) > at("expert_count").value_or(0)) {
    return "more experts are used than there are";
  }
  return std::nullopt;
}

std::optional<std::string> bad_vocabulary(const gguf_context* gguf) {
  const std::string model = text(gguf, "tokenizer.ggml.model");
  if (model.empty()) {
    return "it has no tokenizer";
  }
  const std::int64_t tokens = gguf_find_key(gguf, "tokenizer.ggml.tokens");
  if (tokens < 0 || gguf_get_kv_type(gguf, tokens) != GGUF_TYPE_ARRAY ||
      gguf_get_arr_type(gguf, tokens) != GGUF_TYPE_STRING || gguf_get_arr_n(gguf, tokens) == 0 ||
      gguf_get_arr_n(gguf, tokens) > (1U << 24U)) {
    return "its vocabulary is missing or out of range";
  }
  // libllama reads these beside the tokens, one for each, without looking at their number or type.
  const std::size_t size = gguf_get_arr_n(gguf, tokens);
  struct Beside {
    const char* name;
    gguf_type type;
  };
  for (const Beside& beside : {Beside{"tokenizer.ggml.scores", GGUF_TYPE_FLOAT32},
                               Beside{"tokenizer.ggml.token_type", GGUF_TYPE_INT32}}) {
    const std::int64_t key = gguf_find_key(gguf, beside.name);
    if (key >= 0 &&
        (gguf_get_kv_type(gguf, key) != GGUF_TYPE_ARRAY ||
         gguf_get_arr_type(gguf, key) != beside.type || gguf_get_arr_n(gguf, key) < size)) {
      return std::string(beside.name) + " does not fit the vocabulary";
    }
  }
  const std::int64_t merges = gguf_find_key(gguf, "tokenizer.ggml.merges");
  if (merges >= 0) {
    if (gguf_get_kv_type(gguf, merges) != GGUF_TYPE_ARRAY ||
        gguf_get_arr_type(gguf, merges) != GGUF_TYPE_STRING) {
      return "tokenizer.ggml.merges is no list of strings";
    }
  } else if (model == "gpt2") {
    return "its tokenizer has no merges";
  }
  return std::nullopt;
}

/// The data of every tensor must lie inside the file.
std::optional<std::string> bad_tensors(const gguf_context* gguf, std::uint64_t file_bytes) {
  const std::uint64_t data = gguf_get_data_offset(gguf);
  const std::int64_t count = gguf_get_n_tensors(gguf);
  if (data > file_bytes) {
    return "it ends before its tensors begin";
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t offset = gguf_get_tensor_offset(gguf, i);
    const std::uint64_t size = gguf_get_tensor_size(gguf, i);
    if (offset > file_bytes - data || size > file_bytes - data - offset) {
      return "it ends in the middle of its tensors: the file was cut short";
    }
  }
  return std::nullopt;
}

terms::Digest digest_of_tokenizer(const gguf_context* gguf) {
  Hasher hasher;
  for (std::int64_t key = 0; key < gguf_get_n_kv(gguf); ++key) {
    const std::string_view name = gguf_get_key(gguf, key);
    if (!name.starts_with("tokenizer.ggml.")) {
      continue;
    }
    hasher.add(name.data(), name.size() + 1);
    const gguf_type type = gguf_get_kv_type(gguf, key);
    if (type == GGUF_TYPE_STRING) {
      const char* const value = gguf_get_val_str(gguf, key);
      hasher.add(value, std::strlen(value) + 1);
    } else if (type != GGUF_TYPE_ARRAY) {
      constexpr std::array<std::size_t, 13> sizes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
      hasher.add(gguf_get_val_data(gguf, key), sizes.at(static_cast<std::size_t>(type)));
    } else if (gguf_get_arr_type(gguf, key) == GGUF_TYPE_STRING) {
      for (std::size_t i = 0; i < gguf_get_arr_n(gguf, key); ++i) {
        const char* const value = gguf_get_arr_str(gguf, key, i);
        hasher.add(value, std::strlen(value) + 1);
      }
    } else if (gguf_get_arr_type(gguf, key) == GGUF_TYPE_FLOAT32 ||
               gguf_get_arr_type(gguf, key) == GGUF_TYPE_INT32) {
      hasher.add(gguf_get_arr_data(gguf, key), gguf_get_arr_n(gguf, key) * 4);
    }
  }
  return hasher.finish();
}

/// Opens one file and checks that all of it is there.
base::Result<GgufPtr, LoadError> open_whole(const std::string& path) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(path, failed);
  if (failed || !std::ifstream(path, std::ios::binary)) {
    return base::Fail{LoadError{Error::no_such_file, path + " is not there or not readable"}};
  }
  GgufPtr gguf(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
  if (!gguf) {
    return bad(path + " is no GGUF file, or was cut short");
  }
  if (const auto fault = bad_tensors(gguf.get(), bytes)) {
    return bad(path + ": " + *fault);
  }
  return gguf;
}

/// Checks the other parts of a split model. files   holds the first and gets the others.
base::Result<base::Done, LoadError> check_parts(const gguf_context* gguf,
                                                std::vector<std::string>& files) {
  const std::string first = files.front();
  const auto parts = whole(gguf, gguf_find_key(gguf, "split.count")).value_or(0);
  if (parts <= 1) {
    return base::Done{};
  }
  std::string prefix(first.size() + 1, '\0');
  if (parts > 1000 || llama_split_prefix(prefix.data(), prefix.size(), first.c_str(), 0,
                                         static_cast<std::int32_t>(parts)) <= 0) {
    return bad(first + " is not the first part of a split model, or was renamed");
  }
  for (std::uint64_t part = 1; part < parts; ++part) {
    std::string path(first.size() + 32, '\0');
    const auto length =
        llama_split_path(path.data(), path.size(), prefix.c_str(), static_cast<std::int32_t>(part),
                         static_cast<std::int32_t>(parts));
    path.resize(static_cast<std::size_t>(std::max(length, 0)));
    const auto opened = open_whole(path);
    if (!opened) {
      return base::Fail{opened.error()};
    }
    files.push_back(path);
  }
  return base::Done{};
}

}  // namespace

base::Result<GgufSummary, LoadError> check_gguf(const std::string& path) {
  const auto opened = open_whole(path);
  if (!opened) {
    return base::Fail{opened.error()};
  }
  const gguf_context* const gguf = opened->get();
  GgufSummary summary;
  summary.architecture = text(gguf, "general.architecture");
  summary.files = {path};
  if (summary.architecture.empty()) {
    return bad(path + " does not say its architecture: it is no language model");
  }
  if (gguf_get_n_tensors(gguf) == 0) {
    return bad(path + " has no weights: it is a vocabulary only");
  }
  if (const auto fault = bad_shape(gguf, summary.architecture)) {
    return bad(path + ": " + *fault);
  }
  if (const auto fault = bad_vocabulary(gguf)) {
    return bad(path + ": " + *fault);
  }
  if (const auto parts = check_parts(gguf, summary.files); !parts) {
    return base::Fail{parts.error()};
  }
  summary.learned_positions = gguf_find_tensor(gguf, "position_embd.weight") >= 0;
  summary.tokenizer = digest_of_tokenizer(gguf);
  return summary;
}

}  // namespace engine::llama
