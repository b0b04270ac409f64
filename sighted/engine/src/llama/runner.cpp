#include "runner.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace engine::llama {

std::uint32_t outputs_max(std::uint32_t lanes_max, std::uint32_t step_tokens_max) {
  // A stretch of an embedding gives an output, and so a row of logits, for each of its tokens.
  return std::max(lanes_max, std::min(step_tokens_max, 64U));
}

LlamaRunner::LlamaRunner(ContextPtr context, bool encoder, std::uint32_t lanes_max,
                         std::uint32_t step_tokens_max)
    : context_(std::move(context)),
      encoder_(encoder),
      outputs_max_(outputs_max(lanes_max, step_tokens_max)),
      width_(static_cast<std::size_t>(llama_model_n_embd_out(llama_get_model(context_.get())))),
      batch_(step_tokens_max) {}

void LlamaRunner::share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) {
  llama_memory_seq_cp(llama_get_memory(context_.get()), static_cast<llama_seq_id>(from),
                      static_cast<llama_seq_id>(to), 0, static_cast<llama_pos>(tokens));
}

void LlamaRunner::drop(std::uint32_t slot) {
  if (llama_memory_t memory = llama_get_memory(context_.get())) {
    llama_memory_seq_rm(memory, static_cast<llama_seq_id>(slot), -1, -1);
  }
}

Ran LlamaRunner::decode() {
  if (batch_.empty()) {
    return Ran::done;
  }
  try {
    const int result = llama_decode(context_.get(), batch_.view());
    return result == 0 ? Ran::done : result == 1 ? Ran::no_room : Ran::failed;
  } catch (const std::exception&) {
    return Ran::failed;
  }
}

Ran LlamaRunner::generate(std::span<const Piece> pieces) {
  batch_.clear();
  rows_.clear();
  for (const Piece& piece : pieces) {
    std::int32_t row = -1;
    for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
      const bool last = piece.wants_logits && i + 1 == piece.tokens.size();
      row = batch_.add(piece.tokens[i], piece.position + static_cast<std::uint32_t>(i),
                       static_cast<llama_seq_id>(piece.slot), last);
    }
    rows_.push_back(row);
  }
  return decode();
}

const float* LlamaRunner::logits(std::size_t piece) {
  return llama_get_logits_ith(context_.get(), rows_[piece]);
}

/// Embeddings of a model that generates: libllama gives the vectors of all tokens of a batch or of
/// none, so they run after the others, in stretches that fit its output buffer.
Ran LlamaRunner::embed(std::span<const Piece> pieces) {
  if (encoder_) {
    return encode(pieces);
  }
  llama_set_embeddings(context_.get(), true);
  Ran result = Ran::done;
  for (const Piece& piece : pieces) {
    const auto tokens = static_cast<std::uint32_t>(piece.tokens.size());
    for (std::uint32_t done = 0; done < tokens && result == Ran::done; done += outputs_max_) {
      result = decode_embed(piece, done, std::min(outputs_max_, tokens - done));
    }
  }
  llama_set_embeddings(context_.get(), false);
  return result;
}

Ran LlamaRunner::decode_embed(const Piece& piece, std::uint32_t from, std::uint32_t tokens) {
  batch_.clear();
  for (std::uint32_t i = from; i < from + tokens; ++i) {
    batch_.add(piece.tokens[i], piece.position + i, static_cast<llama_seq_id>(piece.slot), true);
  }
  const Ran result = decode();
  for (std::uint32_t i = 0; i < tokens && result == Ran::done; ++i) {
    const float* const vector =
        llama_get_embeddings_ith(context_.get(), static_cast<std::int32_t>(i));
    if (vector == nullptr) {
      return Ran::failed;
    }
    piece.pooling->add(vector, width_);
  }
  return result;
}

Ran LlamaRunner::encode(std::span<const Piece> pieces) {
  batch_.clear();
  for (const Piece& piece : pieces) {
    for (std::uint32_t i = 0; i < piece.tokens.size(); ++i) {
      batch_.add(piece.tokens[i], i, static_cast<llama_seq_id>(piece.slot), true);
    }
  }
  const Ran result = decode();
  for (const Piece& piece : pieces) {
    if (result != Ran::done) {
      break;
    }
    const float* const vector =
        llama_get_embeddings_seq(context_.get(), static_cast<llama_seq_id>(piece.slot));
    if (vector == nullptr) {
      return Ran::failed;
    }
    piece.pooling->start(Pooling::Kind::mean);
    piece.pooling->add(vector, width_);
  }
  return result;
}

}  // namespace engine::llama
