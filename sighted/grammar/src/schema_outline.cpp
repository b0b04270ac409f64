#include "schema_outline.hpp"

#include <algorithm>
#include <utility>

#include "schema_forms.hpp"

namespace grammar {

namespace {

constexpr int depth_max = 4;
constexpr int schemas_max = 64;           // looked at for one outline
constexpr std::size_t pairs_of_max = 64;  // schemas that are compared one with each

bool share_a_value(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  const std::unordered_set<std::string_view> values(one.begin(), one.end());
  return std::any_of(other.begin(), other.end(),
                     [&](const std::string& value) { return values.contains(value); });
}

}  // namespace

bool Outlines::all_disjoint(const std::vector<ValueId>& schemas) const {
  std::vector<Outline> outlines;
  outlines.reserve(schemas.size());
  for (const ValueId schema : schemas) {
    outlines.push_back(outline(schema, 0));
  }
  std::unordered_set<std::string> seen;
  const bool values_differ =
      std::all_of(outlines.begin(), outlines.end(), [&](const Outline& outline) {
        return outline.values &&
               std::all_of(outline.values->begin(), outline.values->end(),
                           [&](const std::string& value) { return seen.insert(value).second; });
      });
  if (values_differ || told_by_tag(outlines)) {
    return true;
  }
  if (schemas.size() > pairs_of_max) {
    return false;
  }
  for (std::size_t one = 0; one < outlines.size(); ++one) {
    for (std::size_t other = one + 1; other < outlines.size(); ++other) {
      if (!disjoint(outlines[one], outlines[other], 0)) {
        return false;
      }
    }
  }
  return true;
}

bool Outlines::disjoint(ValueId one, ValueId other) const {
  return disjoint(outline(one, 0), outline(other, 0), 0);
}

Outline Outlines::outline(ValueId schema, int depth) const {
  Outline outline;
  if (outlines_left_ == 0) {
    return outline;
  }
  --outlines_left_;
  int schemas_left = schemas_max;
  add(schema, depth, schemas_left, outline);
  return outline;
}

void Outlines::add(ValueId schema, int depth, int& schemas_left, Outline& outline) const {
  const SchemaValue& value = document_.at(schema);
  if (value.kind == ValueKind::boolean) {
    outline.types = value.flag ? outline.types : type_none;
    return;
  }
  if (--schemas_left < 0) {
    return;
  }
  const SchemaWords words = SchemaWords::read(document_, schema);
  outline.types = static_cast<std::uint8_t>(outline.types & types_of(document_, words));
  outline.range.narrow(document_, words);
  if (words.has(Word::enumeration)) {
    add_values(document_.at(words[Word::enumeration]).items, outline);
  }
  if (words.has(Word::constant)) {
    add_values({words[Word::constant]}, outline);
  }
  if (words.has(Word::required)) {
    for (const ValueId name : document_.at(words[Word::required]).items) {
      outline.required.insert(document_.at(name).text);
    }
  }
  if (words.has(Word::properties)) {
    for (const auto& member : document_.at(words[Word::properties]).members) {
      outline.properties[member.name].push_back(member.value);
    }
  }
  if (words.has(Word::additional_properties) && !words.has(Word::pattern_properties)) {
    const SchemaValue& rest = document_.at(words[Word::additional_properties]);
    outline.closed = outline.closed || (rest.kind == ValueKind::boolean && !rest.flag);
  }
  const auto reference = checked_.references.find(schema);
  if (reference != checked_.references.end()) {
    add(reference->second, depth, schemas_left, outline);
  }
  if (words.has(Word::all_of)) {
    for (const ValueId branch : document_.at(words[Word::all_of]).items) {
      add(branch, depth, schemas_left, outline);
    }
  }
  for (const Word word : {Word::any_of, Word::one_of}) {
    if (words.has(word) && depth < depth_max) {
      std::uint8_t types = type_none;
      for (const ValueId branch : document_.at(words[word]).items) {
        Outline other;
        add(branch, depth + 1, schemas_left, other);
        types = static_cast<std::uint8_t>(types | other.types);
      }
      outline.types = static_cast<std::uint8_t>(outline.types & types);
    }
  }
}

void Outlines::add_values(const std::vector<ValueId>& values, Outline& outline) const {
  std::vector<std::string> texts;
  std::uint8_t types = type_none;
  for (const ValueId value : values) {
    types = static_cast<std::uint8_t>(types | type_of(document_, value));
    if ((type_of(document_, value) & outline.types) != 0) {
      texts.push_back(canonical(document_, value));
    }
  }
  outline.types = static_cast<std::uint8_t>(outline.types & types);
  if (!outline.values || texts.size() < outline.values->size()) {
    outline.values = std::move(texts);
  }
}

bool Outlines::disjoint(const Outline& one, const Outline& other, int depth) const {
  const auto types = static_cast<std::uint8_t>(one.types & other.types);
  if (types == type_none) {
    return true;
  }
  if (one.values && other.values) {
    return !share_a_value(*one.values, *other.values);
  }
  if ((types & ~type_number) == 0) {
    NumberRange both;
    for (const NumberRange* range : {&one.range, &other.range}) {
      const auto narrow = [](auto& end, const auto& by, int sign) {
        if (by && (!end || compare(by->value, end->value) * sign > 0 ||
                   (compare(by->value, end->value) == 0 && by->open))) {
          end = by;
        }
      };
      narrow(both.low, range->low, 1);
      narrow(both.high, range->high, -1);
    }
    return both.empty((types & type_fraction) == 0);
  }
  return types == type_object && told_by_key(one, other, depth);
}

bool Outlines::told_by_key(const Outline& one, const Outline& other, int depth) const {
  const auto lacks = [](const Outline& closed, const Outline& needs) {
    return closed.closed &&
           std::any_of(needs.required.begin(), needs.required.end(),
                       [&](const std::string& key) { return !closed.properties.contains(key); });
  };
  if (lacks(one, other) || lacks(other, one)) {
    return true;
  }
  if (depth >= depth_max) {
    return false;
  }
  for (const auto& [key, schemas] : one.properties) {
    const auto found = other.properties.find(key);
    if (found == other.properties.end() ||
        !(one.required.contains(key) || other.required.contains(key))) {
      continue;
    }
    if (disjoint(outline(schemas.front(), depth + 1), outline(found->second.front(), depth + 1),
                 depth + 1)) {
      return true;
    }
  }
  return false;
}

/// One required key whose values are all different: the usual discriminator.
bool Outlines::told_by_tag(const std::vector<Outline>& outlines) const {
  if (outlines.empty() || outlines_left_ == 0) {
    return false;
  }
  const auto tells = [&](const std::string& key) {
    std::unordered_set<std::string> seen;
    return std::all_of(outlines.begin(), outlines.end(), [&](const Outline& outline) {
      const auto found = outline.properties.find(key);
      if (outline.types != type_object || !outline.required.contains(key) ||
          found == outline.properties.end()) {
        return false;
      }
      const Outline tag = this->outline(found->second.front(), 1);
      return tag.values &&
             std::all_of(tag.values->begin(), tag.values->end(),
                         [&](const std::string& value) { return seen.insert(value).second; });
    });
  };
  return std::any_of(outlines.front().required.begin(), outlines.front().required.end(), tells);
}

}  // namespace grammar
