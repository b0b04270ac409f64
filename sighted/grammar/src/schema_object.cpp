#include "schema_object.hpp"

#include <algorithm>
#include <utility>

namespace grammar {

namespace {

/// Keys are looked for in blocks, so that "one of the keys from here on" is few states at a time.
constexpr std::size_t block = 32;
constexpr std::size_t counted_states_max = 20'000;

}  // namespace

void ObjectEmitter::emit(const Shape& shape, StateId from, StateId to) {
  const ObjectShape& object = shape.object;
  gather(object);
  count(object);
  if (notes_.refused()) {
    return;
  }
  next_.assign(rows_, std::vector<StateId>(keys_.size() + 1));
  done_ = next_;
  for (auto* rows : {&next_, &done_}) {
    for (auto& row : *rows) {
      std::generate(row.begin(), row.end(), [&] { return builder_.state(); });
    }
  }
  const StateId start = builder_.state();
  builder_.bytes(from, '{', '{', start);
  builder_.epsilon(start, next_[0][0]);
  if (min_ == 0 && free_from_ == 0) {
    builder_.bytes(start, '}', '}', to);
  }
  for (std::size_t row = 0; row < rows_ && notes_.work(1); ++row) {
    if (!capped_ || row + 1 < rows_) {
      emit_row(row);
      emit_free(object, row, to);
    }
    const bool enough = rows_ == 1 || row >= min_;
    for (std::size_t at = std::max<std::size_t>(free_from_, 1); at <= keys_.size() && enough;
         ++at) {
      builder_.bytes(done_[row][at], '}', '}', to);
    }
  }
}

void ObjectEmitter::gather(const ObjectShape& object) {
  for (const PropertyShape& property : object.properties) {
    if (solution_.alive(property.place)) {
      if (property.required) {
        free_from_ = keys_.size() + 1;
      }
      keys_.push_back({json_text(property.name), rule_of_(property.place), property.required});
      notes_.work(property.name.size() / 2 + 4);
    }
  }
  free_ = std::any_of(object.free_keys.begin(), object.free_keys.end(),
                      [&](const FreeKeys& keys) { return solution_.alive(keys.place); });
}

/// Counts written properties only where minProperties or maxProperties ask for it.
void ObjectEmitter::count(const ObjectShape& object) {
  const auto required = static_cast<std::size_t>(
      std::count_if(keys_.begin(), keys_.end(), [](const Key& key) { return key.required; }));
  min_ = object.min > required ? object.min : 0;
  // Keys that are not named may repeat, so that only one of them is sure to be counted.
  const std::size_t sure = keys_.size() + (free_ ? 1 : 0);
  if (min_ > sure) {
    notes_.leave_out(object.min_from, Word::min_properties);
    min_ = static_cast<std::uint32_t>(sure);
  }
  capped_ = object.max < keys_.size() || (free_ && object.max != unbounded);
  const std::size_t counted = capped_ ? object.max : min_;
  if (!capped_ && min_ <= 1) {
    return;
  }
  rows_ = counted + 1;
  if (rows_ * (keys_.size() + 1) > counted_states_max) {
    const bool low = min_ > 1;
    if (low) {
      notes_.leave_out(object.min_from, Word::min_properties);
    }
    if (capped_) {
      notes_.leave_out(object.max_from, Word::max_properties);
    }
    min_ = std::min<std::uint32_t>(min_, 1);
    capped_ = false;
    rows_ = 1;
  }
}

void ObjectEmitter::emit_row(std::size_t row) {
  const std::size_t then = std::min(row + 1, rows_ - 1);
  std::vector<std::pair<std::string, StateId>> words;
  for (std::size_t at = 0; at < keys_.size() && notes_.work(keys_[at].text.size() + 40); ++at) {
    const StateId named = builder_.state();
    builder_.literal(next_[row][at], keys_[at].text, named);
    builder_.call(plain_.separated(named, ':'), keys_[at].value, done_[then][at + 1]);
    words.emplace_back(keys_[at].text, named);
  }
  for (std::size_t at = 1; at <= keys_.size(); ++at) {
    if ((at < keys_.size() || free_) && (!capped_ || then + 1 < rows_)) {
      builder_.epsilon(plain_.separated(done_[then][at], ','), next_[then][at]);
    }
  }
  if (rows_ == 1 && keys_.size() > 2 * block) {
    emit_blocks(words);
    return;
  }
  for (std::size_t at = 0; at < keys_.size(); ++at) {
    if (!keys_[at].required) {
      builder_.epsilon(next_[row][at], next_[row][at + 1]);
    }
  }
}

/// From key i: the rest of its block one by one, then each later block as a trie of its keys, up to
/// the next that is required.
void ObjectEmitter::emit_blocks(const std::vector<std::pair<std::string, StateId>>& words) {
  const std::size_t count = keys_.size();
  const std::size_t blocks = (count + block - 1) / block;
  std::vector<StateId> entries(blocks);
  std::generate(entries.begin(), entries.end(), [&] { return builder_.state(); });
  entries.push_back(next_[0][count]);
  for (std::size_t at = 0; at < count; ++at) {
    if (!keys_[at].required) {
      const bool last = at + 1 == count || (at + 1) % block == 0;
      builder_.epsilon(next_[0][at], last ? entries[at / block + 1] : next_[0][at + 1]);
    }
  }
  for (std::size_t number = 0; number < blocks; ++number) {
    std::vector<std::pair<std::string, StateId>> reached;
    bool open = true;
    for (std::size_t at = number * block; at < std::min(count, (number + 1) * block) && open;
         ++at) {
      reached.push_back(words[at]);
      open = !keys_[at].required;
      notes_.work(words[at].first.size() + 1);
    }
    emit_words(builder_, entries[number], std::move(reached));
    if (open) {
      builder_.epsilon(entries[number], entries[number + 1]);
    }
  }
}

void ObjectEmitter::emit_free(const ObjectShape& object, std::size_t row, StateId to) {
  if (!free_) {
    return;
  }
  const std::size_t missing = min_ > row && rows_ > 1 ? min_ - row : 0;
  if (missing > 1) {
    return;
  }
  if (!pair_) {
    pair_ = pair_rule(object);
    const RuleId more = builder_.rule();
    builder_.call(plain_.separated(builder_.begin(more), ','), *pair_, builder_.end(more));
    more_pairs_ = more;
  }
  const StateId first = builder_.state();
  const StateId end = builder_.state();
  builder_.call(next_[row].back(), *pair_, first);
  const auto left = capped_ ? static_cast<std::uint32_t>(object.max - row - 1) : unbounded;
  builder_.repeat(first, *more_pairs_, 0, left, end);
  builder_.bytes(end, '}', '}', to);
}

RuleId ObjectEmitter::pair_rule(const ObjectShape& object) {
  const RuleId rule = builder_.rule();
  const StateId inside = builder_.state();
  builder_.bytes(builder_.begin(rule), '"', '"', inside);
  for (const FreeKeys& keys : object.free_keys) {
    if (!solution_.alive(keys.place)) {
      continue;
    }
    const StateId quote = builder_.state();
    const StateId colon = builder_.state();
    builder_.call(inside, keys.leaf == any_leaf ? plain_.string_inside() : leaves_.rule(keys.leaf),
                  quote);
    builder_.bytes(quote, '"', '"', colon);
    builder_.call(plain_.separated(colon, ':'), rule_of_(keys.place), builder_.end(rule));
  }
  return rule;
}

}  // namespace grammar
