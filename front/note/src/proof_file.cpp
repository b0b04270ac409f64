#include <note/proof_file.hpp>

#include <note/base64.hpp>
#include <note/checkpoint.hpp>

#include "text.hpp"

namespace note {
namespace {

using base::Fail;

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view extra_word = "extra ";
constexpr std::string_view index_word = "index ";
constexpr std::size_t hashes_max = 64;

/// What follows `word` on a line that begins with it.
std::optional<std::string_view> after(std::optional<std::string_view> line, std::string_view word) {
  if (!line || !line->starts_with(word)) {
    return std::nullopt;
  }
  return line->substr(word.size());
}

}  // namespace

Read<ProofFile> parse_proof(std::string_view text) {
  if (text.size() > note_bytes_max) {
    return Fail{Fault::too_long};
  }
  if (take_line(text) != first_line) {
    return Fail{Fault::bad_proof};
  }
  ProofFile file;
  auto line = take_line(text);
  if (const auto extra = after(line, extra_word)) {
    const auto bytes = from_base64(*extra);
    if (!bytes || bytes->empty()) {
      return Fail{Fault::bad_proof};
    }
    file.extra = *bytes;
    line = take_line(text);
  }
  const auto index = after(line, index_word);
  const auto number = index ? parse_size(*index) : std::nullopt;
  if (!number) {
    return Fail{Fault::bad_proof};
  }
  file.index = *number;
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    const auto hash = hash_from_base64(*line);
    if (!hash || file.proof.size() == hashes_max) {
      return Fail{Fault::bad_proof};
    }
    file.proof.push_back(*hash);
  }
  if (!line) {
    return Fail{Fault::bad_proof};
  }
  const auto checkpoint = parse(text);
  if (!checkpoint.ok()) {
    return Fail{checkpoint.error()};
  }
  file.checkpoint = text;
  return file;
}

std::string to_text(const ProofFile& file) {
  std::string text(first_line);
  text += "\n";
  if (!file.extra.empty()) {
    text += std::string(extra_word) + to_base64(file.extra) + "\n";
  }
  text += std::string(index_word) + std::to_string(file.index) + "\n";
  for (const terms::Digest& hash : file.proof) {
    text += to_base64(hash) + "\n";
  }
  return text + "\n" + file.checkpoint;
}

}  // namespace note
