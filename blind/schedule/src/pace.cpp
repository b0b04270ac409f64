#include <schedule/pace.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace schedule {
namespace {

constexpr int fraction_bits = 16;
constexpr std::int64_t one = std::int64_t{1} << fraction_bits;
constexpr std::int64_t gain = 4;         ///< A step corrects a quarter of its error.
constexpr std::int64_t remembered = 32;  ///< Steps over which misses are averaged, about.
/// No part is forgotten altogether, or it could never grow again.
constexpr std::uint64_t least_ps = 64;
// Bounds of the parts and of the whole, so that no product leaves 64 bits.
constexpr std::uint64_t step_most_ps = 10'000'000'000'000;
constexpr std::uint64_t token_most_ps = 1'000'000'000'000;
constexpr std::uint64_t read_most_ps = 100'000'000;
constexpr std::uint64_t position_most_ps = 1'000'000;
constexpr std::uint64_t whole_most_ps = 1'000'000'000'000'000'000;
constexpr std::uint64_t ps_per_ns = 1'000;

struct Part {
  std::uint64_t& each_ps;
  std::uint64_t count;
  std::uint64_t most_ps;
};

/// Moves a part by its share of a quarter of the error. `ratio` is the error in 65536ths of the
/// whole, between -1/2 and 1.
void correct(const Part& part, std::uint64_t whole_ps, std::int64_t ratio) {
  const std::uint64_t unit_ps = std::max<std::uint64_t>(whole_ps >> fraction_bits, 1);
  const auto share = std::min(static_cast<std::int64_t>(part.each_ps * part.count / unit_ps), one);
  const auto each_ps = static_cast<std::int64_t>(part.each_ps);
  const std::int64_t change = (each_ps * share / one) * ratio / one / gain;
  part.each_ps = std::clamp(static_cast<std::uint64_t>(std::max<std::int64_t>(each_ps + change, 0)),
                            least_ps, part.most_ps);
}

}  // namespace

void Shape::add_prompt(std::uint32_t resident, std::uint32_t tokens) {
  prompt += tokens;
  positions += std::uint64_t{resident} * tokens + std::uint64_t{tokens} * tokens / 2;
}

void Shape::add_decode(std::uint32_t resident) {
  ++decodes;
  read += std::uint64_t{resident} + 1;
}

std::uint64_t Pace::predict_ps(const Shape& shape) const {
  const std::uint64_t sum = step_ps_ + token_ps_ * shape.prompt + decode_ps_ * shape.decodes +
                            read_ps_ * shape.read + position_ps_ * shape.positions;
  return std::min(sum, whole_most_ps);
}

base::SpanNs Pace::predict(const Shape& shape) const {
  return {static_cast<std::int64_t>(predict_ps(shape) / ps_per_ns)};
}

void Pace::learn(const Shape& shape, base::SpanNs took) {
  if (took.value <= 0 || (shape.prompt == 0 && shape.decodes == 0)) {
    return;
  }
  const std::uint64_t guess = predict_ps(shape);
  const std::uint64_t took_ps =
      std::min(static_cast<std::uint64_t>(took.value), whole_most_ps / ps_per_ns) * ps_per_ns;
  // What took more than twice or less than half of what was expected counts as that.
  const std::uint64_t bounded = std::clamp(took_ps, guess / 2, guess * 2);
  const auto error = static_cast<std::int64_t>(bounded) - static_cast<std::int64_t>(guess);
  const std::int64_t ratio =
      error / static_cast<std::int64_t>(std::max<std::uint64_t>(guess >> fraction_bits, 1));
  miss_ += (std::abs(ratio) - miss_) / remembered;
  for (const Part& part :
       {Part{step_ps_, 1, step_most_ps}, Part{token_ps_, shape.prompt, token_most_ps},
        Part{decode_ps_, shape.decodes, token_most_ps}, Part{read_ps_, shape.read, read_most_ps},
        Part{position_ps_, shape.positions, position_most_ps}}) {
    correct(part, guess, ratio);
  }
}

std::uint32_t Pace::fit(const Shape& shape, std::uint32_t resident, base::SpanNs target) const {
  const std::uint64_t used = predict_ps(shape);
  const std::int64_t whole = std::max<std::int64_t>(target.value, 0);
  const std::int64_t margin = whole / (one + 2 * miss_) * 2 * miss_;
  const auto target_ps = static_cast<std::uint64_t>(whole - margin) * ps_per_ns;
  if (used >= target_ps) {
    return 0;
  }
  // n tokens cost n * token + position * (n * resident + n^2 / 2). A first n without the square
  // is too large; with half of that n in its place the second is too small, and near.
  const std::uint64_t left = target_ps - used;
  const std::uint64_t first = left / (token_ps_ + position_ps_ * resident);
  const std::uint64_t tokens = left / (token_ps_ + position_ps_ * (resident + (first + 1) / 2));
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(tokens, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace schedule
