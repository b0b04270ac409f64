#include "vocabulary.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <limits>

namespace engine::llama {

Vocabulary::Vocabulary(const llama_model* model, std::uint32_t tokens_max)
    : vocab_(llama_model_get_vocab(model)),
      size_(llama_vocab_n_tokens(vocab_)),
      token_bytes_max_(0) {
  std::size_t longest = 16;
  for (std::int32_t id = 0; id < size_; ++id) {
    longest = std::max(longest, std::string_view(llama_vocab_get_text(vocab_, id)).size());
  }
  const auto kind = llama_vocab_type(vocab_);
  if (kind == LLAMA_VOCAB_TYPE_SPM || kind == LLAMA_VOCAB_TYPE_BPE) {
    token_bytes_max_ = static_cast<std::uint32_t>(longest);
    cuts_at_names_ = !llama_vocab_get_add_eos(vocab_);
    for (std::int32_t id = 0; id < size_; ++id) {
      constexpr int strips = LLAMA_TOKEN_ATTR_LSTRIP | LLAMA_TOKEN_ATTR_RSTRIP;
      cuts_at_names_ = cuts_at_names_ && (llama_vocab_get_attr(vocab_, id) & strips) == 0;
    }
  }
  bytes_max_ = std::min<std::size_t>(longest * (std::size_t{tokens_max} + 1),
                                     std::numeric_limits<std::int32_t>::max() / 2);
}

bool Vocabulary::ends_generation(content::TokenId id) const {
  return llama_vocab_is_eog(vocab_, id);
}

base::Result<content::TokenIds, Error> Vocabulary::tokenize(std::string_view text, bool special,
                                                            bool begins) const {
  if (text.size() > bytes_max_) {
    return base::Fail{Error::too_long};
  }
  try {
    content::TokenIds tokens(text.size() + 8);
    const auto run = [&] {
      return llama_tokenize(vocab_, text.data(), static_cast<std::int32_t>(text.size()),
                            tokens.data(), static_cast<std::int32_t>(tokens.size()), begins,
                            special);
    };
    std::int32_t count = run();
    if (count < 0 && count != std::numeric_limits<std::int32_t>::min()) {
      tokens.resize(static_cast<std::size_t>(-count));
      count = run();
    }
    if (count < 0) {
      return base::Fail{Error::failed};
    }
    tokens.resize(static_cast<std::size_t>(count));
    return tokens;
  } catch (const std::exception&) {
    return base::Fail{Error::failed};
  }
}

std::vector<std::pair<std::string, content::TokenId>> Vocabulary::control_names() const {
  std::vector<std::pair<std::string, content::TokenId>> names;
  for (std::int32_t id = 0; id < size_; ++id) {
    constexpr int read = LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN;
    if ((llama_vocab_get_attr(vocab_, id) & read) != 0) {
      names.emplace_back(llama_vocab_get_text(vocab_, id), id);
    }
  }
  return names;
}

std::string Vocabulary::piece(content::TokenId id, bool special) const {
  std::array<char, 64> short_piece{};
  const std::int32_t length = llama_token_to_piece(
      vocab_, id, short_piece.data(), static_cast<std::int32_t>(short_piece.size()), 0, special);
  if (length >= 0) {
    return {short_piece.data(), static_cast<std::size_t>(length)};
  }
  std::string long_piece(static_cast<std::size_t>(-length), '\0');
  llama_token_to_piece(vocab_, id, long_piece.data(), -length, 0, special);
  return long_piece;
}

std::string Vocabulary::text(const content::TokenIds& tokens) const {
  std::string bytes;
  for (const auto id : tokens) {
    if (contains(id)) {
      bytes += piece(id, false);
    }
  }
  return bytes;
}

}  // namespace engine::llama
