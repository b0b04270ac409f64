#include <receipt/canonical.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include <base/invariant.hpp>

namespace receipt {
namespace {

std::string_view word_of(terms::EndReason end) {
  switch (end) {
    case terms::EndReason::stop: return "stop";
    case terms::EndReason::length: return "length";
    case terms::EndReason::funds: return "funds";
    case terms::EndReason::disconnect: return "disconnect";
    case terms::EndReason::cancel: return "cancel";
    case terms::EndReason::error: return "error";
    case terms::EndReason::drain: return "drain";
    case terms::EndReason::done: return "done";
  }
  return "unknown";
}

}  // namespace

/// Members must come in the order of their names.
class Canonical::Writer {
 public:
  explicit Writer(Canonical& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    begin(name);
    quoted(value);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    decimal(value);
  }
  /// As text: a number of JSON is exact only up to 2^53.
  void exact(std::string_view name, std::int64_t value) {
    begin(name);
    put("\"");
    decimal(value);
    put("\"");
  }
  template <class Tag>
  void id(std::string_view name, base::WideId<Tag> value) {
    begin(name);
    put("\"");
    hex(value.high);
    hex(value.low);
    put("\"");
  }
  void digest(std::string_view name, const terms::Digest& value) {
    begin(name);
    put("\"");
    if (value.valid()) {
      std::for_each(value.words.begin(), value.words.end(), [this](auto word) { hex(word); });
    }
    put("\"");
  }
  void end() { put("}"); }

 private:
  void begin(std::string_view name) {
    put(out_.size_ == 0 ? "{" : ",");
    quoted(name);
    put(":");
  }
  void quoted(std::string_view plain) {
    put("\"");
    put(plain);
    put("\"");
  }
  template <class Number>
  void decimal(Number value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    base::invariant(end.ec == std::errc{}, "64 bits have at most 20 digits");
    put({digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
  }
  void hex(std::uint64_t word) {
    std::array<char, 16> digits{};
    for (std::size_t i = digits.size(); i-- > 0; word >>= 4U) {
      digits[i] = "0123456789abcdef"[word & 15U];
    }
    put({digits.data(), digits.size()});
  }
  void put(std::string_view plain) {
    base::invariant(plain.size() <= out_.bytes_.size() - out_.size_, "a receipt's form is bounded");
    std::copy(plain.begin(), plain.end(),
              out_.bytes_.begin() + static_cast<std::ptrdiff_t>(out_.size_));
    out_.size_ += plain.size();
  }

  Canonical& out_;
};

Canonical::Canonical(const ledger::Receipt& receipt) {
  Writer out(*this);
  out.id("account", receipt.account);
  out.exact("balance_after_nano", receipt.balance_after.value);
  out.number("cached_tokens", receipt.usage.cached.value);
  out.exact("charge_nano", receipt.charge.value);
  out.exact("credited_nano", receipt.credited.value);
  out.text("end", word_of(receipt.end));
  out.text("format", "mains.receipt.v1");
  out.exact("held_at_ns", receipt.held_at.value);
  out.id("id", receipt.id);
  out.number("input_tokens", receipt.usage.input.value);
  out.number("key", receipt.key.value);
  out.number("model", receipt.model.value);
  out.digest("output_sha256", receipt.output);
  out.number("output_tokens", receipt.usage.output.value);
  out.digest("previous_sha256", receipt.previous);
  out.exact("price_cached_nano_per_mtok", receipt.prices.cached.value);
  out.exact("price_input_nano_per_mtok", receipt.prices.input.value);
  out.number("price_list", receipt.price_list.value);
  out.digest("price_list_sha256", receipt.price_list_hash);
  out.exact("price_output_nano_per_mtok", receipt.prices.output.value);
  out.number("sequence", receipt.sequence);
  out.exact("settled_at_ns", receipt.time.value);
  out.digest("tokenizer_sha256", receipt.tokenizer);
  out.digest("weights_sha256", receipt.weights);
  out.end();
}

}  // namespace receipt
