#include "schema_cache.hpp"

#include <openssl/sha.h>

#include <array>

#include <grammar/matcher.hpp>

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
  // An answer that cannot begin would be refused by the engine, which knows no field to name.
  if (grammar::Matcher(parsed->grammar).accept("") != grammar::Verdict::yes) {
    return base::Fail{grammar::Refusal{grammar::Refusal::Kind::too_large, "",
                                       "work for the first token", grammar::token_work}};
  }
  kept_.keep(name, {{parsed->grammar, {}}});
  return std::move(parsed->grammar);
}

}  // namespace engine::llama
