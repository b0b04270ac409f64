#include "forward.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace engine::native {

Forward::Forward(const Kernels& kernels, const Shape& shape, const Weights& weights, KvStore& store,
                 Limits limits)
    : kernels_(kernels),
      shape_(shape),
      weights_(weights),
      store_(store),
      pool_(limits.threads),
      stream_(limits.step_tokens_max, shape.width),
      normed_(limits.step_tokens_max, shape.width),
      queries_(limits.step_tokens_max, std::size_t{shape.heads} * shape.head_dim),
      keys_(limits.step_tokens_max, std::size_t{shape.heads_kv} * shape.head_dim),
      values_(limits.step_tokens_max, std::size_t{shape.heads_kv} * shape.head_dim),
      attended_(limits.step_tokens_max, std::size_t{shape.heads} * shape.head_dim),
      gate_(limits.step_tokens_max, shape.feed_forward),
      up_(limits.step_tokens_max, shape.feed_forward),
      logits_(limits.outputs_max, shape.vocabulary),
      tiles_(limits.step_tokens_max,
             std::max({shape.width, shape.feed_forward, shape.heads * shape.head_dim})) {
  for (std::uint32_t i = 0; i < shape.head_dim / 2; ++i) {
    const double power = -2.0 * i / shape.head_dim;
    const double factor =
        weights.rope_factors.empty() ? 1.0 : static_cast<double>(weights.rope_factors[i]);
    frequencies_.push_back(
        static_cast<float>(std::pow(static_cast<double>(shape.rope_base), power) *
                           static_cast<double>(shape.rope_scale) / factor));
  }
}

void Forward::run(std::span<const content::TokenId> tokens, std::span<const Stretch> stretches,
                  std::span<const std::uint32_t> outputs) {
  embed(tokens);
  turn_table(stretches);
  std::size_t count = tokens.size();
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    const Layer& layer = weights_.layers[i];
    fill(stream_, layer.attention_norm, shape_.width, count,
         {&layer.query, &layer.key, &layer.value});
    multiply({{&layer.query, &queries_, false},
              {&layer.key, &keys_, false},
              {&layer.value, &values_, false}},
             count);
    place_keys(layer, i, stretches);
    attend(i, stretches);
    if (i + 1 == weights_.layers.size()) {
      keep(outputs);  // What follows is nobody's input any more.
      count = outputs.size();
    }
    fill(attended_, {}, layer.output.columns(), count, {&layer.output});
    multiply({{&layer.output, &stream_, true}}, count);
    feed_forward(layer, count);
  }
  pool_.run(count, [&](std::size_t row) {
    kernels_.rms_norm(stream_.row(row), weights_.output_norm.data(), shape_.norm_epsilon,
                      shape_.width, normed_.row(row));
  });
}

void Forward::embed(std::span<const content::TokenId> tokens) {
  pool_.run(tokens.size(), [&](std::size_t row) {
    weights_.embedding.unpack(static_cast<std::size_t>(tokens[row]), stream_.row(row));
  });
}

void Forward::turn_table(std::span<const Stretch> stretches) {
  places_.clear();
  cosines_.clear();
  sines_.clear();
  for (std::uint32_t s = 0; s < stretches.size(); ++s) {
    for (std::uint32_t i = 0; i < stretches[s].count; ++i) {
      places_.push_back(s);
      for (const float frequency : frequencies_) {
        const float angle = static_cast<float>(stretches[s].position + i) * frequency;
        cosines_.push_back(std::cos(angle));
        sines_.push_back(std::sin(angle));
      }
    }
  }
}

/// Rotary position embedding (Su et al., 2021) of one head.
void Forward::turn(float* head, std::size_t row) const {
  const std::size_t pairs = frequencies_.size();
  const float* const cosines = cosines_.data() + row * pairs;
  const float* const sines = sines_.data() + row * pairs;
  const std::size_t apart = shape_.rope_halves ? pairs : 1;
  const std::size_t step = shape_.rope_halves ? 1 : 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    float& first = head[i * step];
    float& second = head[i * step + apart];
    const float x = first;
    first = x * cosines[i] - second * sines[i];
    second = x * sines[i] + second * cosines[i];
  }
}

