// From the vectors of tokens to the vector of a text.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace engine::llama {

/// Adds up token vectors, chunk by chunk; or keeps the first or the last of them.
class Pooling {
 public:
  enum class Kind { mean, first, last };

  void start(Kind kind) {
    kind_ = kind;
    sum_.clear();
  }

  void add(const float* vector, std::size_t width) {
    if (sum_.empty() || kind_ == Kind::last) {
      sum_.assign(vector, vector + width);
    } else if (kind_ == Kind::mean) {
      for (std::size_t i = 0; i < width; ++i) {
        sum_[i] += static_cast<double>(vector[i]);
      }
    }
  }

  /// The vector, of length 1. (A mean need not be divided by its count first.)
  [[nodiscard]] std::vector<float> normalized() const {
    double squares = 0;
    for (const double value : sum_) {
      squares += value * value;
    }
    const double length = squares > 0 ? std::sqrt(squares) : 1.0;
    std::vector<float> vector;
    vector.reserve(sum_.size());
    for (const double value : sum_) {
      vector.push_back(static_cast<float>(value / length));
    }
    return vector;
  }

 private:
  Kind kind_ = Kind::mean;
  std::vector<double> sum_;
};

}  // namespace engine::llama
