#include "kv_store.hpp"

#include <array>
#include <cstring>

namespace engine::native {

KvStore::KvStore(std::uint32_t layers, std::uint32_t blocks, std::uint32_t heads, std::uint32_t dim)
    : layers_(layers),
      blocks_(blocks),
      heads_(heads),
      dim_(dim),
      head_halves_(kv_block_tokens * (dim_ + padded(dim_, 16))),
      bytes_(layers_ * blocks_ * heads_ * head_halves_ * sizeof(std::uint16_t)) {
  // The system gives memory when it is first written, 2 MiB at a time, and all layers come to their
  // next 2 MiB at the same token: that step took 40 ms longer. So all of it is written now.
  if (bytes_.get() != nullptr) {
    std::memset(bytes_.get(), 0, layers_ * blocks_ * block_stride() * sizeof(std::uint16_t));
  }
}

void KvStore::write(const Kernels& kernels, std::size_t layer, std::uint32_t block,
                    std::size_t token, const float* keys, const float* values) {
  std::array<std::uint16_t, head_dim_max> halves{};
  for (std::size_t head = 0; head < heads_; ++head) {
    std::uint16_t* const to = at(layer, block, head);
    kernels.to_half(keys + head * dim_, dim_, halves.data());
    for (std::size_t d = 0; d < dim_; ++d) {
      to[d * kv_block_tokens + token] = halves[d];
    }
    kernels.to_half(values + head * dim_, dim_, halves.data());
    // What pads a value must be a number, too: it is multiplied.
    std::memset(halves.data() + dim_, 0, (padded(dim_, 16) - dim_) * sizeof(std::uint16_t));
    std::memcpy(to + dim_ * kv_block_tokens + token * padded(dim_, 16), halves.data(),
                padded(dim_, 16) * sizeof(std::uint16_t));
  }
}

void KvStore::copy(std::uint32_t from, std::uint32_t to) {
  for (std::size_t layer = 0; layer < layers_; ++layer) {
    std::memcpy(at(layer, to, 0), at(layer, from, 0), block_stride() * sizeof(std::uint16_t));
  }
}

}  // namespace engine::native
