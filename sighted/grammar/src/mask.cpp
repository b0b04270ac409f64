// Which pieces of a vocabulary may come next: the trie and the run walked side by side. Two things
// keep that short where much is allowed. A set that loops (as inside of a string) takes all pieces
// below a node at once, where they are made of bytes it loops by. A count that is far from its
// bounds is taken for one without bounds, so that such a set is one that loops.
#include <algorithm>
#include <array>

#include "run.hpp"

namespace grammar {
namespace {

/// Nodes below which it pays to look for a loop.
constexpr std::uint32_t loop_nodes_min = 48;
constexpr std::uint64_t tokens_per_work = 4;
/// Vocabularies for which it pays to remember what loops take.
constexpr std::size_t rest_nodes_min = 1000;

bool has(const std::array<std::uint64_t, 2>& bits, std::uint8_t byte) {
  return ((bits[byte / 64] >> (byte % 64)) & 1) != 0;
}

bool any_bytes(const Loop& loop) {
  return (loop.ascii[0] | loop.ascii[1]) != 0;
}

bool covers(const Loop& loop, const VocabularyTrie::Node& node,
            const VocabularyTrie::Below& below) {
  return node.text_below && (below.ascii[0] & ~loop.ascii[0]) == 0 &&
         (below.ascii[1] & ~loop.ascii[1]) == 0 && (!below.multibyte || loop.multibyte);
}

}  // namespace

Verdict Matcher::Run::mask(const VocabularyTrie& trie, std::vector<bool>& allowed, Work& work) {
  if (over_) {
    return Verdict::too_costly;
  }
  std::uint16_t depth = 0;
  const auto nodes = trie.nodes();
  for (std::size_t i = 0; i < nodes.size(); i = nodes[i].end) {
    depth = std::max<std::uint16_t>(depth, nodes[i].depth_below);
  }
  const auto set = relax(here_, depth + 1U, work);
  if (!set) {
    return Verdict::too_costly;
  }
  if (masked_ != &trie || masked_set_ != *set || last_mask_.size() != trie.size()) {
    masked_ = nullptr;
    const auto any = fill_mask(trie, *set, last_mask_, work);
    if (any && *any) {
      masked_ = &trie;
      masked_set_ = *set;
    }
    allowed = last_mask_;
    trim();
    return !any ? Verdict::too_costly : *any ? Verdict::yes : Verdict::no;
  }
  allowed = last_mask_;
  return Verdict::yes;
}

/// Where the set itself loops, most of the vocabulary may be known already.
std::optional<bool> Matcher::Run::fill_mask(const VocabularyTrie& trie, std::uint32_t set,
                                            std::vector<bool>& allowed, Work& work) {
  std::shared_ptr<const VocabularyTrie::Rest> rest;
  std::uint32_t left = unbounded;
  if (trie.nodes().size() >= rest_nodes_min) {
    if (!find_loop(set, work)) {
      return std::nullopt;
    }
    Loop loop = sets_[set].loop;
    if (!any_bytes(loop)) {
      const auto countdown = find_countdown(set, work);
      if (!countdown) {
        return std::nullopt;
      }
      loop = countdown->bytes;
      left = countdown->left;
    }
    if (any_bytes(loop) && left > 0) {
      rest = trie.rest({loop.ascii, loop.multibyte});
    }
  }
  if (!rest) {
    allowed.assign(trie.size(), false);
    return walk_trie(trie, set, allowed, work);
  }
  const auto some = allow_short(*rest, left, allowed, work);
  if (!some) {
    return std::nullopt;
  }
  const auto others = walk_trie(rest->others, set, allowed, work);
  return others ? std::optional<bool>(*some || *others) : std::nullopt;
}

std::optional<bool> Matcher::Run::walk_trie(const VocabularyTrie& trie, std::uint32_t set,
                                            std::vector<bool>& allowed, Work& work) {
  struct Level {
    std::uint32_t end;
    std::uint32_t set;
  };
  const auto nodes = trie.nodes();
  const auto tokens = trie.tokens();
  std::vector<Level> path{{static_cast<std::uint32_t>(nodes.size()), set}};
  bool any = false;
  const auto allow = [&](std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t i = first; i < last; ++i) {
      allowed[static_cast<std::size_t>(tokens[i])] = true;
    }
    any = any || first < last;
    return pay((last - first) / tokens_per_work, work);
  };
  for (std::uint32_t i = 0; i < nodes.size();) {
    while (path.back().end <= i) {
      path.pop_back();
    }
    const VocabularyTrie::Node& node = nodes[i];
    auto next = step(path.back().set, node.byte, work);
    if (!next) {
      return std::nullopt;
    }
    if (*next == Sets::dead) {
      i = node.end;
      continue;
    }
    const std::uint32_t below = node.end - i - 1;
    if (below >= loop_nodes_min) {
      next = relax(*next, node.depth_below, work);
      if (!next || !find_loop(*next, work)) {
        return std::nullopt;
      }
    } else if (sets_[*next].relaxed != 0 && sets_[*next].relaxed_reach >= node.depth_below) {
      next = sets_[*next].relaxed;  // Known already.
    }
    const bool whole =
        below == 0 || (sets_[*next].loop.known && covers(sets_[*next].loop, node, trie.below(i)));
    if (!allow(node.tokens, whole ? node.below_end : node.tokens_end)) {
      return std::nullopt;
    }
    if (!whole) {
      path.push_back({node.end, *next});
    }
    i = whole ? node.end : i + 1;
  }
  return any;
}

