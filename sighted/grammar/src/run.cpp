#include "run.hpp"

#include <algorithm>
#include <utility>

namespace grammar {
namespace {

/// What a step costs beside a look into a row, in operations.
constexpr std::uint64_t visit_work = 6;
constexpr std::uint64_t compute_work = 12;
constexpr std::uint64_t moves_per_work = 4;
constexpr std::uint64_t classes_per_work = 8;

constexpr std::uint32_t configs_limit = 4096;
constexpr std::uint32_t seen_limit = 16'384;
constexpr std::size_t stacks_limit = 400'000;
/// Beyond this, what was remembered of sets and stacks is forgotten.
constexpr std::size_t bytes_limit = 3 * 1024 * 1024;

}  // namespace

Matcher::Run::Run(GrammarPtr grammar)
    : grammar_(std::move(grammar)), tables_(&grammar_->tables()), sets_(tables_->classes) {
  begin_closure();
  visit(tables_->start, 0);
  Work work{4 * token_work};
  // A grammar whose beginning alone is too much begins dead, and says so at the first token.
  here_ = close(work) ? finish_closure() : Sets::unknown;
  if (here_ == Sets::unknown) {
    here_ = Sets::dead;
    over_ = true;
  }
}

bool Matcher::Run::pay(std::uint64_t operations, Work& work) const {
  if (work.left < operations) {
    work.left = 0;
    return false;
  }
  work.left -= operations;
  return true;
}

std::optional<std::uint32_t> Matcher::Run::step(std::uint32_t set, std::uint8_t byte, Work& work) {
  if (!pay(1, work)) {
    return std::nullopt;
  }
  const std::uint32_t byte_class = tables_->class_of[byte];
  std::uint32_t next = sets_.next(set, byte_class);
  if (next == Sets::unknown) {
    const auto computed = compute(set, byte, work);
    if (!computed) {
      return std::nullopt;
    }
    next = *computed;
    if (sets_.remember(set, byte_class, next) && !pay(tables_->classes / classes_per_work, work)) {
      return std::nullopt;
    }
  }
  return next;
}

std::optional<std::uint32_t> Matcher::Run::walk(std::string_view bytes, Work& work) {
  std::uint32_t set = here_;
  for (const char byte : bytes) {
    const auto next = step(set, static_cast<std::uint8_t>(byte), work);
    if (!next || *next == Sets::dead) {
      return next;
    }
    set = *next;
  }
  return set;
}

Verdict Matcher::Run::allows(std::string_view bytes, Work& work) {
  if (over_) {
    return Verdict::too_costly;
  }
  const auto set = walk(bytes, work);
  trim();
  if (!set) {
    return Verdict::too_costly;
  }
  return *set == Sets::dead ? Verdict::no : Verdict::yes;
}

Verdict Matcher::Run::accept(std::string_view bytes, Work& work) {
  if (over_) {
    return Verdict::too_costly;
  }
  const auto set = walk(bytes, work);
  const bool fits = set && *set != Sets::dead;
  if (fits) {
    here_ = *set;
  }
  trim();
  return fits ? Verdict::yes : set ? Verdict::no : Verdict::too_costly;
}

std::size_t Matcher::Run::bytes() const {
  return sizeof(Run) + stacks_.bytes() + sets_.bytes() + seen_.capacity() * sizeof(Seen) +
         (open_.capacity() + found_.capacity()) * sizeof(Config) + last_mask_.capacity() / 8;
}

void Matcher::Run::trim() {
  if (stacks_.bytes() + sets_.bytes() > std::max(bytes_limit, 2 * kept_bytes_)) {
    forget();
  }
}

/// Keeps the set where the run stands, and the stacks of that.
void Matcher::Run::forget() {
  const auto configs = sets_.configs(here_);
  std::vector<bool> kept(stacks_.size());
  for (const Config& config : configs) {
    for (std::uint32_t stack = config.stack; !kept[stack]; stack = stacks_[stack].parent) {
      kept[stack] = true;
    }
  }
  Stacks stacks;
  std::vector<std::uint32_t> renamed(stacks_.size());
  for (std::uint32_t stack = 1; stack < stacks_.size(); ++stack) {
    if (kept[stack]) {
      Stack copy = stacks_[stack];
      copy.parent = renamed[copy.parent];
      renamed[stack] = stacks.intern(copy);
    }
  }
  found_.clear();
  for (const Config& config : configs) {
    found_.push_back({config.state, renamed[config.stack]});
  }
  std::sort(found_.begin(), found_.end());
  Sets sets(tables_->classes);
  here_ = sets.intern(found_, sets_[here_].ends);
  sets_ = std::move(sets);
  stacks_ = std::move(stacks);
  masked_ = nullptr;
  kept_bytes_ = stacks_.bytes() + sets_.bytes();
}

const Frame* Matcher::Run::frame_of(std::uint32_t stack) const {
  return stack == 0 ? nullptr : &tables_->frames[stacks_[stack].frame];
}

/// Whether a counted rule's state can come to an end with this value.
bool Matcher::Run::alive(const Frame& frame, std::uint32_t state, std::uint32_t value) const {
  if (!is_counted(frame.kind) || value >= held_value) {
    return true;
  }
  const Counts& counts = tables_->counts[frame.counts];
  const std::uint32_t row = state - counts.first;
  if (counts.loose) {
    return frame.max == unbounded || std::uint64_t{value} + counts.least[row] <= frame.max;
  }
  if (value >= counts.values) {
    return false;
  }
  const std::size_t bit = std::size_t{row} * counts.values + value;
  return ((counts.alive[bit / 64] >> (bit % 64)) & 1) != 0;
}

bool Matcher::Run::passes(std::uint32_t multiplier, std::uint32_t stack) const {
  const Frame* const frame = frame_of(stack);
  return frame == nullptr || frame->kind != PlanFrame::Kind::remainder ||
         std::uint64_t{stacks_[stack].value} * multiplier % frame->max == 0;
}

void Matcher::Run::begin_closure() {
  ++round_;
  seen_count_ = 0;
  open_.clear();
  found_.clear();
  found_end_ = false;
  if (seen_.empty()) {
    seen_.resize(256);
  }
}

void Matcher::Run::visit(std::uint32_t state, std::uint32_t stack) {
  const Frame* const frame = frame_of(stack);
  if (frame != nullptr && !alive(*frame, state, stacks_[stack].value)) {
    return;
  }
  const Config config{state, stack};
  const auto slot = [&](const Config& wanted) {
    const std::uint64_t key = std::uint64_t{wanted.state} << 32 | wanted.stack;
    std::size_t at = (key * 0x9E3779B97F4A7C15U) >> 40 & (seen_.size() - 1);
    while (seen_[at].round == round_ && !(seen_[at].config == wanted)) {
      at = (at + 1) & (seen_.size() - 1);
    }
    return at;
  };
  std::size_t at = slot(config);
  if (seen_[at].round == round_) {
    return;
  }
  seen_[at] = {config, round_};
  open_.push_back(config);
  if (++seen_count_ * 2 > seen_.size()) {
    std::vector<Seen> old(seen_.size() * 2);
    old.swap(seen_);
    for (const Seen& each : old) {
      if (each.round == round_) {
        seen_[slot(each.config)] = each;
      }
    }
  }
}

bool Matcher::Run::close(Work& work) {
  while (!open_.empty()) {
    const Config config = open_.back();
    open_.pop_back();
    const std::uint32_t jumps =
        tables_->jumps_at[config.state + 1] - tables_->jumps_at[config.state];
    if (!pay(visit_work + jumps, work) || seen_count_ > seen_limit ||
        found_.size() > configs_limit || stacks_.size() > stacks_limit) {
      return false;
    }
    leave(config.state, config.stack);
  }
  return true;
}

/// All that is reached from a configuration without a byte.
void Matcher::Run::leave(std::uint32_t state, std::uint32_t stack) {
  if (tables_->moves_at[state] != tables_->moves_at[state + 1]) {
    found_.push_back({state, stack});
  }
  if (tables_->ends[state]) {
    end_rule(stack);
  }
  for (std::uint32_t i = tables_->jumps_at[state]; i < tables_->jumps_at[state + 1]; ++i) {
    const Jump& jump = tables_->jumps[i];
    switch (jump.kind) {
      case Jump::Kind::plain: visit(jump.to, stack); break;
      case Jump::Kind::guard:
        if (passes(jump.what, stack)) {
          visit(jump.to, stack);
        }
        break;
      case Jump::Kind::push: visit(jump.to, stacks_.intern({stack, jump.what, 0})); break;
    }
  }
}

void Matcher::Run::end_rule(std::uint32_t stack) {
  const Frame* const frame = frame_of(stack);
  if (frame == nullptr) {
    found_end_ = true;
    return;
  }
  const Stack top = stacks_[stack];
  switch (frame->kind) {
    case PlanFrame::Kind::call:
    case PlanFrame::Kind::remainder: visit(frame->back, top.parent); break;
    case PlanFrame::Kind::length:
      if (top.value >= frame->min && top.value != held_value) {
        visit(frame->back, top.parent);
      }
      break;
    case PlanFrame::Kind::repeat: {
      const bool moved = top.value < held_value;
      std::uint32_t passes = moved ? top.value + 1 : top.value;
      if (passes >= frame->min && passes != held_value) {
        visit(frame->back, top.parent);
      }
      if (moved && frame->max == unbounded) {
        passes = std::min(passes, frame->min);
      }
      if (!moved || frame->max == unbounded || passes < frame->max) {
        visit(frame->begin, stacks_.intern({top.parent, top.frame, passes}));
      }
      break;
    }
  }
}

void Matcher::Run::move(const Move& move, std::uint8_t byte, std::uint32_t stack) {
  const Frame* const frame = frame_of(stack);
  Stack top = stacks_[stack];
  if (frame == nullptr || move.effect == Effect::none || top.value >= held_value) {
    visit(move.to, stack);
  } else if (move.effect == Effect::counts_one && frame->kind == PlanFrame::Kind::length) {
    if (frame->max == unbounded) {
      top.value = std::min(top.value + 1, frame->min);
    } else if (++top.value > frame->max) {
      return;
    }
    visit(move.to, stacks_.intern(top));
  } else if (move.effect == Effect::digit && frame->kind == PlanFrame::Kind::remainder) {
    top.value =
        static_cast<std::uint32_t>((std::uint64_t{top.value} * 10 + byte - '0') % frame->max);
    visit(move.to, stacks_.intern(top));
  } else {
    visit(move.to, stack);
  }
}

std::optional<std::uint32_t> Matcher::Run::compute(std::uint32_t set, std::uint8_t byte,
                                                   Work& work) {
  begin_closure();
  const std::uint32_t size = sets_[set].size;
  for (std::uint32_t i = 0; i < size; ++i) {
    const Config config = sets_.configs(set)[i];
    const std::uint32_t first = tables_->moves_at[config.state];
    const std::uint32_t last = tables_->moves_at[config.state + 1];
    std::uint32_t at = first;
    for (; at < last && tables_->moves[at].low <= byte; ++at) {
      if (tables_->moves[at].high >= byte) {
        move(tables_->moves[at], byte, config.stack);
      }
    }
    if (!pay(1 + (at - first) / moves_per_work, work)) {
      return std::nullopt;
    }
  }
  if (open_.empty()) {
    return Sets::dead;
  }
  if (!pay(compute_work, work) || !close(work)) {
    return std::nullopt;
  }
  return finish_closure();
}

std::uint32_t Matcher::Run::finish_closure() {
  drop_dominated();
  std::sort(found_.begin(), found_.end());
  return sets_.intern(found_, found_end_);
}

/// Of places that differ in how often a thing was repeated alone, once that is often enough, those
/// with the least count can do all that the others can.
void Matcher::Run::drop_dominated() {
  if (found_.size() < 2) {
    return;
  }
  const auto before = [&](const Config& a, const Config& b) {
    if (a.state != b.state) {
      return a.state < b.state;
    }
    const Stack& x = stacks_[a.stack];
    const Stack& y = stacks_[b.stack];
    if (x.frame != y.frame) {
      return x.frame < y.frame;
    }
    return x.parent != y.parent ? x.parent < y.parent : x.value < y.value;
  };
  std::sort(found_.begin(), found_.end(), before);
  const auto dominates = [&](const Config& a, const Config& b) {
    if (a.state != b.state || a.stack == 0 || b.stack == 0) {
      return false;
    }
    const Stack& x = stacks_[a.stack];
    const Stack& y = stacks_[b.stack];
    const Frame& frame = tables_->frames[x.frame];
    return x.frame == y.frame && x.parent == y.parent && x.value >= frame.min &&
           x.value < held_value &&
           (frame.kind == PlanFrame::Kind::repeat || frame.kind == PlanFrame::Kind::length);
  };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    if (kept == 0 || !dominates(found_[kept - 1], found_[i])) {
      found_[kept++] = found_[i];
    }
  }
  found_.resize(kept);
}

}  // namespace grammar
