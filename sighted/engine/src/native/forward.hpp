// A decoder of the llama family: one step of tokens through all layers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <content/tokens.hpp>

#include "activations.hpp"
#include "kv_store.hpp"
#include "pool.hpp"
#include "weights.hpp"

namespace engine::native {

/// Tokens of one lane in a step: rows `row` .. row + count - 1 at positions `position` .. .
struct Stretch {
  std::uint32_t row = 0;
  std::uint32_t count = 0;
  std::uint32_t position = 0;
  const std::uint32_t* blocks = nullptr;  ///< The lane's table, with room for these tokens.
};

class Forward {
 public:
  struct Limits {
    std::uint32_t step_tokens_max;
    std::uint32_t outputs_max;
    std::uint32_t threads;
  };

  /// All must outlive it.
  Forward(const Kernels& kernels, const Shape& shape, const Weights& weights, KvStore& store,
          Limits limits);

  /// Runs `tokens`, row by row, and leaves in hidden() the normed vectors of the rows named in
  /// `outputs` (ascending). Keys and values go to the store.
  void run(std::span<const content::TokenId> tokens, std::span<const Stretch> stretches,
           std::span<const std::uint32_t> outputs);
  [[nodiscard]] const float* hidden(std::size_t output) const { return normed_.row(output); }
  /// Logits for the first `count` of the last run's outputs; count <= outputs_max.
  void compute_logits(std::size_t count);
  [[nodiscard]] const float* logits(std::size_t output) const { return logits_.row(output); }

 private:
  struct Task;  // A tile of queries.

  void embed(std::span<const content::TokenId> tokens);
  void turn_table(std::span<const Stretch> stretches);
  void turn(float* head, std::size_t row) const;
  /// Fills the tiles from rows, normed by `norm` unless that is empty.
  void fill(const Rows& from, const std::vector<float>& norm, std::size_t columns,
            std::size_t count, std::initializer_list<const Matrix*> readers);
  struct Target {
    const Matrix* matrix;
    Rows* out;
    bool add;
  };
  void multiply(std::initializer_list<Target> targets, std::size_t count);
  void place_keys(const Layer& layer, std::size_t index, std::span<const Stretch> stretches);
  void finish_head_row(const Layer& layer, std::size_t row);
  void attend(std::size_t layer, std::span<const Stretch> stretches);
  void attend_tile(std::size_t layer, const Stretch& stretch, std::size_t head, std::size_t first);
  void keep(std::span<const std::uint32_t> outputs);
  void feed_forward(const Layer& layer, std::size_t count);

  const Kernels& kernels_;
  const Shape& shape_;
  const Weights& weights_;
  KvStore& store_;
  Pool pool_;
  Rows stream_;  ///< What runs through the layers.
  Rows normed_, queries_, keys_, values_, attended_, gate_, up_, logits_;
  Tiles tiles_;
  std::vector<float> frequencies_;      ///< By pair of a head's values.
  std::vector<float> cosines_, sines_;  ///< [row][pair]
  std::vector<std::uint32_t> places_;   ///< By row: which stretch it belongs to.
};

}  // namespace engine::native
