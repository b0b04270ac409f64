// SHA-256, for telling which weights and which tokenizer made an answer.
#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <terms/ids.hpp>

namespace engine::llama {

class Hasher {
 public:
  Hasher();
  void add(const void* bytes, std::size_t size);
  [[nodiscard]] terms::Digest finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// SHA-256 over files, one after the other. Nothing where one cannot be read, or `stop` was set.
[[nodiscard]] std::optional<terms::Digest> digest_of_files(const std::vector<std::string>& paths,
                                                           const std::atomic<bool>& stop);

}  // namespace engine::llama
