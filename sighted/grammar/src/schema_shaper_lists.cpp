// Arrays and objects of a place.
#include <algorithm>
#include <set>
#include <utility>

#include "schema_forms.hpp"
#include "schema_shaper.hpp"

namespace grammar {

namespace {

constexpr std::uint32_t items_in_a_row_max = 2'000;

struct Tuple {
  const std::vector<ValueId>* prefix = nullptr;
  ValueId rest = no_value;
};

/// `items` and its companions, in the words of 2020 or of the drafts before.
Tuple tuple_of(const SchemaDocument& document, const SchemaWords& words) {
  Tuple tuple;
  if (words.has(Word::items) && document.at(words[Word::items]).kind == ValueKind::array) {
    tuple.prefix = &document.at(words[Word::items]).items;
    tuple.rest = words[Word::additional_items];
    return tuple;
  }
  if (words.has(Word::prefix_items)) {
    tuple.prefix = &document.at(words[Word::prefix_items]).items;
  }
  tuple.rest = words[Word::items];
  return tuple;
}

}  // namespace

std::vector<ValueId> Shaper::schemas_of_item(std::size_t at) const {
  std::vector<ValueId> schemas;
  for (const Part& part : parts_) {
    const Tuple tuple = tuple_of(document_, *part.words);
    if (tuple.prefix != nullptr && at < tuple.prefix->size()) {
      schemas.push_back((*tuple.prefix)[at]);
    } else if (tuple.rest != no_value) {
      schemas.push_back(tuple.rest);
    }
  }
  return schemas;
}

std::vector<ValueId> Shaper::schemas_of_rest() const {
  std::vector<ValueId> schemas;
  for (const Part& part : parts_) {
    const Tuple tuple = tuple_of(document_, *part.words);
    if (tuple.rest != no_value) {
      schemas.push_back(tuple.rest);
    }
  }
  if (schemas.empty()) {
    for (const Part& part : parts_) {
      if (part.words->has(Word::unevaluated_items)) {
        schemas.push_back((*part.words)[Word::unevaluated_items]);
      }
    }
  }
  return schemas;
}

void Shaper::shape_array() {
  ArrayShape& array = shape_.array;
  ValueId min_from = no_value;
  array.needed = highest(Word::min_items, &min_from);
  array.max = lowest(Word::max_items);
  if (array.needed > array.max) {
    contradict(type_array, min_from, Word::min_items);
    return;
  }
  std::size_t length = 0;
  for (const Part& part : parts_) {
    const Tuple tuple = tuple_of(document_, *part.words);
    length = std::max(length, tuple.prefix == nullptr ? 0 : tuple.prefix->size());
    if (part.words->has(Word::unique_items) &&
        document_.at((*part.words)[Word::unique_items]).flag) {
      array.unique = true;
      array.unique_from = part.schema;
    }
  }
  const std::size_t written = std::min<std::size_t>(length, array.max);
  for (std::size_t at = 0; at < written && notes_.work(1); ++at) {
    array.prefix.push_back(table_.intern(schemas_of_item(at)));
  }
  // A tuple is written whole where the schema does not ask for another number.
  const auto tuple_length = static_cast<std::uint32_t>(written);
  array.min = min_from == no_value ? tuple_length : array.needed;
  const std::vector<ValueId> rest = schemas_of_rest();
  if (!rest.empty() || length == 0 || array.needed > length) {
    array.rest = table_.intern(rest);
  }
  add_contains();
}

/// The first items after the tuple are those that `contains` asks for. Other orders would do as
/// well, but are not written.
void Shaper::add_contains() {
  ArrayShape& array = shape_.array;
  for (const Part& part : parts_) {
    if (!part.words->has(Word::contains)) {
      continue;
    }
    const auto count = part.words->has(Word::min_contains)
                           ? Decimal::read(document_.at((*part.words)[Word::min_contains]).text)
                                 .count()
                                 .value_or(0)
                           : 1;
    if (part.words->has(Word::max_contains)) {
      notes_.leave_out(part.schema, Word::max_contains);
    }
    if (array.rest == no_place || array.prefix.size() + count > items_in_a_row_max ||
        array.prefix.size() + count > array.max) {
      if (count > 0) {
        notes_.leave_out(part.schema, Word::contains);
      }
      continue;
    }
    std::vector<ValueId> schemas = schemas_of_rest();
    schemas.push_back((*part.words)[Word::contains]);
    const PlaceId place = table_.intern(schemas);
    array.prefix.insert(array.prefix.end(), count, place);
    array.needed = std::max(array.needed, static_cast<std::uint32_t>(array.prefix.size()));
    array.min = std::max(array.min, array.needed);
  }
}

void Shaper::shape_object() {
  ObjectShape& object = shape_.object;
  object.min = highest(Word::min_properties, &object.min_from);
  object.max = lowest(Word::max_properties, &object.max_from);
  if (object.min > object.max) {
    contradict(type_object, object.min_from, Word::min_properties);
    return;
  }
  name_keys();
  gather_properties();
  if (!notes_.refused()) {
    add_free_keys();
  }
}

/// Declared keys in the schema's order, then those that are required and not declared, then those
/// that propertyNames counts up.
void Shaper::name_keys() {
  const auto add = [&](const std::string& key) {
    if (key_index_.try_emplace(key, keys_.size()).second) {
      keys_.push_back(key);
    }
  };
  for (const Part& part : parts_) {
    if (part.words->has(Word::properties)) {
      for (const auto& member : document_.at((*part.words)[Word::properties]).members) {
        add(member.name);
      }
    }
  }
  for (const Part& part : parts_) {
    if (part.words->has(Word::required)) {
      for (const ValueId name : document_.at((*part.words)[Word::required]).items) {
        add(document_.at(name).text);
      }
    }
  }
  for (const Part& part : parts_) {
    if (part.words->has(Word::property_names)) {
      for (const std::string& key : table_.values_named((*part.words)[Word::property_names])) {
        add(key);
      }
    }
  }
}

void Shaper::gather_properties() {
  std::vector<std::vector<ValueId>> schemas(keys_.size());
  std::vector<ValueId> stamps(keys_.size(), no_value);
  for (const Part& part : parts_) {
    const auto put = [&](std::size_t key, ValueId schema) {
      schemas[key].push_back(schema);
      stamps[key] = part.schema;
    };
    if (part.words->has(Word::properties)) {
      for (const auto& member : document_.at((*part.words)[Word::properties]).members) {
        put(key_index_[member.name], member.value);
      }
    }
    if (part.words->has(Word::pattern_properties)) {
      for (const auto& member : document_.at((*part.words)[Word::pattern_properties]).members) {
        for (std::size_t key = 0; key < keys_.size() && notes_.work(30); ++key) {
          if (table_.conformer_.matches(member.name, keys_[key]) != Conforms::no) {
            put(key, member.value);
          }
        }
      }
    }
    if (part.words->has(Word::additional_properties)) {
      for (std::size_t key = 0; key < keys_.size() && notes_.work(1); ++key) {
        if (stamps[key] != part.schema) {
          schemas[key].push_back((*part.words)[Word::additional_properties]);
        }
      }
    }
    if (part.words->has(Word::property_names)) {
      for (std::size_t key = 0; key < keys_.size() && notes_.work(30); ++key) {
        const ValueId name = document_.add_text(ValueKind::string, part.schema, keys_[key]);
        if (table_.conformer_.check(name, (*part.words)[Word::property_names]) == Conforms::no) {
          schemas[key].push_back(document_.add_flag(part.schema, false));
        }
      }
    }
  }
  gather_unevaluated(schemas);
  std::set<std::string_view> required;
  for (const Part& part : parts_) {
    if (part.words->has(Word::required)) {
      for (const ValueId name : document_.at((*part.words)[Word::required]).items) {
        required.insert(keys_[key_index_[document_.at(name).text]]);
      }
    }
  }
  for (std::size_t key = 0; key < keys_.size() && notes_.work(schemas[key].size() + 50); ++key) {
    shape_.object.properties.push_back(
        {keys_[key], table_.intern(schemas[key]), required.contains(keys_[key])});
  }
}

/// unevaluatedProperties holds for the keys that no schema below it declares.
void Shaper::gather_unevaluated(std::vector<std::vector<ValueId>>& schemas) {
  for (const Part& part : parts_) {
    if (!part.words->has(Word::unevaluated_properties)) {
      continue;
    }
    const std::set<ValueId> below = table_.schemas_beside(part.schema);
    std::vector<bool> evaluated(keys_.size(), false);
    bool all = false;
    for (const Part& other : parts_) {
      if (!below.contains(other.schema)) {
        continue;
      }
      all = all || other.words->has(Word::additional_properties);
      for (const Word word : {Word::properties, Word::pattern_properties}) {
        if (!other.words->has(word)) {
          continue;
        }
        for (const auto& member : document_.at((*other.words)[word]).members) {
          if (word == Word::properties) {
            evaluated[key_index_[member.name]] = true;
            continue;
          }
          for (std::size_t key = 0; key < keys_.size() && notes_.work(30); ++key) {
            evaluated[key] = evaluated[key] ||
                             table_.conformer_.matches(member.name, keys_[key]) == Conforms::yes;
          }
        }
      }
    }
    for (std::size_t key = 0; key < keys_.size() && !all; ++key) {
      if (!evaluated[key]) {
        schemas[key].push_back((*part.words)[Word::unevaluated_properties]);
      }
    }
  }
}

void Shaper::add_free_keys() {
  std::vector<std::string> patterns;
  bool declared = false;
  bool additional = false;
  for (const Part& part : parts_) {
    declared = declared || part.words->has(Word::properties);
    additional = additional || part.words->has(Word::additional_properties) ||
                 part.words->has(Word::unevaluated_properties);
    if (part.words->has(Word::pattern_properties)) {
      for (const auto& member : document_.at((*part.words)[Word::pattern_properties]).members) {
        if (std::find(patterns.begin(), patterns.end(), member.name) == patterns.end()) {
          patterns.push_back(member.name);
        }
      }
    }
  }
  if (shape_.object.max == 0) {
    return;
  }
  for (std::size_t meant = 0; meant < patterns.size() && !notes_.refused(); ++meant) {
    add_keys(patterns, meant);
  }
  if (additional || (!declared && patterns.empty())) {
    add_keys(patterns, patterns.size());
  }
}

/// The keys that match one of the patterns and no other, or none where `meant` is their number.
void Shaper::add_keys(const std::vector<std::string>& patterns, std::size_t meant) {
  std::vector<ValueId> schemas;
  for (const Part& part : parts_) {
    const ValueId by_pattern =
        meant < patterns.size() && part.words->has(Word::pattern_properties)
            ? document_.member((*part.words)[Word::pattern_properties], patterns[meant])
            : no_value;
    if (by_pattern != no_value) {
      schemas.push_back(by_pattern);
    } else if (part.words->has(Word::additional_properties)) {
      schemas.push_back((*part.words)[Word::additional_properties]);
    } else if (part.words->has(Word::unevaluated_properties) && meant == patterns.size()) {
      schemas.push_back((*part.words)[Word::unevaluated_properties]);
    }
  }
  const PlaceId place = table_.intern(schemas);
  if (table_.at(place).dead) {
    return;
  }
  TextDemand demand;
  for (std::size_t at = 0; at < patterns.size(); ++at) {
    (at == meant ? demand.patterns : demand.not_patterns).emplace_back(patterns[at]);
  }
  demand.except = keys_;
  if (!restrict_keys(demand)) {
    return;
  }
  FreeKeys keys;
  keys.place = place;
  const bool any = patterns.empty() && keys_.empty() && demand.patterns.empty() &&
                   demand.formats.empty() && demand.min_length == 0 &&
                   demand.max_length == unbounded;
  if (!any) {
    if (!table_.leaves_.known(Leaves::key(demand)) && !notes_.work(leaf_work + keys_.size())) {
      return;
    }
    const auto leaf = table_.leaves_.text(demand);
    if (!leaf.ok()) {
      refuse_keys(leaf.error());
      return;
    }
    keys.leaf = leaf.value();
  }
  shape_.object.free_keys.push_back(keys);
}

void Shaper::refuse_keys(const Refusal& why) {
  for (const Part& part : parts_) {
    for (const Word word : {Word::pattern_properties, Word::property_names}) {
      if (!part.words->has(word) || why.kind == Refusal::Kind::unsatisfiable) {
        continue;
      }
      if (why.kind == Refusal::Kind::malformed) {
        const std::string name(client_name(word));
        notes_.refuse(malformed(document_.path(part.schema, name), name));
      }
      notes_.leave_out(part.schema, word);
    }
  }
}

/// Narrows keys by propertyNames; false where no key is left, or none can be told.
bool Shaper::restrict_keys(TextDemand& demand) {
  for (const Part& part : parts_) {
    if (!part.words->has(Word::property_names)) {
      continue;
    }
    const ValueId names = (*part.words)[Word::property_names];
    if (!table_.values_named(names).empty()) {
      return false;  // The keys are counted up, and all of them are properties.
    }
    std::vector<Element> all;
    if (table_.close({names}, all) != no_value) {
      return false;
    }
    for (const Element& element : all) {
      const SchemaWords& words = table_.known(element.schema).words;
      const auto number = [&](Word word, std::uint32_t otherwise) {
        return words.has(word)
                   ? static_cast<std::uint32_t>(std::min<std::uint64_t>(
                         Decimal::read(document_.at(words[word]).text).count().value_or(0),
                         unbounded))
                   : otherwise;
      };
      demand.min_length = std::max(demand.min_length, number(Word::min_length, 0));
      demand.max_length = std::min(demand.max_length, number(Word::max_length, unbounded));
      if (words.has(Word::pattern)) {
        demand.patterns.emplace_back(document_.at(words[Word::pattern]).text);
      }
      if (words.has(Word::excluded_pattern)) {
        demand.not_patterns.emplace_back(document_.at(words[Word::excluded_pattern]).text);
      }
      if (words.has(Word::format)) {
        demand.formats.emplace_back(document_.at(words[Word::format]).text);
      }
      if (words.has(Word::excluded)) {
        for (const ValueId value : document_.at(words[Word::excluded]).items) {
          demand.except.push_back(document_.at(value).text);
        }
      }
      if (words.has(Word::any_of) || words.has(Word::enumeration) ||
          (types_of(document_, words) & type_string) == 0) {
        notes_.leave_out(part.schema, Word::property_names);
        return false;
      }
    }
  }
  return demand.min_length <= demand.max_length;
}

}  // namespace grammar