void Forward::fill(const Rows& from, const std::vector<float>& norm, std::size_t columns,
                   std::size_t count, std::initializer_list<const Matrix*> readers) {
  const auto wanted = [&](Takes as) {
    return std::any_of(readers.begin(), readers.end(), [&](const Matrix* reader) {
      return takes(kernels_, reader->packing()) == as;
    });
  };
  // A tile is one thread's: tokens lie beside each other in its words.
  pool_.run(Tiles::tiles(count), [&](std::size_t tile) {
    const std::size_t last = std::min(count, (tile + 1) * tile_tokens);
    for (std::size_t token = tile * tile_tokens; token < last; ++token) {
      const float* row = from.row(token);
      if (!norm.empty()) {
        kernels_.rms_norm(row, norm.data(), shape_.norm_epsilon, columns, normed_.row(token));
        row = normed_.row(token);
      }
      for (const Takes as : all_takes) {
        if (wanted(as)) {
          tiles_.put(kernels_, as, row, columns, token);
        }
      }
    }
  });
}

void Forward::multiply(std::initializer_list<Target> targets, std::size_t count) {
  std::size_t groups = 0;
  for (const Target& target : targets) {
    groups += target.matrix->groups();
  }
  // Several shares for each thread, so that the slowest waits for a small one only.
  std::size_t share = std::max<std::size_t>(1, groups / (std::size_t{pool_.threads()} * 4));
  if (share > groups_together) {
    share = padded(share, groups_together);
  }
  struct Share {
    const Target* target;
    std::size_t first, last;
  };
  std::vector<Share> shares;
  for (const Target& target : targets) {
    for (std::size_t first = 0; first < target.matrix->groups(); first += share) {
      shares.push_back({&target, first, std::min(first + share, target.matrix->groups())});
    }
  }
  pool_.run(shares.size(), [&](std::size_t i) {
    const Target& target = *shares[i].target;
    const Product product = tiles_.product(kernels_, *target.matrix, count, target.out->row(0),
                                           target.out->stride(), target.add);
    kernels_.multiply[static_cast<std::size_t>(target.matrix->packing())](product, shares[i].first,
                                                                          shares[i].last);
  });
}

/// Biases, norms and turning of one row's heads.
void Forward::finish_head_row(const Layer& layer, std::size_t row) {
  const auto finish = [&](float* heads, std::size_t count, const std::vector<float>& bias,
                          const std::vector<float>& norm, float scale) {
    for (std::size_t i = 0; i < bias.size(); ++i) {
      heads[i] += bias[i];
    }
    for (std::size_t h = 0; h < count; ++h) {
      float* const head = heads + h * shape_.head_dim;
      if (!norm.empty()) {
        kernels_.rms_norm(head, norm.data(), shape_.norm_epsilon, shape_.head_dim, head);
      }
      turn(head, row);
    }
    for (std::size_t i = 0; i < count * shape_.head_dim && scale != 1; ++i) {
      heads[i] *= scale;
    }
  };
  finish(queries_.row(row), shape_.heads, layer.query_bias, layer.query_norm,
         1.0F / std::sqrt(static_cast<float>(shape_.head_dim)));
  finish(keys_.row(row), shape_.heads_kv, layer.key_bias, layer.key_norm, 1);
  for (std::size_t i = 0; i < layer.value_bias.size(); ++i) {
    values_.row(row)[i] += layer.value_bias[i];
  }
}

void Forward::place_keys(const Layer& layer, std::size_t index,
                         std::span<const Stretch> stretches) {
  constexpr std::size_t rows_together = 4;
  const std::size_t count = places_.size();
  pool_.run(padded(count, rows_together) / rows_together, [&](std::size_t item) {
    const std::size_t last = std::min(count, (item + 1) * rows_together);
    for (std::size_t row = item * rows_together; row < last; ++row) {
      finish_head_row(layer, row);
      const Stretch& stretch = stretches[places_[row]];
      const std::size_t position = stretch.position + row - stretch.row;
      store_.write(kernels_, index, stretch.blocks[position / kv_block_tokens],
                   position % kv_block_tokens, keys_.row(row), values_.row(row));
    }
  });
}

