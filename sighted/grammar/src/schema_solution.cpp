#include "schema_solution.hpp"

#include <algorithm>

namespace grammar {

namespace {

constexpr std::uint64_t longest = 1'000'000'000'000;

std::uint64_t plus(std::uint64_t one, std::uint64_t other) {
  return one == Solution::never || other == Solution::never ? Solution::never
                                                            : std::min(one + other, longest);
}

std::uint64_t times(std::uint64_t one, std::uint64_t count) {
  if (one == Solution::never || count == 0) {
    return count == 0 ? 0 : Solution::never;
  }
  return one > longest / count ? longest : one * count;
}

}  // namespace

/// The least solution: a place that needs itself is never filled. Places were found from the root
/// down, so that going backwards takes few rounds.
Solution::Solution(const PlaceTable& table, SchemaNotes& notes, bool tuples_whole)
    : table_(table), tuples_whole_(tuples_whole), shortest_(table.size(), never) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t at = shortest_.size(); at-- > 0;) {
      const Shape& shape = table.at(static_cast<PlaceId>(at));
      const std::size_t parts =
          shape.alternatives.size() + shape.object.properties.size() + shape.array.prefix.size();
      if (!notes.work(parts / 4 + 1)) {
        return;
      }
      const std::uint64_t size = of(shape);
      if (size < shortest_[at]) {
        shortest_[at] = size;
        changed = true;
      }
    }
  }
}

std::uint64_t Solution::of(const Shape& shape) const {
  if (shape.anything) {
    return 1;
  }
  std::uint64_t size = never;
  if (shape.values) {
    for (const std::string& value : *shape.values) {
      size = std::min<std::uint64_t>(size, value.size());
    }
    return size;
  }
  if (shape.chosen) {
    for (const PlaceId place : shape.alternatives) {
      size = std::min(size, shortest_[place]);
    }
    return size;
  }
  const auto has = [&](std::uint8_t type) { return (shape.types & type) != 0; };
  if (has(type_null) || has(type_boolean)) {
    size = 4;
  }
  if (has(type_number)) {
    size = 1;
  }
  if (has(type_string)) {
    size = std::min<std::uint64_t>(size, std::uint64_t{2} + shape.string.min);
  }
  if (has(type_array)) {
    size = std::min(size, array(shape));
  }
  if (has(type_object)) {
    size = std::min(size, object(shape));
  }
  return size;
}

std::uint64_t Solution::array(const Shape& shape) const {
  const ArrayShape& array = shape.array;
  std::uint64_t size = 2;
  const std::uint32_t needed = tuples_whole_ ? array.min : array.needed;
  const std::size_t first = std::min<std::size_t>(needed, array.prefix.size());
  for (std::size_t at = 0; at < first; ++at) {
    size = plus(size, plus(shortest_[array.prefix[at]], 1));
  }
  if (needed > first) {
    const std::uint64_t rest = array.rest == no_place ? never : shortest_[array.rest];
    size = plus(size, times(plus(rest, 1), needed - first));
  }
  return size;
}

std::uint64_t Solution::object(const Shape& shape) const {
  std::uint64_t size = 2;
  std::size_t possible = 0;
  for (const PropertyShape& property : shape.object.properties) {
    possible += shortest_[property.place] == never ? 0 : 1;
    if (property.required) {
      size = plus(size, plus(shortest_[property.place], property.name.size() + 4));
    }
  }
  const bool more =
      std::any_of(shape.object.free_keys.begin(), shape.object.free_keys.end(),
                  [&](const FreeKeys& keys) { return shortest_[keys.place] != never; });
  const auto required = static_cast<std::size_t>(
      std::count_if(shape.object.properties.begin(), shape.object.properties.end(),
                    [](const PropertyShape& property) { return property.required; }));
  const bool too_few = !more && possible < shape.object.min;
  return too_few || required > shape.object.max ? never : size;
}

void loosen_tuples(PlaceTable& table, SchemaNotes& notes) {
  const Solution whole(table, notes, true);
  for (PlaceId place = 0; place < table.size(); ++place) {
    Shape& shape = table.at(place);
    if (shape.array.min > shape.array.needed && !whole.array_alive(shape)) {
      shape.array.min = shape.array.needed;
    }
  }
}

PlaceId Solution::culprit(const Shape& shape) const {
  if (shape.chosen) {
    return shape.alternatives.empty() ? no_place : shape.alternatives.front();
  }
  if ((shape.types & type_object) != 0) {
    for (const PropertyShape& property : shape.object.properties) {
      if (property.required && shortest_[property.place] == never) {
        return property.place;
      }
    }
  }
  if ((shape.types & type_array) != 0) {
    for (std::size_t at = 0; at < shape.array.prefix.size() && at < shape.array.needed; ++at) {
      if (shortest_[shape.array.prefix[at]] == never) {
        return shape.array.prefix[at];
      }
    }
    return shape.array.rest;
  }
  return no_place;
}

Refusal Solution::reason(const SchemaDocument& document) const {
  std::vector<bool> seen(table_.size(), false);
  PlaceId place = PlaceTable::root();
  while (true) {
    const Shape& shape = table_.at(place);
    if (shape.dead) {
      return *shape.dead;
    }
    if (seen[place]) {
      return unsatisfiable(document.path(shape.from), "$ref");
    }
    seen[place] = true;
    const PlaceId next = culprit(shape);
    if (next == no_place || shortest_[next] != never) {
      const bool counted = (shape.types & type_object) != 0;
      const char* word = counted ? "minProperties" : "minItems";
      return unsatisfiable(document.path(shape.from, word), word);
    }
    place = next;
  }
}

}  // namespace grammar
