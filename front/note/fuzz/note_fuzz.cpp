// Notes, keys, checkpoints and proofs come from anywhere: whatever they are, nothing breaks, and
// what is accepted is written back byte for byte.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <base/invariant.hpp>
#include <note/checkpoint.hpp>
#include <note/note.hpp>
#include <note/proof_file.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto note = note::parse(text); note.ok()) {
    base::invariant(note::to_text(note.value()) == text, "a note comes back as it was");
    static_cast<void>(note::verify(note.value(), {"example.com/log", note::KeyType::ed25519, {}}));
  }
  if (const auto checkpoint = note::parse_checkpoint(text); checkpoint.ok()) {
    base::invariant(text.starts_with(note::to_text(checkpoint.value())),
                    "a checkpoint comes back as it was");
  }
  if (const auto key = note::parse_key(text); key.ok()) {
    base::invariant(note::to_text(key.value()) == text, "a key comes back as it was");
  }
  if (const auto proof = note::parse_proof(text); proof.ok()) {
    base::invariant(note::to_text(proof.value()) == text, "a proof comes back as it was");
  }
  return 0;
}