/// How many bytes a count is away from where it makes a difference; 0 where the next byte may
/// matter, and where no further byte will.
std::uint32_t Matcher::Run::reach(const Frame& frame, std::uint32_t value) const {
  if (value >= held_value) {
    return 0;
  }
  std::uint32_t most = 0;  // The highest count from which all is still well.
  if (frame.kind == PlanFrame::Kind::repeat) {
    most = frame.max == unbounded ? unbounded : frame.max - 1;
  } else if (frame.kind == PlanFrame::Kind::length && tables_->counts[frame.counts].loose) {
    const std::uint32_t slack = tables_->counts[frame.counts].slack;
    most = frame.max == unbounded ? unbounded : frame.max - std::min(frame.max, slack);
  } else {
    return 0;
  }
  if (value < frame.min) {
    most = std::min(most, frame.min - 1);
  } else if (frame.max == unbounded) {
    return 0;
  }
  return most > value ? most - value : 0;
}

/// The set with the counts that are farther than `depth` bytes from their bounds taken out.
std::optional<std::uint32_t> Matcher::Run::relax(std::uint32_t set, std::uint32_t depth,
                                                 Work& work) {
  const std::uint32_t size = sets_[set].size;
  if (sets_[set].relaxed == 0) {
    if (!pay(1 + size, work)) {
      return std::nullopt;
    }
    std::uint32_t nearest = unbounded;
    bool counts = false;
    found_.assign(sets_.configs(set).begin(), sets_.configs(set).end());
    for (Config& config : found_) {
      Stack top = stacks_[config.stack];
      const Frame* const frame = frame_of(config.stack);
      const std::uint32_t bytes = frame == nullptr ? 0 : reach(*frame, top.value);
      counts = counts || bytes > 0;
      if (bytes < std::max(depth, 1U)) {
        continue;
      }
      nearest = std::min(nearest, bytes);
      top.value = top.value < frame->min ? held_value : free_value;
      config.stack = stacks_.intern(top);
    }
    if (nearest == unbounded && counts) {
      return set;  // Nothing is far away for this distance; for a shorter one, something may be.
    }
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    const std::uint32_t relaxed = sets_.intern(found_, sets_[set].ends);
    sets_[set].relaxed = relaxed;
    sets_[set].relaxed_reach = nearest;
  }
  return sets_[set].relaxed_reach >= depth ? sets_[set].relaxed : set;
}

/// Whether all of `other`'s configurations are in `set`.
bool Matcher::Run::holds(std::uint32_t set, std::uint32_t other) const {
  const auto all = sets_.configs(set);
  const auto some = sets_.configs(other);
  return set == other || std::includes(all.begin(), all.end(), some.begin(), some.end());
}

