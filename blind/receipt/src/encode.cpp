#include "encode.hpp"

#include <base/invariant.hpp>

namespace receipt {
namespace {

constexpr std::uint32_t layout = 1;

class Writer {
 public:
  void put(std::uint64_t value) { put_bytes(value, 8); }
  void put(std::int64_t value) { put_bytes(static_cast<std::uint64_t>(value), 8); }
  void put(std::uint32_t value) { put_bytes(value, 4); }
  void put(const terms::Digest& digest) {
    for (const std::uint64_t word : digest.words) {
      put(word);
    }
  }
  [[nodiscard]] const Encoded& bytes() const {
    base::invariant(used_ == encoded_bytes, "an encoded receipt has its fixed length");
    return bytes_;
  }

 private:
  void put_bytes(std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      bytes_.at(used_) = static_cast<std::uint8_t>(value >> (8 * i));
      ++used_;
    }
  }
  Encoded bytes_{};
  std::size_t used_ = 0;
};

}  // namespace

Encoded encode(const ledger::Receipt& receipt) {
  Writer out;
  out.put(layout);
  out.put(receipt.id.high);
  out.put(receipt.id.low);
  out.put(receipt.tenant.value);
  out.put(receipt.key.value);
  out.put(receipt.sequence);
  out.put(receipt.model.value);
  out.put(receipt.price_list.value);
  out.put(receipt.prices.input.value);
  out.put(receipt.prices.cached.value);
  out.put(receipt.prices.output.value);
  out.put(receipt.weights);
  out.put(receipt.tokenizer);
  out.put(receipt.output);
  out.put(receipt.previous);
  out.put(receipt.held_at.value);
  out.put(receipt.time.value);
  out.put(receipt.charge.value);
  out.put(receipt.balance_after.value);
  out.put(receipt.usage.input.value);
  out.put(receipt.usage.cached.value);
  out.put(receipt.usage.output.value);
  out.put(static_cast<std::uint32_t>(receipt.end));
  return out.bytes();
}

}  // namespace receipt
