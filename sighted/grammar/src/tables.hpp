// What a Matcher runs on. No call in it can match nothing, nothing pushes without end before a
// byte, and every state can come to an end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <grammar/builder.hpp>

#include "plan.hpp"

namespace grammar {

struct Move {
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  Effect effect = Effect::none;
  std::uint32_t to = 0;
};

struct Jump {
  enum class Kind : std::uint8_t { plain, guard, push };
  Kind kind = Kind::plain;
  std::uint32_t to = 0;    ///< For a push: the body's begin.
  std::uint32_t what = 0;  ///< The frame's number, or the guard's multiplier.
};

/// Which states of a counted rule can still come to an end with which count.
struct Counts {
  std::uint32_t first = 0;           ///< The states are first .. first + least.size() - 1.
  std::vector<std::uint32_t> least;  ///< How many counts at least lead to the end.
  std::uint32_t slack = 0;           ///< The highest of `least`.
  bool loose = false;                ///< Any number of counts from `least` on leads to the end.
  std::uint32_t values = 0;          ///< Otherwise: counts 0 .. values - 1 are told apart,
  std::vector<std::uint64_t> alive;  ///< one bit each, state by state.
};

struct Frame {
  PlanFrame::Kind kind = PlanFrame::Kind::call;
  std::uint32_t begin = 0;
  std::uint32_t back = 0;  ///< Where the run goes on afterwards.
  std::uint32_t min = 0;   ///< A repeat's is at least 1: that it may be left out is a jump.
  std::uint32_t max = 0;
  std::uint32_t counts = 0;  ///< The number of its Counts.
};

struct Tables {
  std::uint32_t start = 0;
  std::vector<std::uint32_t> moves_at;  ///< Those of state s: moves_at[s] .. moves_at[s + 1].
  std::vector<Move> moves;              ///< Of one state by their low bytes.
  std::vector<std::uint32_t> jumps_at;
  std::vector<Jump> jumps;
  std::vector<bool> ends;  ///< Where a rule ends.
  std::vector<Frame> frames;
  std::vector<Counts> counts;
  std::array<std::uint8_t, 256> class_of{};  ///< Bytes of one class are never told apart.
  std::uint32_t classes = 1;
};

}  // namespace grammar
