// Masks where a count decides how much may follow, as in a string of at most 20 characters: a piece
// of plain characters fits where it has no more of them than are left, and only the others need be
// tried.
#include <algorithm>
#include <array>

#include "run.hpp"

namespace grammar {
namespace {

void set_bit(std::array<std::uint64_t, 2>& bits, std::size_t byte) {
  bits[byte / 64] |= std::uint64_t{1} << (byte % 64);
}

bool is_special(std::uint32_t lead) {
  return lead == 0xE0 || lead == 0xED || lead == 0xF0 || lead == 0xF4;
}

}  // namespace

/// The stack whose count is bounded above and met below: the one such stack of the set, on which
/// alone its places stand that count. 0 where there is none, or more than one.
std::uint32_t Matcher::Run::counting_stack(std::uint32_t set) const {
  std::uint32_t counting = 0;
  for (const Config& config : sets_.configs(set)) {
    const Frame* const frame = frame_of(config.stack);
    const std::uint32_t value = stacks_[config.stack].value;
    if (frame == nullptr || value >= held_value || frame->kind == PlanFrame::Kind::call ||
        (frame->max == unbounded && value >= frame->min)) {
      continue;
    }
    const bool length = frame->kind == PlanFrame::Kind::length;
    if (frame->kind == PlanFrame::Kind::remainder || frame->max == unbounded ||
        value < frame->min || (counting != 0 && counting != config.stack)) {
      return 0;
    }
    const Counts* const counts = length ? &tables_->counts[frame->counts] : nullptr;
    if (length && (!counts->loose || counts->least[config.state - counts->first] != 0)) {
      return 0;
    }
    counting = config.stack;
  }
  return counting;
}

/// The set with another value of that stack; without all places on it, where that is not given.
std::uint32_t Matcher::Run::with_value(std::uint32_t set, std::uint32_t stack,
                                       std::optional<std::uint32_t> value) {
  Stack other = stacks_[stack];
  other.value = value.value_or(0);
  const std::uint32_t instead = value ? stacks_.intern(other) : 0;
  found_.clear();
  for (const Config& config : sets_.configs(set)) {
    if (config.stack != stack) {
      found_.push_back(config);
    } else if (value) {
      found_.push_back({config.state, instead});
    }
  }
  std::sort(found_.begin(), found_.end());
  return sets_.intern(found_, sets_[set].ends);
}

/// Steps all that are followed at once. Nothing where the work did not suffice.
std::optional<Matcher::Run::Followed> Matcher::Run::follow(const Followed& from, std::uint8_t byte,
                                                           Work& work) {
  const auto free = step(from.free, byte, work);
  const auto counted = step(from.counted, byte, work);
  const auto others = step(from.others, byte, work);
  if (!free || !counted || !others) {
    return std::nullopt;
  }
  return Followed{*free, *counted, *others};
}

/// Whether every character beyond ASCII leads from `from` to `to`.
std::optional<bool> Matcher::Run::characters_lead(const Followed& from, const Followed& to,
                                                  Work& work) {
  struct Open {
    Followed at;
    int follow;
    std::uint32_t low;
    std::uint32_t high;
    bool operator==(const Open&) const = default;
  };
  std::vector<Open> open{{from, 1, 0xC2, 0xDF}, {from, 2, 0xE0, 0xEF}, {from, 3, 0xF0, 0xF4}};
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Open now = open[i];
    for (std::uint32_t byte = now.low; byte <= now.high; ++byte) {
      if (byte > now.low && !is_special(byte) && !is_special(byte - 1) &&
          tables_->class_of[byte] == tables_->class_of[byte - 1]) {
        continue;
      }
      const auto next = follow(now.at, static_cast<std::uint8_t>(byte), work);
      if (!next || !pay(1 + open.size() / 4, work)) {
        return std::nullopt;
      }
      const bool last = now.follow == 0;
      if (next->others != Sets::dead || next->free == Sets::dead || (last && !(*next == to))) {
        return false;
      }
      const Open found{*next, now.follow - 1,
                       byte == 0xE0   ? 0xA0U
                       : byte == 0xF0 ? 0x90U
                                      : 0x80U,
                       byte == 0xED   ? 0x9FU
                       : byte == 0xF4 ? 0x8FU
                                      : 0xBFU};
      if (!last && std::find(open.begin(), open.end(), found) == open.end()) {
        open.push_back(found);
      }
    }
  }
  return true;
}

