// Schemas and grammars that were compiled lately.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <base/result.hpp>
#include <grammar/gbnf.hpp>
#include <grammar/schema.hpp>

namespace engine::llama {

/// The values that were used lately, as many as fit. Found by name; thread-safe. `Value` is copied
/// out, and tells its size in bytes().
template <class Value>
class Lately {
 public:
  explicit Lately(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  [[nodiscard]] std::optional<Value> find(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = places_.find(name);
    if (found == places_.end()) {
      return std::nullopt;
    }
    values_.splice(values_.begin(), values_, found->second);
    return found->second->second;
  }

  void keep(const std::string& name, const Value& value) {
    const std::size_t size = value.bytes() + name.size();
    const std::scoped_lock lock(mutex_);
    if (size > bytes_max_ / 4 || places_.contains(name)) {
      return;
    }
    values_.emplace_front(name, value);
    places_.emplace(name, values_.begin());
    bytes_ += size;
    while (bytes_ > bytes_max_) {
      bytes_ -= values_.back().second.bytes() + values_.back().first.size();
      places_.erase(values_.back().first);
      values_.pop_back();
    }
  }

 private:
  using Values = std::list<std::pair<std::string, Value>>;
  const std::size_t bytes_max_;
  std::mutex mutex_;
  Values values_;  ///< The one used last in front.
  std::unordered_map<std::string, typename Values::iterator> places_;
  std::size_t bytes_ = 0;
};

/// SHA-256, as 32 bytes.
[[nodiscard]] std::string hash_of(std::string_view text);

/// Compiles each text once, as long as it is remembered, under the hash of the text. Any thread.
class SchemaCache {
 public:
  [[nodiscard]] base::Result<grammar::CompiledSchema, grammar::Refusal> schema(
      std::string_view text, grammar::SchemaMode mode);
  [[nodiscard]] base::Result<grammar::GrammarPtr, grammar::Refusal> gbnf(std::string_view text);
  /// What `make` makes, once as long as it is remembered. `name` says all that it depends on.
  template <class Make>
  [[nodiscard]] base::Result<grammar::GrammarPtr, grammar::Refusal> made(std::string_view name,
                                                                         const Make& make) {
    const std::string key = hash_of(name) + "m";
    if (auto kept = kept_.find(key)) {
      return std::move(kept->compiled.grammar);
    }
    base::Result<grammar::GrammarPtr, grammar::Refusal> fresh = make();
    if (fresh.ok()) {
      kept_.keep(key, {{fresh.value(), {}}});
    }
    return fresh;
  }

 private:
  struct Kept {
    grammar::CompiledSchema compiled;
    [[nodiscard]] std::size_t bytes() const { return compiled.grammar->bytes() + 256; }
  };
  static constexpr std::size_t bytes_max = std::size_t{64} << 20U;
  Lately<Kept> kept_{bytes_max};
};

}  // namespace engine::llama