/// Whether it is worth to look at all bytes: a set whose next byte counts does not loop, and one
/// that loops by none of the commonest bytes hardly does by others.
std::optional<bool> Matcher::Run::may_loop(std::uint32_t set, Work& work) {
  for (const Config& config : sets_.configs(set)) {
    const Frame* const frame = frame_of(config.stack);
    if (frame != nullptr && frame->kind == PlanFrame::Kind::length && frame->max != unbounded &&
        stacks_[config.stack].value < held_value) {
      return false;
    }
  }
  for (const char probe : {'e', ' ', '0', 'A', 'a'}) {
    const auto next = step(set, static_cast<std::uint8_t>(probe), work);
    if (!next) {
      return std::nullopt;
    }
    if (*next != Sets::dead && holds(*next, set)) {
      return true;
    }
  }
  return false;
}

/// Finds out by which bytes a set leads to itself. False where the work did not suffice.
bool Matcher::Run::find_loop(std::uint32_t set, Work& work) {
  if (sets_[set].loop.known) {
    return true;
  }
  const auto worth = may_loop(set, work);
  if (!worth) {
    return false;
  }
  Loop loop;
  for (std::size_t byte = 0; *worth && byte < 0x80; ++byte) {
    if (byte > 0 && tables_->class_of[byte] == tables_->class_of[byte - 1]) {
      const bool same = has(loop.ascii, static_cast<std::uint8_t>(byte - 1));
      loop.ascii[byte / 64] |= std::uint64_t{same} << (byte % 64);
      continue;
    }
    const auto next = step(set, static_cast<std::uint8_t>(byte), work);
    if (!next || !pay(sets_[*next].size / 8, work)) {
      return false;
    }
    loop.ascii[byte / 64] |= std::uint64_t{*next != Sets::dead && holds(*next, set)} << (byte % 64);
  }
  if (any_bytes(loop)) {
    const auto multibyte = loops_by_characters(set, work);
    if (!multibyte) {
      return false;
    }
    loop.multibyte = *multibyte;
  }
  loop.known = true;
  sets_[set].loop = loop;
  return true;
}

/// Whether every character beyond ASCII leads from the set to itself.
std::optional<bool> Matcher::Run::loops_by_characters(std::uint32_t set, Work& work) {
  struct Open {
    std::uint32_t set;
    int follow;
    std::uint32_t low;
    std::uint32_t high;
    bool operator==(const Open&) const = default;
  };
  // Sets are few where bytes and their classes are many: each is looked at once.
  std::vector<Open> open{{set, 1, 0xC2, 0xDF}, {set, 2, 0xE0, 0xEF}, {set, 3, 0xF0, 0xF4}};
  for (std::size_t at = 0; at < open.size(); ++at) {
    const Open from = open[at];
    std::uint32_t before = 256;
    for (std::uint32_t byte = from.low; byte <= from.high; ++byte) {
      const bool special = byte == 0xE0 || byte == 0xED || byte == 0xF0 || byte == 0xF4;
      if (before != 256 && !special && tables_->class_of[byte] == tables_->class_of[before]) {
        continue;
      }
      before = special ? 256 : byte;
      const auto next = step(from.set, static_cast<std::uint8_t>(byte), work);
      if (!next) {
        return std::nullopt;
      }
      if (*next == Sets::dead || (from.follow == 0 && !holds(*next, set))) {
        return false;
      }
      if (from.follow > 0) {
        const Open found{*next, from.follow - 1,
                         byte == 0xE0   ? 0xA0U
                         : byte == 0xF0 ? 0x90U
                                        : 0x80U,
                         byte == 0xED   ? 0x9FU
                         : byte == 0xF4 ? 0x8FU
                                        : 0xBFU};
        if (!pay(1 + open.size() / 8, work)) return std::nullopt;
        if (std::find(open.begin(), open.end(), found) == open.end()) open.push_back(found);
      }
    }
  }
  return true;
}

}  // namespace grammar
