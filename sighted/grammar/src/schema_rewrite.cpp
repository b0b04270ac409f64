#include "schema_rewrite.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "schema_decimal.hpp"

namespace grammar {

namespace {

constexpr std::size_t schemas_max = 20'000;
constexpr int depth_max = 24;
constexpr std::size_t overlaps_max = 8;  // branches of a oneOf that are told apart by negation

}  // namespace

Rewriter::Rewriter(SchemaDocument& document, const CheckedSchema& checked)
    : document_(document), checked_(checked), outlines_(document, checked) {}

Implied Rewriter::imply_less(const SchemaWords& words) {
  Implied implied;
  for (const Word word : {Word::one_of, Word::negation, Word::condition, Word::dependent_required,
                          Word::dependent_schemas, Word::dependencies}) {
    if (words.has(word)) {
      implied.left_out.push_back(word);
    }
  }
  if (words.has(Word::one_of)) {
    const ValueId list = words[Word::one_of];
    implied.schemas.push_back(group(list, Word::any_of, document_.at(list).items));
  }
  return implied;
}

Implied Rewriter::imply(ValueId schema, const SchemaWords& words) {
  if (says_less_) {
    return imply_less(words);
  }
  Implied implied;
  if (words.has(Word::one_of) && !imply_one(schema, words[Word::one_of], implied)) {
    implied.left_out.push_back(Word::one_of);
  }
  if (words.has(Word::negation)) {
    const ValueId negated = negate_beside(words[Word::negation], schema);
    if (negated == no_value) {
      implied.left_out.push_back(Word::negation);
    } else {
      implied.schemas.push_back(negated);
    }
  }
  if (words.has(Word::condition) && !imply_condition(schema, words, implied)) {
    implied.left_out.push_back(Word::condition);
  }
  for (const Word word : {Word::dependent_required, Word::dependent_schemas, Word::dependencies}) {
    if (words.has(word)) {
      imply_dependencies(schema, words[word], implied);
    }
  }
  return implied;
}

/// Branches that cannot hold together are alternatives; the others exclude one another by hand.
bool Rewriter::imply_one(ValueId schema, ValueId list, Implied& implied) {
  const std::vector<ValueId> branches = document_.at(list).items;
  if (outlines_.all_disjoint(branches)) {
    implied.schemas.push_back(group(list, Word::any_of, branches));
    return true;
  }
  if (branches.size() > overlaps_max) {
    implied.schemas.push_back(group(list, Word::any_of, branches));
    return false;
  }
  std::vector<ValueId> alternatives;
  bool told_apart = true;
  for (const ValueId branch : branches) {
    std::vector<ValueId> together{branch};
    for (const ValueId other : branches) {
      if (other == branch || outlines_.disjoint(branch, other)) {
        continue;
      }
      const ValueId negated = negate_beside(other, branch);
      told_apart = told_apart && negated != no_value;
      if (negated != no_value) {
        together.push_back(negated);
      }
    }
    alternatives.push_back(group(list, Word::all_of, together));
  }
  implied.schemas.push_back(group(schema, Word::any_of, told_apart ? alternatives : branches));
  return told_apart;
}

bool Rewriter::imply_condition(ValueId schema, const SchemaWords& words, Implied& implied) {
  if (!words.has(Word::consequence) && !words.has(Word::otherwise)) {
    return true;
  }
  const ValueId condition = words[Word::condition];
  const ValueId negated = negate_beside(condition, schema);
  if (negated == no_value) {
    return false;
  }
  std::vector<ValueId> yes{condition};
  std::vector<ValueId> no{negated};
  if (words.has(Word::consequence)) {
    yes.push_back(words[Word::consequence]);
  }
  if (words.has(Word::otherwise)) {
    no.push_back(words[Word::otherwise]);
  }
  implied.schemas.push_back(
      group(schema, Word::any_of,
            {group(condition, Word::all_of, yes), group(condition, Word::all_of, no)}));
  return true;
}

void Rewriter::imply_dependencies(ValueId schema, ValueId map, Implied& implied) {
  const std::vector<SchemaMember> members = document_.at(map).members;
  for (const auto& [key, value] : members) {
    const ValueId present = typed(schema, type_object);
    std::vector<std::string> required{key};
    if (document_.at(value).kind == ValueKind::array) {
      for (const ValueId item : document_.at(value).items) {
        required.push_back(document_.at(item).text);
      }
    } else {
      const ValueId both = document_.add(ValueKind::array, schema);
      document_.add_item(both, value);
      put(present, Word::all_of, both);
    }
    put(present, Word::required, texts(schema, required));
    implied.schemas.push_back(group(schema, Word::any_of, {absent(schema, key), present}));
  }
}

ValueId Rewriter::negate_beside(ValueId schema, ValueId other) {
  const bool narrowed_before = std::exchange(narrowed_, false);
  const ValueId negated = negate(schema, 0);
  const bool exact = !narrowed_;
  narrowed_ = narrowed_before;
  if (exact || negated == no_value) {
    return negated;
  }
  const ValueId list = document_.at(negated).kind == ValueKind::object
                           ? document_.member(negated, fact(Word::any_of).name)
                           : no_value;
  const std::vector<ValueId> ways =
      list == no_value ? std::vector<ValueId>{negated} : document_.at(list).items;
  const bool possible = std::any_of(ways.begin(), ways.end(),
                                    [&](ValueId way) { return !outlines_.disjoint(way, other); });
  narrowed_ = narrowed_ || possible;
  return possible ? negated : no_value;
}

ValueId Rewriter::negate(ValueId schema, int depth) {
  const SchemaValue& value = document_.at(schema);
  if (value.kind == ValueKind::boolean) {
    const bool flag = !value.flag;
    return document_.add_flag(schema, flag);
  }
  if (depth > depth_max || made_ > schemas_max) {
    narrowed_ = true;
    return no_value;
  }
  const SchemaWords words = SchemaWords::read(document_, schema);
  std::vector<ValueId> alternatives;
  const bool narrowed_before = std::exchange(narrowed_, false);
  negate_words(schema, words, depth, alternatives);
  const bool exact = !narrowed_;
  narrowed_ = narrowed_ || narrowed_before;
  if (alternatives.empty()) {
    return exact ? document_.add_flag(schema, false) : no_value;
  }
  return alternatives.size() == 1 ? alternatives.front()
                                  : group(schema, Word::any_of, alternatives);
}

void Rewriter::negate_words(ValueId schema, const SchemaWords& words, int depth,
                            std::vector<ValueId>& alternatives) {
  const auto reference = checked_.references.find(schema);
  if (reference != checked_.references.end()) {
    const ValueId negated = negate(reference->second, depth + 1);
    if (negated != no_value) {
      alternatives.push_back(negated);
    }
  }
  negate_values(schema, words, alternatives);
  negate_bounds(schema, words, alternatives);
  negate_object(schema, words, depth, alternatives);
  negate_groups(schema, words, depth, alternatives);
  static constexpr Word others[] = {Word::multiple_of,
                                    Word::format,
                                    Word::items,
                                    Word::prefix_items,
                                    Word::additional_items,
                                    Word::unique_items,
                                    Word::contains,
                                    Word::max_contains,
                                    Word::min_contains,
                                    Word::pattern_properties,
                                    Word::additional_properties,
                                    Word::property_names,
                                    Word::dependent_required,
                                    Word::dependent_schemas,
                                    Word::dependencies,
                                    Word::one_of,
                                    Word::condition,
                                    Word::unevaluated_items,
                                    Word::unevaluated_properties};
  for (const Word word : others) {
    narrowed_ = narrowed_ || words.has(word);
  }
}

void Rewriter::negate_values(ValueId schema, const SchemaWords& words,
                             std::vector<ValueId>& alternatives) {
  if (words.has(Word::type)) {
    const auto others =
        static_cast<std::uint8_t>(type_any & ~types_of(document_, words) & type_any);
    const bool fractions_only = (others & type_fraction) != 0 && (others & type_integer) == 0;
    narrowed_ = narrowed_ || fractions_only;
    const auto named = static_cast<std::uint8_t>(fractions_only ? others & ~type_fraction : others);
    if (named != type_none) {
      alternatives.push_back(typed(schema, named));
    }
  }
  if (words.has(Word::enumeration)) {
    alternatives.push_back(with(schema, Word::excluded, words[Word::enumeration]));
  }
  if (words.has(Word::constant)) {
    const ValueId list = document_.add(ValueKind::array, schema);
    document_.add_item(list, words[Word::constant]);
    alternatives.push_back(with(schema, Word::excluded, list));
  }
  if (words.has(Word::excluded)) {
    alternatives.push_back(with(schema, Word::enumeration, words[Word::excluded]));
  }
  static constexpr std::pair<Word, Word> patterns[] = {{Word::pattern, Word::excluded_pattern},
                                                       {Word::excluded_pattern, Word::pattern}};
  for (const auto& [word, opposite] : patterns) {
    if (words.has(word)) {
      const ValueId other = typed(schema, type_string);
      put(other, opposite, words[word]);
      alternatives.push_back(other);
    }
  }
}

void Rewriter::negate_bounds(ValueId schema, const SchemaWords& words,
                             std::vector<ValueId>& alternatives) {
  static constexpr std::pair<Word, Word> ends[] = {{Word::minimum, Word::exclusive_maximum},
                                                   {Word::maximum, Word::exclusive_minimum},
                                                   {Word::exclusive_minimum, Word::maximum},
                                                   {Word::exclusive_maximum, Word::minimum}};
  const auto is_flag = [&](Word word) {
    return words.has(word) && document_.at(words[word]).kind == ValueKind::boolean;
  };
  const bool old = is_flag(Word::exclusive_minimum) || is_flag(Word::exclusive_maximum);
  narrowed_ = narrowed_ || old;
  for (const auto& [word, beyond] : ends) {
    if (words.has(word) && !old) {
      const ValueId outside = typed(schema, type_number);
      put(outside, beyond, words[word]);
      alternatives.push_back(outside);
    }
  }
  struct Count {
    Word low;
    Word high;
    Types type;
  };
  static constexpr Count counts[] = {{Word::min_length, Word::max_length, type_string},
                                     {Word::min_items, Word::max_items, type_array},
                                     {Word::min_properties, Word::max_properties, type_object}};
  const auto step = [&](Word word, Word beyond, Types type, std::int64_t by) {
    const auto count = Decimal::read(document_.at(words[word]).text).count().value_or(0);
    if (count == 0 && by < 0) {
      return;
    }
    const ValueId outside = typed(schema, type);
    const auto other = static_cast<std::int64_t>(count) + by;
    put(outside, beyond, document_.add_text(ValueKind::number, schema, std::to_string(other)));
    alternatives.push_back(outside);
  };
  for (const auto& [low, high, type] : counts) {
    if (words.has(low)) {
      step(low, high, type, -1);
    }
    if (words.has(high)) {
      step(high, low, type, 1);
    }
  }
}

void Rewriter::negate_object(ValueId schema, const SchemaWords& words, int depth,
                             std::vector<ValueId>& alternatives) {
  if (words.has(Word::required)) {
    const std::vector<ValueId> names = document_.at(words[Word::required]).items;
    for (const ValueId name : names) {
      const std::string key = document_.at(name).text;
      const ValueId lacks = absent(schema, key);
      const ValueId types = document_.add_text(ValueKind::string, schema, "object");
      put(lacks, Word::type, types);
      alternatives.push_back(lacks);
    }
  }
  if (!words.has(Word::properties)) {
    return;
  }
  const std::vector<SchemaMember> members = document_.at(words[Word::properties]).members;
  for (const auto& [key, value] : members) {
    const ValueId negated = negate(value, depth + 1);
    if (negated == no_value) {
      continue;
    }
    const ValueId map = document_.add(ValueKind::object, schema);
    document_.add_member(map, key, negated);
    const ValueId holds = typed(schema, type_object);
    put(holds, Word::properties, map);
    put(holds, Word::required, texts(schema, {key}));
    alternatives.push_back(holds);
  }
}

void Rewriter::negate_groups(ValueId schema, const SchemaWords& words, int depth,
                             std::vector<ValueId>& alternatives) {
  if (words.has(Word::negation)) {
    alternatives.push_back(words[Word::negation]);
  }
  if (words.has(Word::all_of)) {
    const std::vector<ValueId> branches = document_.at(words[Word::all_of]).items;
    for (const ValueId branch : branches) {
      const ValueId negated = negate(branch, depth + 1);
      if (negated != no_value) {
        alternatives.push_back(negated);
      }
    }
  }
  if (words.has(Word::any_of)) {
    const std::vector<ValueId> branches = document_.at(words[Word::any_of]).items;
    std::vector<ValueId> none;
    for (const ValueId branch : branches) {
      const ValueId negated = negate(branch, depth + 1);
      if (negated == no_value) {
        return;
      }
      none.push_back(negated);
    }
    alternatives.push_back(group(schema, Word::all_of, none));
  }
}

ValueId Rewriter::made(ValueId origin) {
  ++made_;
  return document_.add(ValueKind::object, origin);
}

void Rewriter::put(ValueId schema, Word word, ValueId value) {
  document_.add_member(schema, std::string(fact(word).name), value);
}

ValueId Rewriter::with(ValueId origin, Word word, ValueId value) {
  const ValueId schema = made(origin);
  put(schema, word, value);
  return schema;
}

ValueId Rewriter::group(ValueId origin, Word word, const std::vector<ValueId>& schemas) {
  const ValueId list = document_.add(ValueKind::array, origin);
  for (const ValueId schema : schemas) {
    document_.add_item(list, schema);
  }
  return with(origin, word, list);
}

ValueId Rewriter::typed(ValueId origin, std::uint8_t types) {
  static constexpr std::pair<std::uint8_t, const char*> names[] = {{type_null, "null"},
                                                                   {type_boolean, "boolean"},
                                                                   {type_string, "string"},
                                                                   {type_array, "array"},
                                                                   {type_object, "object"}};
  const ValueId list = document_.add(ValueKind::array, origin);
  const auto name = [&](const char* text) {
    document_.add_item(list, document_.add_text(ValueKind::string, origin, text));
  };
  for (const auto& [type, text] : names) {
    if ((types & type) != 0) {
      name(text);
    }
  }
  if ((types & type_number) == type_number) {
    name("number");
  } else if ((types & type_integer) != 0) {
    name("integer");
  }
  return with(origin, Word::type, list);
}

ValueId Rewriter::absent(ValueId origin, const std::string& key) {
  const ValueId map = document_.add(ValueKind::object, origin);
  document_.add_member(map, key, document_.add_flag(origin, false));
  return with(origin, Word::properties, map);
}

ValueId Rewriter::texts(ValueId origin, const std::vector<std::string>& names) {
  const ValueId list = document_.add(ValueKind::array, origin);
  for (const auto& name : names) {
    document_.add_item(list, document_.add_text(ValueKind::string, origin, name));
  }
  return list;
}

}  // namespace grammar
