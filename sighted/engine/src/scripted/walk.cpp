#include "walk.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace engine::scripted {
namespace {

/// Letters before the seed chooses.
constexpr std::uint64_t preferring_max = 400;

/// All bytes: what closes, letters and digits, what opens, the others.
std::array<char, 256> preferred() {
  constexpr std::string_view first = "\"}]0123456789xfntabcdeghijklmopqrsuvwyz";
  constexpr std::string_view last = "{[,:-+.\\ \t\r\n";
  std::array<char, 256> order{};
  std::array<bool, 256> taken{};
  std::size_t count = 0;
  const auto add = [&](char byte) {
    if (!std::exchange(taken[static_cast<unsigned char>(byte)], true)) {
      order[count++] = byte;
    }
  };
  for (const char byte : first) {
    add(byte);
  }
  for (int byte = 'A'; byte <= 'Z'; ++byte) {
    add(static_cast<char>(byte));
  }
  for (const char byte : last) {
    add(byte);
  }
  for (int byte = 0x20; byte < 0x120; ++byte) {
    add(static_cast<char>(byte));
  }
  return order;
}

constexpr std::uint64_t after(std::uint64_t seed) {
  return seed * 6364136223846793005ULL + 1442695040888963407ULL;
}

}  // namespace

Walk::Step Walk::next() {
  if (matcher_.may_end()) {
    return Step::end;
  }
  static const std::array<char, 256> order = preferred();
  std::size_t from = 0;
  if (written_ >= preferring_max) {
    seed_ = after(seed_);
    from = seed_ >> 56U;
  }
  grammar::Work work{grammar::token_work * 4};
  // An object or a list that may be empty is: a quotation mark would begin its first key.
  if (letter_ == '{' || letter_ == '[') {
    const char closing = letter_ == '{' ? '}' : ']';
    if (matcher_.accept({&closing, 1}, work) == grammar::Verdict::yes) {
      letter_ = closing;
      ++written_;
      return Step::letter;
    }
  }
  for (std::size_t tried = 0; tried < order.size(); ++tried) {
    letter_ = order[(from + tried) % order.size()];
    const grammar::Verdict verdict = matcher_.accept({&letter_, 1}, work);
    if (verdict == grammar::Verdict::yes) {
      ++written_;
      return Step::letter;
    }
    if (verdict == grammar::Verdict::too_costly) {
      break;
    }
  }
  return Step::too_costly;
}

}  // namespace engine::scripted