struct Forward::Task {
  const Stretch* stretch;
  std::size_t head;
  std::size_t first;  ///< Query row of the stretch: tokens times the heads of the group.
};

void Forward::attend(std::size_t layer, std::span<const Stretch> stretches) {
  const std::size_t group = shape_.heads / shape_.heads_kv;
  std::vector<Task> tasks;
  for (const Stretch& stretch : stretches) {
    for (std::size_t head = 0; head < shape_.heads_kv; ++head) {
      for (std::size_t row = 0; row < stretch.count * group; row += attend_rows) {
        tasks.push_back({&stretch, head, row});
      }
    }
  }
  pool_.run(tasks.size(), [&](std::size_t i) {
    attend_tile(layer, *tasks[i].stretch, tasks[i].head, tasks[i].first);
  });
}

/// Up to eight query rows that read one KV head: neighbouring tokens, and the query heads of a
/// group, so that a block of keys and values is read once for all of them.
void Forward::attend_tile(std::size_t layer, const Stretch& stretch, std::size_t head,
                          std::size_t first) {
  const std::size_t group = shape_.heads / shape_.heads_kv;
  const std::size_t dim = shape_.head_dim;
  std::array<float, attend_rows * head_dim_max> queries;
  std::array<float, attend_rows * head_dim_max> out;
  std::array<std::uint32_t, attend_rows> limits;
  Attention attention;
  attention.rows = std::min(attend_rows, stretch.count * group - first);
  const auto place = [&](std::size_t i, const Rows& rows) {
    const std::size_t token = (first + i) / group;
    const std::size_t query_head = head * group + (first + i) % group;
    return rows.row(stretch.row + token) + query_head * dim;
  };
  for (std::size_t i = 0; i < attention.rows; ++i) {
    std::memcpy(queries.data() + i * dim, place(i, queries_), dim * sizeof(float));
    limits[i] = stretch.position + static_cast<std::uint32_t>((first + i) / group) + 1;
  }
  attention.queries = queries.data();
  attention.limits = limits.data();
  attention.dim = dim;
  attention.blocks = stretch.blocks;
  attention.keys = store_.keys(layer, head);
  attention.values = store_.values(layer, head);
  attention.block_stride = store_.block_stride();
  attention.out = out.data();
  kernels_.attend(attention);
  for (std::size_t i = 0; i < attention.rows; ++i) {
    std::memcpy(place(i, attended_), out.data() + i * padded(dim, 16), dim * sizeof(float));
  }
}

/// Moves the rows that are asked for to the front.
void Forward::keep(std::span<const std::uint32_t> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] != i) {
      std::memcpy(stream_.row(i), stream_.row(outputs[i]), shape_.width * sizeof(float));
      std::memcpy(attended_.row(i), attended_.row(outputs[i]),
                  std::size_t{shape_.heads} * shape_.head_dim * sizeof(float));
    }
  }
}

void Forward::feed_forward(const Layer& layer, std::size_t count) {
  fill(stream_, layer.feed_forward_norm, shape_.width, count, {&layer.gate, &layer.up});
  multiply({{&layer.gate, &gate_, false}, {&layer.up, &up_, false}}, count);
  pool_.run(count, [&](std::size_t row) {
    kernels_.swiglu(gate_.row(row), up_.row(row), shape_.feed_forward);
  });
  fill(gate_, {}, shape_.feed_forward, count, {&layer.down});
  multiply({{&layer.down, &stream_, true}}, count);
}

void Forward::compute_logits(std::size_t count) {
  fill(normed_, {}, shape_.width, count, {&weights_.head()});
  multiply({{&weights_.head(), &logits_, false}}, count);
}

}  // namespace engine::native
