#include "schema_table.hpp"

#include <algorithm>
#include <utility>

#include "schema_forms.hpp"
#include "schema_shaper.hpp"

namespace grammar {

namespace {

constexpr std::size_t conforming_steps_max = 50'000;

/// What asserts something by itself, and not through other schemas of the same value.
bool asserts(const SchemaWords& words) {
  static constexpr Word own[] = {Word::type,
                                 Word::enumeration,
                                 Word::constant,
                                 Word::multiple_of,
                                 Word::maximum,
                                 Word::exclusive_maximum,
                                 Word::minimum,
                                 Word::exclusive_minimum,
                                 Word::max_length,
                                 Word::min_length,
                                 Word::pattern,
                                 Word::format,
                                 Word::items,
                                 Word::prefix_items,
                                 Word::additional_items,
                                 Word::max_items,
                                 Word::min_items,
                                 Word::unique_items,
                                 Word::contains,
                                 Word::properties,
                                 Word::pattern_properties,
                                 Word::additional_properties,
                                 Word::required,
                                 Word::max_properties,
                                 Word::min_properties,
                                 Word::property_names,
                                 Word::unevaluated_items,
                                 Word::unevaluated_properties,
                                 Word::excluded,
                                 Word::excluded_pattern};
  return std::any_of(std::begin(own), std::end(own), [&](Word word) { return words.has(word); });
}

}  // namespace

PlaceTable::PlaceTable(SchemaDocument& document, const CheckedSchema& checked, SchemaNotes& notes,
                       Leaves& leaves)
    : document_(document),
      checked_(checked),
      notes_(notes),
      leaves_(leaves),
      rewriter_(document, checked),
      conformer_(document, checked, leaves.machine_work(), conforming_steps_max) {}

void PlaceTable::fill() {
  intern(std::vector<ValueId>{0});
  for (PlaceId place = 0; place < shapes_.size() && !notes_.refused(); ++place) {
    shape(place);
  }
}

PlaceTable::Known& PlaceTable::known(ValueId schema) {
  auto [found, fresh] = known_.try_emplace(schema);
  Known& known = found->second;
  if (fresh) {
    known.words = SchemaWords::read(document_, schema);
    known.bare = !asserts(known.words);
  }
  if (!known.implied) {
    const SchemaWords words = known.words;
    Implied implied = rewriter_.imply(schema, words);
    for (const Word word : implied.left_out) {
      notes_.leave_out(schema, word);
    }
    known.implied = std::move(implied);
  }
  return known;
}

PlaceId PlaceTable::intern(const std::vector<ValueId>& schemas) {
  const auto found = asked_.find(schemas);
  if (found != asked_.end()) {
    return found->second;
  }
  std::vector<Element> all;
  const ValueId impossible = close(schemas, all);
  const PlaceId place = keep(schemas.empty() ? 0 : schemas.front(), impossible, std::move(all));
  asked_.emplace(schemas, place);
  return place;
}

PlaceId PlaceTable::intern(ValueId schema, const std::vector<Element>& elements) {
  std::vector<Element> all = elements;
  const ValueId impossible = close({schema}, all);
  return keep(schema, impossible, std::move(all));
}

PlaceId PlaceTable::keep(ValueId from, ValueId impossible, std::vector<Element> all) {
  if (impossible != no_value) {
    all = {{no_value, false}};
  }
  const auto [found, fresh] = places_.try_emplace(all, static_cast<PlaceId>(shapes_.size()));
  if (!fresh) {
    return found->second;
  }
  if (shapes_.size() >= notes_.limits().places_max) {
    notes_.refuse(too_large("", "places", notes_.limits().places_max));
  }
  notes_.work(150);
  Shape& shape = shapes_.emplace_back();
  shape.from = from;
  if (impossible != no_value) {
    shape.types = type_none;
    shape.dead = unsatisfiable(document_.path(impossible), "false");
  }
  elements_.push_back(std::move(all));
  return found->second;
}

ValueId PlaceTable::close(const std::vector<ValueId>& schemas, std::vector<Element>& all) {
  std::vector<ValueId> waiting(schemas.rbegin(), schemas.rend());
  std::map<ValueId, bool> seen;
  for (const Element& element : all) {
    seen.emplace(element.schema, element.resolved);
  }
  while (!waiting.empty() && notes_.work(1)) {
    const ValueId schema = waiting.back();
    waiting.pop_back();
    const SchemaValue& value = document_.at(schema);
    if (value.kind == ValueKind::boolean) {
      if (!value.flag) {
        return schema;
      }
      continue;
    }
    if (!seen.try_emplace(schema, false).second) {
      continue;
    }
    const Known& known = this->known(schema);
    const auto reference = checked_.references.find(schema);
    if (reference != checked_.references.end()) {
      waiting.push_back(reference->second);
    }
    if (known.words.has(Word::all_of)) {
      const auto& branches = document_.at(known.words[Word::all_of]).items;
      waiting.insert(waiting.end(), branches.begin(), branches.end());
    }
    waiting.insert(waiting.end(), known.implied->schemas.begin(), known.implied->schemas.end());
  }
  all.clear();
  for (const auto& [schema, resolved] : seen) {
    const Known& known = this->known(schema);
    const bool open = known.words.has(Word::any_of) && !resolved;
    if (!known.bare || open) {
      all.push_back({schema, resolved});
    }
  }
  notes_.work(all.size() * 8);
  return no_value;
}

std::vector<std::string> PlaceTable::values_named(ValueId names) {
  std::vector<Element> all;
  std::vector<std::string> keys;
  if (close({names}, all) != no_value) {
    return keys;
  }
  for (const Element& element : all) {
    const SchemaWords& words = known(element.schema).words;
    std::vector<ValueId> values;
    if (words.has(Word::enumeration)) {
      values = document_.at(words[Word::enumeration]).items;
    } else if (words.has(Word::constant)) {
      values = {words[Word::constant]};
    }
    for (const ValueId value : values) {
      if (document_.at(value).kind == ValueKind::string) {
        keys.push_back(document_.at(value).text);
      }
    }
  }
  return keys;
}

std::set<ValueId> PlaceTable::schemas_beside(ValueId schema) {
  std::set<ValueId> beside{schema};
  std::vector<ValueId> waiting{schema};
  while (!waiting.empty() && notes_.work(1)) {
    const ValueId next = waiting.back();
    waiting.pop_back();
    const auto visit = [&](ValueId other) {
      if (beside.insert(other).second) {
        waiting.push_back(other);
      }
    };
    const SchemaWords words = SchemaWords::read(document_, next);
    for (const Word word :
         {Word::all_of, Word::any_of, Word::one_of, Word::condition, Word::consequence,
          Word::otherwise, Word::dependent_schemas, Word::dependencies}) {
      if (words.has(word)) {
        for_each_schema(document_, words[word], fact(word).form, visit);
      }
    }
    const auto reference = checked_.references.find(next);
    if (reference != checked_.references.end()) {
      visit(reference->second);
    }
  }
  return beside;
}

void PlaceTable::shape(PlaceId place) {
  Shape& shape = shapes_[place];
  const std::vector<Element>& elements = elements_[place];
  if (shape.dead) {
    return;
  }
  if (elements.empty()) {
    shape.anything = true;
    return;
  }
  for (const Element& element : elements) {
    shape.types =
        static_cast<std::uint8_t>(shape.types & types_of(document_, known(element.schema).words));
  }
  if (shape_values(shape, elements) || shape_alternatives(place, elements)) {
    return;
  }
  if (shape.types == type_none) {
    shape.dead = unsatisfiable(document_.path(shape.from, "type"), "type");
    return;
  }
  Shaper(*this, shape, elements).run();
}

/// Where an enum or const applies, everything else only takes values out.
bool PlaceTable::shape_values(Shape& shape, const std::vector<Element>& elements) {
  ValueId from = no_value;
  std::vector<ValueId> values;
  for (const Element& element : elements) {
    const SchemaWords& words = known(element.schema).words;
    for (const Word word : {Word::constant, Word::enumeration}) {
      if (!words.has(word)) {
        continue;
      }
      std::vector<ValueId> these = word == Word::constant ? std::vector<ValueId>{words[word]}
                                                          : document_.at(words[word]).items;
      if (from == no_value || these.size() < values.size()) {
        from = element.schema;
        values = std::move(these);
      }
    }
  }
  if (from == no_value) {
    return false;
  }
  shape.values.emplace();
  std::unordered_set<std::string> seen;
  bool unsure = false;
  for (const ValueId value : values) {
    Conforms held = Conforms::yes;
    for (const Element& element : elements) {
      const Conforms one = held == Conforms::no ? held : conformer_.check(value, element.schema);
      held = one == Conforms::yes ? held : one;
    }
    unsure = unsure || held == Conforms::unknown;
    if (held != Conforms::no && seen.insert(canonical(document_, value)).second) {
      shape.values->push_back(document_.json(value));
      notes_.work(shape.values->back().size() / 2 + 1);
    }
  }
  const Word word = known(from).words.has(Word::constant) ? Word::constant : Word::enumeration;
  if (conformer_.exhausted()) {
    notes_.refuse(too_large("", "work", conforming_steps_max));
  } else if (unsure) {
    notes_.leave_out(from, word);
  }
  if (shape.values->empty()) {
    const std::string name(client_name(word));
    shape.dead = unsatisfiable(document_.path(from, name), name);
    if (elements.size() == 1 && !document_.at(from).made) {
      notes_.refuse(*shape.dead);
    }
  }
  return true;
}

bool PlaceTable::shape_alternatives(PlaceId place, const std::vector<Element>& elements) {
  const auto open = std::find_if(elements.begin(), elements.end(), [&](const Element& element) {
    return !element.resolved && known(element.schema).words.has(Word::any_of);
  });
  if (open == elements.end()) {
    return false;
  }
  const auto index = static_cast<std::size_t>(open - elements.begin());
  const std::vector<ValueId> branches = document_.at(known(open->schema).words[Word::any_of]).items;
  std::vector<Element> chosen = elements;
  chosen[index].resolved = true;
  std::vector<PlaceId> alternatives;
  for (const ValueId branch : branches) {
    const PlaceId other = intern(branch, chosen);
    if (notes_.refused()) {
      return true;
    }
    if (std::find(alternatives.begin(), alternatives.end(), other) == alternatives.end()) {
      alternatives.push_back(other);
    }
  }
  Shape& shape = shapes_[place];
  shape.chosen = true;
  shape.alternatives = std::move(alternatives);
  return true;
}

}  // namespace grammar
