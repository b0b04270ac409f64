#include "json.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <notation/id_text.hpp>
#include <note/base64.hpp>

namespace verify {
namespace {

constexpr std::size_t proof_hashes_max = 65;

char escape_of(char c) {
  switch (c) {
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    case '"': return '"';
    case '\\': return '\\';
    default: return 0;
  }
}

char escaped_by(char letter) {
  for (const char c : {'\b', '\t', '\n', '\f', '\r', '"', '\\'}) {
    if (escape_of(c) == letter) {
      return c;
    }
  }
  return 0;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

template <class Number>
bool parse(std::string_view text, Number& value) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc{} && end.ptr == text.data() + text.size() &&
         std::to_string(value) == text;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::uint64_t word_of(std::string_view hex) {
  std::uint64_t word = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), word, 16);
  return word;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (const char letter = escape_of(c); letter != 0) {
      json += '\\';
      json += letter;
    } else if (is_control(c)) {
      constexpr std::string_view digits = "0123456789abcdef";
      json += "\\u00";
      json += digits[static_cast<unsigned char>(c) >> 4U];
      json += digits[static_cast<unsigned char>(c) & 15U];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

void Writer::name(std::string_view name) {
  if (!json_.empty() && json_.back() != '{' && json_.back() != '[') {
    json_ += ',';
  }
  if (!name.empty()) {
    json_ += quoted(name) + ":";
  }
}

Writer& Writer::open(std::string_view member) {
  name(member);
  json_ += '{';
  return *this;
}

Writer& Writer::close() {
  json_ += '}';
  return *this;
}

Writer& Writer::text(std::string_view member, std::string_view value) {
  return raw(member, quoted(value));
}

Writer& Writer::number(std::string_view member, std::uint64_t value) {
  return raw(member, std::to_string(value));
}

Writer& Writer::exact(std::string_view member, std::int64_t value) {
  return raw(member, quoted(std::to_string(value)));
}

Writer& Writer::digest(std::string_view member, const terms::Digest& value) {
  return text(member, value.valid() ? notation::to_text(value) : std::string());
}

Writer& Writer::hashes(std::string_view member, const receipt::Proof& proof) {
  std::string list = "[";
  for (const terms::Digest& hash : proof) {
    list += (list.size() > 1 ? ",\"" : "\"") + note::to_base64(hash) + "\"";
  }
  return raw(member, list + "]");
}

Writer& Writer::wide(std::string_view member, std::uint64_t high, std::uint64_t low) {
  return text(member, notation::to_text(terms::RequestId{high, low}));
}

Writer& Writer::raw(std::string_view member, std::string_view json) {
  name(member);
  json_ += json;
  return *this;
}

void Reader::fail(std::string_view member, std::string_view what) {
  if (problem_.empty()) {
    problem_ = member.empty() ? std::string(what) : std::string(member) + " " + std::string(what);
    left_ = {};
  }
}

bool Reader::take(std::string_view literal) {
  if (!left_.starts_with(literal)) {
    return false;
  }
  left_.remove_prefix(literal.size());
  return true;
}

bool Reader::has(std::string_view name) const {
  return left_.starts_with((first_ ? "" : ",") + quoted(name) + ":");
}

bool Reader::begin(std::string_view name) {
  if (failed()) {
    return false;
  }
  if (!take((first_ ? "" : ",") + (name.empty() ? "" : quoted(name) + ":"))) {
    fail("", "member '" + std::string(name) +
                 "' is missing, or another or a space stands in its place");
    return false;
  }
  first_ = false;
  return true;
}

void Reader::open(std::string_view name) {
  // An item of a list has no name, and its comma was taken by next_item().
  if ((name.empty() || begin(name)) && !failed()) {
    if (!take("{")) {
      fail(name, "is no object");
    }
    first_ = true;
  }
}

void Reader::close() {
  if (!failed() && !take("}")) {
    fail("", "a member that is not known, or something behind the last");
  }
  first_ = false;
}

std::string Reader::text(std::string_view name) {
  std::string value;
  if (!begin(name)) {
    return value;
  }
  const std::string_view from = left_;
  bool good = take("\"");
  while (good && !left_.empty() && left_.front() != '"') {
    char c = left_.front();
    left_.remove_prefix(1);
    if (c == '\\') {
      // Only control characters without a letter of their own are written as \u00xx.
      const bool numbered = left_.starts_with("u00") && left_.size() >= 5;
      c = numbered ? static_cast<char>(word_of(left_.substr(3, 2)))
                   : escaped_by(left_.empty() ? '\0' : left_.front());
      left_.remove_prefix(std::min<std::size_t>(numbered ? 5 : 1, left_.size()));
    }
    value += c;
  }
  good = good && take("\"");
  if (!good || quoted(value) != from.substr(0, from.size() - left_.size())) {
    fail(name, "is no text in its canonical form");
    return {};
  }
  return value;
}

void Reader::fixed(std::string_view name, std::string_view value) {
  if (text(name) != value) {
    fail(name, "is not '" + std::string(value) + "'");
  }
}

std::string_view Reader::digits() {
  const std::size_t size = std::min(left_.find_first_not_of("0123456789"), left_.size());
  const std::string_view number = left_.substr(0, size);
  left_.remove_prefix(size);
  return number;
}

std::uint64_t Reader::number(std::string_view name) {
  std::uint64_t value = 0;
  if (begin(name) &&
      (!parse(digits(), value) ||
       value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
    fail(name, "is no whole number from 0 to 2^63-1");
    return 0;
  }
  return value;
}

std::int64_t Reader::exact(std::string_view name) {
  std::int64_t value = 0;
  const std::string number = text(name);
  if (!failed() && !parse(std::string_view(number), value)) {
    fail(name, "is no whole number in quotes, or too large");
    return 0;
  }
  return value;
}

terms::Digest Reader::digest(std::string_view name) {
  const std::string hex = text(name);
  terms::Digest value;
  if (failed() || hex.empty()) {
    return value;
  }
  if (hex.size() != 64 || !is_hex(hex)) {
    fail(name, "is no SHA-256 in 64 hexadecimal digits");
    return value;
  }
  for (std::size_t i = 0; i < value.words.size(); ++i) {
    value.words[i] = word_of(std::string_view(hex).substr(16 * i, 16));
  }
  if (!value.valid()) {
    fail(name, "is all zero");
  }
  return value;
}

void Reader::wide(std::string_view name, std::uint64_t& high, std::uint64_t& low) {
  const std::string hex = text(name);
  if (failed()) {
    return;
  }
  if (hex.size() != 32 || !is_hex(hex)) {
    fail(name, "is no id of 32 hexadecimal digits");
    return;
  }
  high = word_of(std::string_view(hex).substr(0, 16));
  low = word_of(std::string_view(hex).substr(16));
}

void Reader::begin_list(std::string_view name) {
  if (begin(name) && !take("[")) {
    fail(name, "is no list");
  }
  first_ = true;
}

bool Reader::next_item() {
  if (failed()) {
    return false;
  }
  if (take("]")) {
    first_ = false;
    return false;
  }
  if (!first_ && !take(",")) {
    fail("", "a list does not end");
    return false;
  }
  first_ = true;  // for string() and open(), which take no comma here
  return true;
}

receipt::Proof Reader::hashes(std::string_view name) {
  receipt::Proof proof;
  begin_list(name);
  while (next_item()) {
    const auto hash = note::hash_from_base64(text(""));
    if (!hash || proof.size() == proof_hashes_max) {
      fail(name, "is no list of hashes in base64");
      return {};
    }
    proof.push_back(*hash);
  }
  return proof;
}

std::string_view Reader::object(std::string_view name) {
  if (!begin(name)) {
    return {};
  }
  // No object inside has texts with braces or quotes.
  const std::size_t end = left_.find('}');
  if (!left_.starts_with('{') || end == std::string_view::npos) {
    fail(name, "is no object");
    return {};
  }
  const std::string_view object = left_.substr(0, end + 1);
  left_.remove_prefix(end + 1);
  return object;
}

std::string Reader::end() {
  if (!failed() && !left_.empty()) {
    fail("", "something stands behind the last brace");
  }
  return problem_;
}

}  // namespace verify
