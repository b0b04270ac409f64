// Keys, ids, and what exactly is signed.
#include <algorithm>
#include <array>

#include <base/invariant.hpp>
#include <note/base64.hpp>
#include <note/note.hpp>
#include <receipt/digest.hpp>

namespace note {
namespace {

using base::Fail;

constexpr std::size_t time_bytes = 8;
constexpr std::size_t id_digits = 8;
constexpr std::uint64_t time_s_max = ~std::uint64_t{0} >> 1U;

std::string hex_of(std::uint32_t id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) {
    text.push_back(digits[(id >> shift) & 15U]);
  }
  return text;
}

std::string cosigned(std::string_view text, std::uint64_t time_s) {
  return "cosignature/v1\ntime " + std::to_string(time_s) + "\n" + std::string(text);
}

Read<Verified> check(std::string_view text, const Signature& signature, const VerifierKey& key) {
  const std::span<const std::uint8_t> bytes(signature.bytes);
  if (key.type == KeyType::ed25519) {
    if (!signing::verify(key.key, text, bytes)) {
      return Fail{Fault::bad_signature};
    }
    return Verified{};
  }
  if (bytes.size() < time_bytes) {
    return Fail{Fault::bad_signature};
  }
  std::uint64_t time_s = 0;
  for (const std::uint8_t byte : bytes.first(time_bytes)) {
    time_s = (time_s << 8U) | byte;
  }
  if (time_s > time_s_max ||
      !signing::verify(key.key, cosigned(text, time_s), bytes.subspan(time_bytes))) {
    return Fail{Fault::bad_signature};
  }
  return Verified{time_s};
}

}  // namespace

std::uint32_t id_of(const VerifierKey& key) {
  std::vector<std::uint8_t> bytes(key.name.begin(), key.name.end());
  bytes.push_back('\n');
  bytes.push_back(static_cast<std::uint8_t>(key.type));
  bytes.insert(bytes.end(), key.key.begin(), key.key.end());
  return static_cast<std::uint32_t>(receipt::sha256(bytes).words[0] >> 32U);
}

std::string to_text(const VerifierKey& key) {
  std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(key.type)};
  bytes.insert(bytes.end(), key.key.begin(), key.key.end());
  return key.name + "+" + hex_of(id_of(key)) + "+" + to_base64(bytes);
}

Read<VerifierKey> parse_key(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus == std::string_view::npos || !is_key_name(text.substr(0, plus)) ||
      text.size() < plus + 1 + id_digits + 1 || text[plus + 1 + id_digits] != '+') {
    return Fail{Fault::bad_key};
  }
  const auto bytes = from_base64(text.substr(plus + 1 + id_digits + 1));
  if (!bytes || bytes->empty()) {
    return Fail{Fault::bad_key};
  }
  VerifierKey key{std::string(text.substr(0, plus)), static_cast<KeyType>(bytes->front()), {}};
  if (key.type != KeyType::ed25519 && key.type != KeyType::cosignature) {
    return Fail{Fault::unknown_type};
  }
  if (bytes->size() != 1 + key.key.size()) {
    return Fail{Fault::bad_key};
  }
  std::copy(bytes->begin() + 1, bytes->end(), key.key.begin());
  if (text.substr(plus + 1, id_digits) != hex_of(id_of(key))) {
    return Fail{Fault::key_id_differs};
  }
  return key;
}

Signature sign(std::string_view text, std::string_view name, const signing::Key& key) {
  base::invariant(is_key_name(name) && text.ends_with('\n'), "only whole lines are signed");
  const signing::Signature bytes = key.sign(text);
  return {std::string(name), id_of({std::string(name), KeyType::ed25519, key.public_key()}),
          std::vector<std::uint8_t>(bytes.begin(), bytes.end())};
}

Signature cosign(std::string_view text, std::string_view name, const signing::Key& key,
                 std::uint64_t time_s) {
  base::invariant(is_key_name(name) && text.ends_with('\n'), "only whole lines are signed");
  base::invariant(time_s <= time_s_max, "a time fits in 63 bits");
  const signing::Signature made = key.sign(cosigned(text, time_s));
  std::vector<std::uint8_t> bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(time_s >> shift));
  }
  bytes.insert(bytes.end(), made.begin(), made.end());
  return {std::string(name), id_of({std::string(name), KeyType::cosignature, key.public_key()}),
          std::move(bytes)};
}

Read<Verified> verify(const Note& note, const VerifierKey& key) {
  const std::uint32_t id = id_of(key);
  Read<Verified> result = Fail{Fault::unsigned_by};
  for (const Signature& signature : note.signatures) {
    if (signature.name == key.name && signature.key_id == id) {
      result = check(note.text, signature, key);
      if (!result.ok()) {
        return result;
      }
    }
  }
  return result;
}

}  // namespace note
