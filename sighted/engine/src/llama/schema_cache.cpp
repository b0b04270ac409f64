#include "schema_cache.hpp"

#include <openssl/sha.h>

#include <array>

namespace engine::llama {

std::string hash_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

base::Result<grammar::CompiledSchema, grammar::Refusal> SchemaCache::schema(
    std::string_view text, grammar::SchemaMode mode) {
  const std::string name = hash_of(text) + (mode == grammar::SchemaMode::strict ? "s" : "l");
  if (auto kept = kept_.find(name)) {
    return std::move(kept->compiled);
  }
  auto compiled = grammar::compile_schema(text, mode);
  if (compiled.ok()) {
    kept_.keep(name, {compiled.value()});
  }
  return compiled;
}

base::Result<grammar::GrammarPtr, grammar::Refusal> SchemaCache::gbnf(std::string_view text) {
  const std::string name = hash_of(text) + "g";
  if (auto kept = kept_.find(name)) {
    return std::move(kept->compiled.grammar);
  }
  auto parsed = grammar::parse_gbnf(text);
  if (!parsed.ok()) {
    return base::Fail{parsed.error()};
  }
  kept_.keep(name, {{parsed->grammar, {}}});
  return std::move(parsed->grammar);
}

}  // namespace engine::llama
