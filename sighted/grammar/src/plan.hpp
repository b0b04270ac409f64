// What a Builder collects: rules, states and edges as they were given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <grammar/builder.hpp>

namespace grammar {

struct PlanEdge {
  enum class Kind : std::uint8_t { bytes, epsilon, frame, guard };
  Kind kind = Kind::epsilon;
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  Effect effect = Effect::none;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t target = 0;  ///< The frame's number, or the guard's multiplier.
};

struct PlanFrame {
  enum class Kind : std::uint8_t { call, repeat, length, remainder };
  Kind kind = Kind::call;
  std::uint32_t rule = 0;
  std::uint32_t min = 1;
  std::uint32_t max = 1;  ///< A remainder's modulus.
};

/// Frames whose value each byte may change; their rules are flat.
inline bool is_counted(PlanFrame::Kind kind) {
  return kind == PlanFrame::Kind::length || kind == PlanFrame::Kind::remainder;
}

struct PlanRule {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Plan {
  std::vector<PlanRule> rules;
  std::vector<PlanEdge> edges;
  std::vector<PlanFrame> frames;
  std::uint32_t states = 0;
  std::uint32_t root = 0;
  const char* over = nullptr;  ///< The bound that was passed, if any.
  std::uint64_t over_limit = 0;
};

constexpr std::uint32_t edges_limit = 400'000;
constexpr std::uint32_t states_limit = 300'000;
constexpr std::uint32_t rules_limit = 100'000;
constexpr std::uint32_t modulus_limit = 1'000'000;

/// Where things with a number are listed by another number: those of n are at[n] .. at[n + 1].
struct Index {
  std::vector<std::uint32_t> at;
  std::vector<std::uint32_t> items;

  template <class Key>
  Index(std::size_t keys, std::size_t count, const Key& key_of) : at(keys + 2) {
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto key = key_of(i); key < keys) {
        ++at[key + 2];
      }
    }
    for (std::size_t key = 2; key < at.size(); ++key) {
      at[key] += at[key - 1];
    }
    items.resize(at.back());
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto key = key_of(i); key < keys) {
        items[at[key + 1]++] = static_cast<std::uint32_t>(i);
      }
    }
    at.pop_back();
  }

  struct Some {
    const std::uint32_t* first;
    const std::uint32_t* last;
    [[nodiscard]] const std::uint32_t* begin() const { return first; }
    [[nodiscard]] const std::uint32_t* end() const { return last; }
  };
  [[nodiscard]] Some of(std::size_t key) const {
    return {items.data() + at[key], items.data() + at[key + 1]};
  }
};

}  // namespace grammar
