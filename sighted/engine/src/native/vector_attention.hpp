// Attention over the blocks of one lane, span by span with a running maximum (as in FlashAttention,
// Dao et al., 2022), in terms of vectors of 16 floats. Included like vector_math.hpp, after it.
#pragma once

#include "vector_math.hpp"

namespace engine::native {
namespace {

/// What attend() knows of its rows while it walks along the spans.
struct AttentionState {
  float scores[attend_rows][span_tokens];
  float most[attend_rows];
  float total[attend_rows];
};

constexpr float no_score = -1e30F;

/// Scores of `rows` rows against `blocks` blocks side by side: enough sums to keep the machine busy
/// where rows are few.
template <int rows, int blocks>
void score_blocks(const Attention& a, std::size_t first_row, const std::uint32_t* table,
                  std::size_t at, AttentionState& state) {
  Floats sums[rows][blocks] = {};
  const float* const queries = a.queries + first_row * a.dim;
  const std::uint16_t* keys[blocks];
  MAINS_UNROLL for (int b = 0; b < blocks; ++b) {
    keys[b] = a.keys + table[b] * a.block_stride;
  }
  for (std::size_t d = 0; d < a.dim; ++d) {
    Floats key[blocks];
    MAINS_UNROLL for (int b = 0; b < blocks; ++b) {
      key[b] = load_halves(keys[b] + d * kv_block_tokens);
    }
    MAINS_UNROLL for (int r = 0; r < rows; ++r) {
      MAINS_UNROLL for (int b = 0; b < blocks; ++b) {
        sums[r][b] += key[b] * queries[static_cast<std::size_t>(r) * a.dim + d];
      }
    }
  }
  MAINS_UNROLL for (int r = 0; r < rows; ++r) {
    float* const row = state.scores[first_row + static_cast<std::size_t>(r)] + at;
    MAINS_UNROLL for (int b = 0; b < blocks; ++b) {
      store(row + static_cast<std::size_t>(b) * kv_block_tokens, sums[r][b]);
    }
  }
}

template <int rows>
void score_rows(const Attention& a, std::size_t first_row, const std::uint32_t* table,
                std::size_t blocks, AttentionState& state) {
  constexpr int wide = rows < rows_together && rows_together > 4 ? 4 : 2;
  std::size_t b = 0;
  for (; b + wide <= blocks; b += wide) {
    score_blocks<rows, wide>(a, first_row, table + b, b * kv_block_tokens, state);
  }
  for (; b < blocks; ++b) {
    score_blocks<rows, 1>(a, first_row, table + b, b * kv_block_tokens, state);
  }
}

inline void score(const Attention& a, const std::uint32_t* table, std::size_t blocks,
                  AttentionState& state) {
  std::size_t row = 0;
  for (; row + rows_together <= a.rows; row += rows_together) {
    score_rows<rows_together>(a, row, table, blocks, state);
  }
  if (row + 4 <= a.rows) {
    score_rows<4>(a, row, table, blocks, state);
    row += 4;
  }
  switch (a.rows - row) {
    case 1: score_rows<1>(a, row, table, blocks, state); break;
    case 2: score_rows<2>(a, row, table, blocks, state); break;
    case 3: score_rows<3>(a, row, table, blocks, state); break;
    default: break;
  }
}

/// Turns the scores of a row into weights, of which the first `seen` count. Returns what the sums
/// so far must be multiplied with.
inline float weigh(float* scores, std::size_t seen, float& most, float& total) {
  for (std::size_t i = seen; i < padded(seen, 16); ++i) {
    scores[i] = no_score;
  }
  Floats highest = spread(most);
  for (std::size_t i = 0; i < seen; i += 16) {
    highest = larger(highest, load(scores + i));
  }
  const float before = most;
  most = largest(highest);
  Floats sums{};
  for (std::size_t i = 0; i < seen; i += 16) {
    const Floats weights = exponential(load(scores + i) - most);
    store(scores + i, weights);
    sums += weights;
  }
  for (std::size_t i = seen; i < span_tokens; ++i) {
    scores[i] = 0;
  }
  float kept[16];
  store(kept, exponential(spread(before - most)));
  total = total * kept[0] + sum(sums);
  return kept[0];
}

template <int rows, int vectors>
void add_values(const Attention& a, std::size_t first_row, std::size_t column,
                const std::uint32_t* table, std::size_t tokens, const AttentionState& state) {
  const std::size_t stride = padded(a.dim, 16);
  float* const out = a.out + first_row * stride + column;
  Floats sums[rows][vectors];
  MAINS_UNROLL for (int r = 0; r < rows; ++r) {
    MAINS_UNROLL for (int v = 0; v < vectors; ++v) {
      sums[r][v] = load(out + static_cast<std::size_t>(r) * stride + v * 16);
    }
  }
  for (std::size_t begin = 0; begin < tokens; begin += kv_block_tokens) {
    const std::uint16_t* from = a.values + table[begin / kv_block_tokens] * a.block_stride + column;
    const std::size_t end = tokens - begin < kv_block_tokens ? tokens : begin + kv_block_tokens;
    for (std::size_t t = begin; t < end; ++t, from += stride) {
      Floats value[vectors];
      MAINS_UNROLL for (int v = 0; v < vectors; ++v) {
        value[v] = load_halves(from + v * 16);
      }
      MAINS_UNROLL for (int r = 0; r < rows; ++r) {
        const float weight = state.scores[first_row + static_cast<std::size_t>(r)][t];
        MAINS_UNROLL for (int v = 0; v < vectors; ++v) {
          sums[r][v] += value[v] * weight;
        }
      }
    }
  }
  MAINS_UNROLL for (int r = 0; r < rows; ++r) {
    MAINS_UNROLL for (int v = 0; v < vectors; ++v) {
      store(out + static_cast<std::size_t>(r) * stride + v * 16, sums[r][v]);
    }
  }
}

template <int rows>
void add_value_rows(const Attention& a, std::size_t row, const std::uint32_t* table,
                    std::size_t tokens, const AttentionState& state) {
  std::size_t column = 0;
  constexpr int wide = rows > 4 ? 2 : 4;
  for (; column + wide * 16 <= padded(a.dim, 16); column += wide * 16) {
    add_values<rows, wide>(a, row, column, table, tokens, state);
  }
  for (; column < padded(a.dim, 16); column += 16) {
    add_values<rows, 1>(a, row, column, table, tokens, state);
  }
}

inline void add_all_values(const Attention& a, const std::uint32_t* table, std::size_t tokens,
                           const AttentionState& state) {
  std::size_t row = 0;
  for (; row + rows_together <= a.rows; row += rows_together) {
    add_value_rows<rows_together>(a, row, table, tokens, state);
  }
  if (row + 4 <= a.rows) {
    add_value_rows<4>(a, row, table, tokens, state);
    row += 4;
  }
  switch (a.rows - row) {
    case 1: add_value_rows<1>(a, row, table, tokens, state); break;
    case 2: add_value_rows<2>(a, row, table, tokens, state); break;
    case 3: add_value_rows<3>(a, row, table, tokens, state); break;
    default: break;
  }
}

inline void scale_row(float* row, std::size_t count, float by) {
  for (std::size_t i = 0; i < count; i += 16) {
    store(row + i, load(row + i) * by);
  }
}

void attend(const Attention& a) {
  AttentionState state;
  const std::size_t stride = padded(a.dim, 16);
  for (std::size_t r = 0; r < a.rows; ++r) {
    state.most[r] = no_score;
    state.total[r] = 0;
    for (std::size_t i = 0; i < stride; ++i) {
      a.out[r * stride + i] = 0;
    }
  }
  const std::size_t end = a.limits[a.rows - 1];
  for (std::size_t from = 0; from < end; from += span_tokens) {
    const std::size_t tokens = end - from < span_tokens ? end - from : span_tokens;
    const std::uint32_t* const table = a.blocks + from / kv_block_tokens;
    score(a, table, padded(tokens, kv_block_tokens) / kv_block_tokens, state);
    for (std::size_t r = 0; r < a.rows; ++r) {
      const std::size_t limit = a.limits[r] > from ? a.limits[r] - from : 0;
      const float kept =
          weigh(state.scores[r], limit < tokens ? limit : tokens, state.most[r], state.total[r]);
      if (kept != 1.0F) {
        scale_row(a.out + r * stride, stride, kept);
      }
    }
    add_all_values(a, table, tokens, state);
  }
  for (std::size_t r = 0; r < a.rows; ++r) {
    scale_row(a.out + r * stride, stride, 1.0F / state.total[r]);
  }
}

}  // namespace
}  // namespace engine::native
