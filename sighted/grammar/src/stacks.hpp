// The stacks of a run: frames within frames, equal ones kept once, so that equal stacks have equal
// numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace grammar {

/// The innermost frame of a stack, and the stack around it.
struct Stack {
  std::uint32_t parent = 0;
  std::uint32_t frame = 0;
  std::uint32_t value = 0;  ///< Passes, counts or remainder.

  friend bool operator==(const Stack&, const Stack&) = default;
};

/// Stack 0 is the empty one. A stack's number is higher than its parent's.
class Stacks {
 public:
  Stacks() : all_(1), slots_(256) {}

  [[nodiscard]] const Stack& operator[](std::uint32_t number) const { return all_[number]; }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return all_.capacity() * sizeof(Stack) + slots_.capacity() * sizeof(std::uint32_t);
  }

  std::uint32_t intern(const Stack& stack) {
    std::size_t at = hash(stack) & (slots_.size() - 1);
    while (slots_[at] != 0) {
      if (all_[slots_[at]] == stack) {
        return slots_[at];
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    const auto number = static_cast<std::uint32_t>(all_.size());
    all_.push_back(stack);
    slots_[at] = number;
    if (all_.size() * 2 > slots_.size()) {
      grow();
    }
    return number;
  }

 private:
  static std::size_t hash(const Stack& stack) {
    std::uint64_t mixed = (std::uint64_t{stack.parent} << 32 | stack.frame) * 0x9E3779B97F4A7C15U;
    mixed = (mixed ^ (mixed >> 29) ^ stack.value) * 0xBF58476D1CE4E5B9U;
    return mixed ^ (mixed >> 32);
  }

  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::uint32_t number = 1; number < all_.size(); ++number) {
      std::size_t at = hash(all_[number]) & (slots_.size() - 1);
      while (slots_[at] != 0) {
        at = (at + 1) & (slots_.size() - 1);
      }
      slots_[at] = number;
    }
  }

  std::vector<Stack> all_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace grammar
