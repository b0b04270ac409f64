#include <note/note.hpp>

#include <note/base64.hpp>

#include "text.hpp"

namespace note {
namespace {

using base::Fail;

constexpr std::string_view dash = "\xe2\x80\x94 ";  // U+2014, space
constexpr std::size_t id_bytes = 4;

/// What follows "— ": name, space, base64.
std::optional<Signature> signature_of(std::string_view line) {
  if (!line.starts_with(dash)) {
    return std::nullopt;
  }
  line.remove_prefix(dash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) {
    return std::nullopt;
  }
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= id_bytes) {
    return std::nullopt;
  }
  Signature signature{std::string(line.substr(0, space)), 0, {}};
  for (std::size_t i = 0; i < id_bytes; ++i) {
    signature.key_id = (signature.key_id << 8U) | (*bytes)[i];
  }
  signature.bytes.assign(bytes->begin() + id_bytes, bytes->end());
  return signature;
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty()) {
    return false;
  }
  while (!name.empty()) {
    const auto character = take_character(name);
    if (!character || *character < 0x20 || *character == '+' || is_space(*character)) {
      return false;
    }
  }
  return true;
}

Read<std::vector<Signature>> parse_signatures(std::string_view lines) {
  if (lines.size() > note_bytes_max) {
    return Fail{Fault::too_long};
  }
  std::vector<Signature> signatures;
  while (!lines.empty()) {
    const auto line = take_line(lines);
    auto signature = line ? signature_of(*line) : std::nullopt;
    if (!signature) {
      return Fail{Fault::bad_line};
    }
    if (signatures.size() == signatures_max) {
      return Fail{Fault::too_long};
    }
    signatures.push_back(std::move(*signature));
  }
  if (signatures.empty()) {
    return Fail{Fault::no_signatures};
  }
  return signatures;
}

Read<Note> parse(std::string_view text) {
  if (text.size() > note_bytes_max) {
    return Fail{Fault::too_long};
  }
  if (!is_clean_text(text)) {
    return Fail{Fault::not_text};
  }
  const std::size_t blank = text.rfind("\n\n");
  if (blank == std::string_view::npos) {
    return Fail{Fault::no_signatures};
  }
  auto signatures = parse_signatures(text.substr(blank + 2));
  if (!signatures.ok()) {
    return Fail{signatures.error()};
  }
  return Note{std::string(text.substr(0, blank + 1)), std::move(signatures).value()};
}

std::string to_text(const Signature& signature) {
  std::vector<std::uint8_t> bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(signature.key_id >> shift));
  }
  bytes.insert(bytes.end(), signature.bytes.begin(), signature.bytes.end());
  return std::string(dash) + signature.name + " " + to_base64(bytes) + "\n";
}

std::string to_text(const Note& note) {
  std::string text = note.text + "\n";
  for (const Signature& signature : note.signatures) {
    text += to_text(signature);
  }
  return text;
}

std::string_view describe(Fault fault) {
  switch (fault) {
    case Fault::too_long: return "it is too long";
    case Fault::not_text: return "it is not UTF-8 text, or has control characters";
    case Fault::no_signatures: return "it has no signatures";
    case Fault::bad_line: return "a signature line is malformed";
    case Fault::bad_key: return "it is no verifier key (name+id+key)";
    case Fault::key_id_differs: return "the id in the verifier key does not fit its name and key";
    case Fault::unknown_type: return "the verifier key is neither Ed25519 nor a cosigner's";
    case Fault::bad_checkpoint: return "it is not origin, size and root hash, a line each";
    case Fault::bad_proof: return "it is no c2sp.org/tlog-proof@v1";
    case Fault::unsigned_by: return "it is not signed by the key that was given";
    case Fault::bad_signature: return "its signature is wrong";
  }
  return "it is not valid";
}

}  // namespace note
