#include "schema_conforms.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "schema_decimal.hpp"
#include "schema_range.hpp"

namespace grammar {

namespace {

constexpr int depth_max = 300;

Conforms both(Conforms one, Conforms other) {
  if (one == Conforms::no || other == Conforms::no) {
    return Conforms::no;
  }
  return one == Conforms::yes ? other : one;
}

Conforms opposite(Conforms answer) {
  if (answer == Conforms::unknown) {
    return answer;
  }
  return answer == Conforms::yes ? Conforms::no : Conforms::yes;
}

Conforms of(bool yes) {
  return yes ? Conforms::yes : Conforms::no;
}

}  // namespace

Conforms Conformer::check(ValueId value, ValueId schema, int depth) {
  const SchemaValue& node = document_.at(schema);
  if (node.kind == ValueKind::boolean) {
    return of(node.flag);
  }
  if (steps_left_ == 0 || depth > depth_max) {
    return Conforms::unknown;
  }
  --steps_left_;
  const SchemaWords words = SchemaWords::read(document_, schema);
  Conforms answer = check_plain(value, words);
  if (answer != Conforms::no) {
    const SchemaValue& instance = document_.at(value);
    switch (instance.kind) {
      case ValueKind::number: answer = both(answer, check_number(value, words)); break;
      case ValueKind::string: answer = both(answer, check_string(instance.text, words)); break;
      case ValueKind::array: answer = both(answer, check_array(value, words, depth)); break;
      case ValueKind::object: answer = both(answer, check_object(value, words, depth)); break;
      default: break;
    }
  }
  return answer == Conforms::no ? answer : both(answer, check_groups(value, schema, words, depth));
}

Conforms Conformer::check_plain(ValueId value, const SchemaWords& words) {
  if ((type_of(document_, value) & types_of(document_, words)) == 0) {
    return Conforms::no;
  }
  if (words.has(Word::constant) && !equal_values(document_, value, words[Word::constant])) {
    return Conforms::no;
  }
  for (const Word word : {Word::enumeration, Word::excluded}) {
    if (!words.has(word)) {
      continue;
    }
    if (listed(words[word], value) != (word == Word::enumeration)) {
      return Conforms::no;
    }
  }
  return Conforms::yes;
}

bool Conformer::listed(ValueId list, ValueId value) {
  const SchemaValue& one = document_.at(value);
  if (one.parent == list && !one.made) {
    return true;
  }
  return listed(list, canonical(document_, value));
}

bool Conformer::listed(ValueId list, const std::string& canonical_text) {
  steps_left_ -= std::min(steps_left_, canonical_text.size() / 32);
  auto [texts, fresh] = lists_.try_emplace(list);
  if (fresh) {
    for (const ValueId item : document_.at(list).items) {
      texts->second.insert(canonical(document_, item));
    }
  }
  return texts->second.contains(canonical_text);
}

bool Conformer::within(const SchemaWords& words, Word low, Word high, std::size_t count) const {
  const auto number = [&](Word word) {
    return Decimal::read(document_.at(words[word]).text).count().value_or(0);
  };
  return (!words.has(low) || count >= number(low)) && (!words.has(high) || count <= number(high));
}

Conforms Conformer::check_number(ValueId value, const SchemaWords& words) const {
  NumberRange range;
  range.narrow(document_, words);
  const auto held = range.holds(document_, Decimal::read(document_.at(value).text));
  return held ? of(*held) : Conforms::unknown;
}

Conforms Conformer::in_set(const std::string& key, const TextDemand& demand,
                           const std::string& text) {
  auto found = sets_.find(key);
  if (found == sets_.end()) {
    found = sets_.emplace(key, TextSet::of(demand, machine_work_)).first;
  }
  const auto& set = found->second;
  if (!set.ok()) {
    return set.error().kind == Refusal::Kind::unsatisfiable ? Conforms::no : Conforms::unknown;
  }
  steps_left_ -= std::min(steps_left_, text.size());
  const std::optional<bool> contained = set.value().contains(text, machine_work_);
  return contained ? of(*contained) : Conforms::unknown;
}

Conforms Conformer::matches(const std::string& pattern, const std::string& text) {
  TextDemand demand;
  demand.patterns.emplace_back(pattern);
  return in_set("p" + pattern, demand, text);
}

Conforms Conformer::formatted(const std::string& format, const std::string& text) {
  TextDemand demand;
  demand.formats.emplace_back(format);
  return in_set("f" + format, demand, text);
}

Conforms Conformer::check_string(const std::string& text, const SchemaWords& words) {
  if (!within(words, Word::min_length, Word::max_length, code_points(text))) {
    return Conforms::no;
  }
  Conforms answer = Conforms::yes;
  if (words.has(Word::pattern)) {
    answer = matches(document_.at(words[Word::pattern]).text, text);
  }
  if (words.has(Word::excluded_pattern)) {
    answer =
        both(answer, opposite(matches(document_.at(words[Word::excluded_pattern]).text, text)));
  }
  if (words.has(Word::format)) {
    answer = both(answer, formatted(document_.at(words[Word::format]).text, text));
  }
  return answer;
}

Conforms Conformer::check_array(ValueId value, const SchemaWords& words, int depth) {
  const auto& items = document_.at(value).items;
  if (!within(words, Word::min_items, Word::max_items, items.size())) {
    return Conforms::no;
  }
  const bool old =
      words.has(Word::items) && document_.at(words[Word::items]).kind == ValueKind::array;
  const ValueId prefix = old ? words[Word::items] : words[Word::prefix_items];
  const ValueId rest = old ? words[Word::additional_items] : words[Word::items];
  const std::size_t first =
      prefix == no_value ? 0 : std::min(document_.at(prefix).items.size(), items.size());
  Conforms answer = Conforms::yes;
  for (std::size_t at = 0; at < items.size() && answer != Conforms::no; ++at) {
    const ValueId schema = at < first ? document_.at(prefix).items[at] : rest;
    if (schema != no_value) {
      answer = both(answer, check(items[at], schema, depth + 1));
    }
  }
  if (words.has(Word::unique_items) && document_.at(words[Word::unique_items]).flag) {
    std::set<std::string> seen;
    for (const ValueId item : items) {
      if (!seen.insert(canonical(document_, item)).second) {
        return Conforms::no;
      }
    }
  }
  if (words.has(Word::contains)) {
    std::size_t holding = 0;
    bool known = true;
    for (const ValueId item : items) {
      const Conforms one = check(item, words[Word::contains], depth + 1);
      holding += one == Conforms::yes ? 1 : 0;
      known = known && one != Conforms::unknown;
    }
    const bool enough = words.has(Word::min_contains) || holding > 0;
    const bool fits = enough && within(words, Word::min_contains, Word::max_contains, holding);
    answer = both(answer, known ? of(fits) : Conforms::unknown);
  }
  return answer;
}

Conforms Conformer::check_object(ValueId value, const SchemaWords& words, int depth) {
  const auto& members = document_.at(value).members;
  if (!within(words, Word::min_properties, Word::max_properties, members.size())) {
    return Conforms::no;
  }
  if (words.has(Word::required)) {
    for (const ValueId name : document_.at(words[Word::required]).items) {
      if (document_.member(value, document_.at(name).text) == no_value) {
        return Conforms::no;
      }
    }
  }
  Conforms answer = Conforms::yes;
  for (std::size_t at = 0; at < members.size() && answer != Conforms::no; ++at) {
    answer = both(answer, check_key(value, at, words, depth));
  }
  for (const Word word : {Word::dependent_required, Word::dependent_schemas, Word::dependencies}) {
    if (words.has(word) && answer != Conforms::no) {
      answer = both(answer, check_dependencies(value, words[word], depth));
    }
  }
  return answer;
}

Conforms Conformer::check_key(ValueId object, std::size_t at, const SchemaWords& words, int depth) {
  const SchemaMember& member = document_.at(object).members[at];
  Conforms answer = Conforms::yes;
  bool declared = false;
  if (words.has(Word::properties)) {
    steps_left_ -= std::min(steps_left_, document_.at(words[Word::properties]).members.size());
    const ValueId schema = document_.member(words[Word::properties], member.name);
    declared = schema != no_value;
    if (declared) {
      answer = check(member.value, schema, depth + 1);
    }
  }
  if (words.has(Word::pattern_properties)) {
    for (const auto& [pattern, schema] : document_.at(words[Word::pattern_properties]).members) {
      const Conforms meant = matches(pattern, member.name);
      declared = declared || meant != Conforms::no;
      if (meant != Conforms::no) {
        const Conforms one = check(member.value, schema, depth + 1);
        answer =
            both(answer, meant == Conforms::yes || one == Conforms::yes ? one : Conforms::unknown);
      }
    }
  }
  if (!declared && words.has(Word::additional_properties)) {
    answer = both(answer, check(member.value, words[Word::additional_properties], depth + 1));
  }
  if (words.has(Word::property_names)) {
    answer = both(answer, check_name(member.name, words[Word::property_names], depth + 1));
  }
  return answer;
}

/// A key against propertyNames. Alternatives are not looked into.
Conforms Conformer::check_name(const std::string& name, ValueId schema, int depth) {
  const SchemaValue& node = document_.at(schema);
  if (node.kind == ValueKind::boolean) {
    return of(node.flag);
  }
  if (steps_left_ == 0 || depth > depth_max) {
    return Conforms::unknown;
  }
  --steps_left_;
  const SchemaWords words = SchemaWords::read(document_, schema);
  const bool wrong_type = (types_of(document_, words) & type_string) == 0;
  const std::string text = json_text(name);
  if (wrong_type || (words.has(Word::enumeration) && !listed(words[Word::enumeration], text)) ||
      (words.has(Word::excluded) && listed(words[Word::excluded], text)) ||
      (words.has(Word::constant) && canonical(document_, words[Word::constant]) != text)) {
    return Conforms::no;
  }
  Conforms answer = check_string(name, words);
  const auto reference = checked_.references.find(schema);
  if (reference != checked_.references.end()) {
    answer = both(answer, check_name(name, reference->second, depth + 1));
  }
  if (words.has(Word::all_of)) {
    for (const ValueId branch : document_.at(words[Word::all_of]).items) {
      answer = both(answer, check_name(name, branch, depth + 1));
    }
  }
  for (const Word word : {Word::any_of, Word::one_of, Word::negation, Word::condition}) {
    answer = words.has(word) ? both(answer, Conforms::unknown) : answer;
  }
  return answer;
}

Conforms Conformer::check_dependencies(ValueId value, ValueId map, int depth) {
  Conforms answer = Conforms::yes;
  for (const auto& [key, needs] : document_.at(map).members) {
    if (document_.member(value, key) == no_value) {
      continue;
    }
    if (document_.at(needs).kind != ValueKind::array) {
      answer = both(answer, check(value, needs, depth + 1));
      continue;
    }
    for (const ValueId name : document_.at(needs).items) {
      if (document_.member(value, document_.at(name).text) == no_value) {
        return Conforms::no;
      }
    }
  }
  return answer;
}

Conforms Conformer::check_groups(ValueId value, ValueId schema, const SchemaWords& words,
                                 int depth) {
  Conforms answer = Conforms::yes;
  const auto reference = checked_.references.find(schema);
  if (reference != checked_.references.end()) {
    answer = check(value, reference->second, depth + 1);
  }
  if (words.has(Word::all_of)) {
    for (const ValueId branch : document_.at(words[Word::all_of]).items) {
      answer = answer == Conforms::no ? answer : both(answer, check(value, branch, depth + 1));
    }
  }
  for (const Word word : {Word::any_of, Word::one_of}) {
    if (!words.has(word) || answer == Conforms::no) {
      continue;
    }
    std::size_t holding = 0;
    bool known = true;
    for (const ValueId branch : document_.at(words[word]).items) {
      const Conforms one = check(value, branch, depth + 1);
      holding += one == Conforms::yes ? 1 : 0;
      known = known && one != Conforms::unknown;
    }
    const bool fits = word == Word::any_of ? holding > 0 : holding == 1;
    const bool sure = known || (word == Word::any_of && fits) || holding > 1;
    answer = both(answer, sure ? of(fits) : Conforms::unknown);
  }
  if (words.has(Word::negation) && answer != Conforms::no) {
    answer = both(answer, opposite(check(value, words[Word::negation], depth + 1)));
  }
  if (words.has(Word::condition) && answer != Conforms::no) {
    answer = both(answer, check_condition(value, words, depth));
  }
  return answer;
}

Conforms Conformer::check_condition(ValueId value, const SchemaWords& words, int depth) {
  const Conforms condition = check(value, words[Word::condition], depth + 1);
  if (condition == Conforms::unknown) {
    return condition;
  }
  const ValueId then = words[condition == Conforms::yes ? Word::consequence : Word::otherwise];
  return then == no_value ? Conforms::yes : check(value, then, depth + 1);
}

}  // namespace grammar
