// Text with signatures under it (C2SP signed-note), and whose they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/result.hpp>
#include <signing/key.hpp>

namespace note {

enum class Fault : std::uint8_t {
  too_long,        ///< Over a megabyte, or over a hundred signatures.
  not_text,        ///< No UTF-8, or control characters.
  no_signatures,   ///< No blank line with signatures after it.
  bad_line,        ///< A signature line that is none, or something behind the last.
  bad_key,         ///< No verifier key: name+id+key.
  key_id_differs,  ///< The id in a verifier key is not that of the name and key in it.
  unknown_type,    ///< A verifier key of a type that is not known here.
  bad_checkpoint,  ///< The text is not origin, size and root.
  bad_proof,       ///< A .tlog-proof file that is none.
  unsigned_by,     ///< No signature of the key.
  bad_signature,   ///< A signature that claims to be of the key and is not.
};
/// What is wrong, to follow "the checkpoint: ". Pure.
[[nodiscard]] std::string_view describe(Fault fault);

template <class T>
using Read = base::Result<T, Fault>;

/// The byte that goes into key ids and verifier keys.
enum class KeyType : std::uint8_t {
  ed25519 = 0x01,      ///< Over the text.
  cosignature = 0x04,  ///< Over the time and a checkpoint (tlog-cosignature, v1).
};

/// Who may have signed. `name` has no spaces and no '+'.
struct VerifierKey {
  std::string name;
  KeyType type = KeyType::ed25519;
  signing::PublicKey key{};

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};

/// "name+hex(id)+base64(type || key)", both ways. Pure.
[[nodiscard]] std::string to_text(const VerifierKey& key);
[[nodiscard]] Read<VerifierKey> parse_key(std::string_view text);

/// First four bytes of SHA-256(name || 0x0A || type || key), big-endian. Pure.
[[nodiscard]] std::uint32_t id_of(const VerifierKey& key);

/// Whether a name can be a key's: not empty, UTF-8 without spaces, '+' and control characters.
[[nodiscard]] bool is_key_name(std::string_view name);

struct Signature {
  std::string name;
  std::uint32_t key_id = 0;
  std::vector<std::uint8_t> bytes;  ///< Without the key id; at least one.

  friend bool operator==(const Signature&, const Signature&) = default;
};

struct Note {
  std::string text;  ///< Ends with a newline, which is signed too.
  std::vector<Signature> signatures;

  friend bool operator==(const Note&, const Note&) = default;
};

inline constexpr std::size_t note_bytes_max = 1'000'000;
inline constexpr std::size_t signatures_max = 100;

/// Exactly what to_text() writes. Says nothing about who signed. Pure.
[[nodiscard]] Read<Note> parse(std::string_view text);
[[nodiscard]] std::string to_text(const Note& note);
/// "— name base64\n", as it stands in a note. Pure.
[[nodiscard]] std::string to_text(const Signature& signature);
/// Lines as above, one or more, and nothing else: what a witness answers. Pure.
[[nodiscard]] Read<std::vector<Signature>> parse_signatures(std::string_view lines);

/// Signs `text` (with its last newline) under that name. Pure.
[[nodiscard]] Signature sign(std::string_view text, std::string_view name, const signing::Key& key);
/// Cosigns a checkpoint's text. `time_s` counts seconds since 1970, UTC.
[[nodiscard]] Signature cosign(std::string_view text, std::string_view name,
                               const signing::Key& key, std::uint64_t time_s);

struct Verified {
  std::optional<std::uint64_t> time_s;  ///< Of a cosignature.
};

/// Whether `key` signed the note. unsigned_by: it has no signature of that name and id;
/// bad_signature: it has one that is not of this key. Pure.
[[nodiscard]] Read<Verified> verify(const Note& note, const VerifierKey& key);

}  // namespace note