/// The bytes of which each character counts one and changes nothing else, found out at any value
/// that has two more to come. What is found holds for all values: counts are compared with their
/// bounds alone. Places that do not count must not take such a byte.
std::optional<Loop> Matcher::Run::counted_bytes(std::uint32_t set, std::uint32_t stack,
                                                Work& work) {
  Loop loop;
  const Frame& frame = *frame_of(stack);
  if (frame.max < frame.min + 2) {
    return loop;
  }
  const std::uint32_t value = std::min(stacks_[stack].value, frame.max - 2);
  const std::uint32_t free = with_value(set, stack, free_value);
  const std::uint32_t others = with_value(set, stack, std::nullopt);
  const Followed from{free, with_value(set, stack, value), others};
  const Followed to{free, with_value(set, stack, value + 1), Sets::dead};
  for (std::size_t byte = 0; byte < 0x80; ++byte) {
    if (byte > 0 && tables_->class_of[byte] == tables_->class_of[byte - 1]) {
      if (((loop.ascii[(byte - 1) / 64] >> ((byte - 1) % 64)) & 1) != 0) {
        set_bit(loop.ascii, byte);
      }
      continue;
    }
    const auto next = follow(from, static_cast<std::uint8_t>(byte), work);
    if (!next) {
      return std::nullopt;
    }
    if (*next == to) {
      set_bit(loop.ascii, byte);
    }
  }
  if ((loop.ascii[0] | loop.ascii[1]) != 0) {
    const auto multibyte = characters_lead(from, to, work);
    if (!multibyte) {
      return std::nullopt;
    }
    loop.multibyte = *multibyte;
  }
  return loop;
}

/// Where one count decides: the bytes of plain characters, and how many may come.
std::optional<Matcher::Run::Countdown> Matcher::Run::find_countdown(std::uint32_t set, Work& work) {
  Countdown countdown;
  const std::uint32_t stack = counting_stack(set);
  if (!pay(1 + sets_[set].size, work)) {
    return std::nullopt;
  }
  if (stack == 0) {
    return countdown;
  }
  const std::uint32_t free = with_value(set, stack, free_value);
  if (!sets_[free].counted.known) {
    const auto found = counted_bytes(set, stack, work);
    if (!found) {
      return std::nullopt;
    }
    sets_[free].counted = *found;
    sets_[free].counted.known = true;
  }
  countdown.bytes = sets_[free].counted;
  countdown.left = frame_of(stack)->max - stacks_[stack].value;
  return countdown;
}

/// Allows the tokens of at most `left` characters of those that are all plain. Says whether there
/// are any.
std::optional<bool> Matcher::Run::allow_short(const VocabularyTrie::Rest& rest, std::uint32_t left,
                                              std::vector<bool>& allowed, Work& work) const {
  const auto longest = static_cast<std::uint32_t>(rest.by_length_at.size() - 2);
  const std::size_t fitting = rest.by_length_at[std::min(left, longest) + 1];
  const std::size_t all = rest.by_length.size();
  const bool few = fitting < all - fitting;
  if (!pay((few ? fitting : all - fitting) / 4, work)) {
    return std::nullopt;
  }
  if (few) {
    allowed.assign(rest.covered.size(), false);
  } else {
    allowed = rest.covered;
  }
  for (std::size_t i = few ? 0 : fitting; i < (few ? fitting : all); ++i) {
    allowed[static_cast<std::size_t>(rest.by_length[i])] = few;
  }
  return fitting > 0;
}

}  // namespace grammar
