#include "schema_shaper.hpp"

#include <algorithm>
#include <utility>

#include "format.hpp"

namespace grammar {

namespace {

constexpr std::size_t excluded_numbers_max = 64;

}  // namespace

Shaper::Shaper(PlaceTable& table, Shape& shape, const std::vector<Element>& elements)
    : table_(table), document_(table.document_), notes_(table.notes_), shape_(shape) {
  for (const Element& element : elements) {
    parts_.push_back({element.schema, &table.known(element.schema).words});
  }
}

void Shaper::run() {
  exclude_plain();
  if ((shape_.types & type_string) != 0) {
    shape_string();
  }
  if ((shape_.types & type_number) != 0) {
    shape_number();
  }
  if ((shape_.types & type_array) != 0) {
    shape_array();
  }
  if ((shape_.types & type_object) != 0) {
    shape_object();
  }
  if (shape_.types == type_none && !shape_.dead) {
    shape_.dead = unsatisfiable(document_.path(shape_.from, "type"), "type");
  }
}

void Shaper::take_out(std::uint8_t type, Refusal why) {
  shape_.types = static_cast<std::uint8_t>(shape_.types & ~type);
  if (shape_.types == type_none) {
    shape_.dead = std::move(why);
  }
}

/// What one schema says against itself is refused, wherever it stands; what several say together
/// only takes the type out.
void Shaper::contradict(std::uint8_t type, ValueId schema, Word word) {
  const std::string name(client_name(word));
  const Refusal why = unsatisfiable(document_.path(schema, name), name);
  if (parts_.size() == 1 && !document_.at(schema).made) {
    notes_.refuse(why);
  }
  take_out(type, why);
}

std::uint32_t Shaper::highest(Word word, ValueId* from) const {
  std::uint32_t count = 0;
  for (const Part& part : parts_) {
    if (part.words->has(word)) {
      const auto other = Decimal::read(document_.at((*part.words)[word]).text).count();
      if (from != nullptr) {
        *from = part.schema;
      }
      count = std::max(count, static_cast<std::uint32_t>(
                                  std::min<std::uint64_t>(other.value_or(0), unbounded - 1)));
    }
  }
  return count;
}

std::uint32_t Shaper::lowest(Word word, ValueId* from) const {
  std::uint32_t count = unbounded;
  for (const Part& part : parts_) {
    if (part.words->has(word)) {
      const auto other = Decimal::read(document_.at((*part.words)[word]).text).count();
      if (from != nullptr) {
        *from = part.schema;
      }
      count = std::min(
          count, static_cast<std::uint32_t>(std::min<std::uint64_t>(other.value_or(0), unbounded)));
    }
  }
  return count;
}

/// Values that must not be: of booleans and null here; an array or object that must not be is
/// avoided with its type.
void Shaper::exclude_plain() {
  for (const Part& part : parts_) {
    if (!part.words->has(Word::excluded)) {
      continue;
    }
    for (const ValueId id : document_.at((*part.words)[Word::excluded]).items) {
      const SchemaValue& value = document_.at(id);
      const std::uint8_t type = type_of(document_, id);
      if (value.kind == ValueKind::boolean) {
        (value.flag ? shape_.no_true : shape_.no_false) = true;
      } else if ((type & (type_null | type_array | type_object)) != 0) {
        take_out(type, unsatisfiable(document_.path(part.schema), "not"));
      }
    }
  }
  if (shape_.no_true && shape_.no_false) {
    take_out(type_boolean, unsatisfiable(document_.path(shape_.from), "not"));
  }
}

/// Adds one keyword where the strings can be compiled with it; reports it where they cannot.
bool Shaper::try_text(const Part& part, Word word, const TextDemand& demand) {
  if (!table_.leaves_.known(Leaves::key(demand)) && !notes_.work(leaf_work)) {
    return false;
  }
  const auto leaf = table_.leaves_.text(demand);
  if (leaf.ok()) {
    shape_.string.leaf = leaf.value();
    return true;
  }
  const Refusal& why = leaf.error();
  const std::string name(client_name(word));
  switch (why.kind) {
    case Refusal::Kind::malformed:
      notes_.refuse(malformed(document_.path(part.schema, name), name));
      break;
    case Refusal::Kind::unsatisfiable: contradict(type_string, part.schema, word); break;
    case Refusal::Kind::unsupported: notes_.leave_out(part.schema, word); break;
    case Refusal::Kind::too_large:
      if (notes_.mode() == SchemaMode::strict) {
        notes_.refuse(too_large(document_.path(part.schema, name), why.keyword, why.limit));
      }
      notes_.leave_out(part.schema, word);
      break;
  }
  return false;
}

void Shaper::shape_string() {
  TextDemand demand;
  demand.min_length = highest(Word::min_length);
  demand.max_length = lowest(Word::max_length);
  shape_.string.min = demand.min_length;
  for (const Part& part : parts_) {
    if (part.words->has(Word::excluded)) {
      for (const ValueId value : document_.at((*part.words)[Word::excluded]).items) {
        if (document_.at(value).kind == ValueKind::string) {
          demand.except.push_back(document_.at(value).text);
        }
      }
    }
  }
  const bool bounded = demand.min_length > 0 || demand.max_length != unbounded;
  if ((bounded || !demand.except.empty()) && !try_text(parts_.front(), Word::min_length, demand)) {
    return;
  }
  for (const Part& part : parts_) {
    for (const Word word : {Word::pattern, Word::excluded_pattern, Word::format}) {
      if (!part.words->has(word) || notes_.refused() || (shape_.types & type_string) == 0) {
        continue;
      }
      const std::string& text = document_.at((*part.words)[word]).text;
      if (word == Word::format) {
        const Format* format = find_format(text);
        if (format == nullptr && !part.words->has(Word::pattern)) {
          notes_.leave_out(part.schema, word);
        }
        if (format == nullptr || format->kind != Format::Kind::text) {
          continue;
        }
      }
      TextDemand more = demand;
      auto& texts = word == Word::pattern            ? more.patterns
                    : word == Word::excluded_pattern ? more.not_patterns
                                                     : more.formats;
      if (std::find(texts.begin(), texts.end(), text) != texts.end()) {
        continue;
      }
      texts.emplace_back(text);
      if (try_text(part, word, more)) {
        demand = std::move(more);
      }
    }
  }
}

/// The ranges between numbers that must not be.
std::vector<NumberDemand> Shaper::number_demands(NumberDemand demand) {
  std::vector<Decimal> excluded;
  for (const Part& part : parts_) {
    if (part.words->has(Word::excluded)) {
      for (const ValueId value : document_.at((*part.words)[Word::excluded]).items) {
        if (document_.at(value).kind == ValueKind::number) {
          excluded.push_back(Decimal::read(document_.at(value).text));
        }
      }
    }
  }
  if (excluded.size() > excluded_numbers_max) {
    notes_.refuse(too_large(document_.path(shape_.from), "not", excluded_numbers_max));
    return {};
  }
  std::sort(excluded.begin(), excluded.end(),
            [](const Decimal& one, const Decimal& other) { return compare(one, other) < 0; });
  std::vector<NumberDemand> demands{std::move(demand)};
  for (const Decimal& number : excluded) {
    NumberDemand& last = demands.back();
    const bool below = last.high && compare(last.high->value, number) < 0;
    const bool above = last.low && compare(last.low->value, number) > 0;
    if (below || above) {
      continue;
    }
    NumberDemand next = last;
    last.high = NumberBound{number, true};
    next.low = NumberBound{number, true};
    demands.push_back(std::move(next));
  }
  return demands;
}

void Shaper::shape_number() {
  NumberRange range;
  NumberDemand demand;
  demand.integer = (shape_.types & type_fraction) == 0;
  ValueId from = no_value;
  Word word = Word::type;
  const auto narrow_end = [](std::optional<NumberBound>& bound, const Decimal& value, int sign) {
    if (!bound || compare(value, bound->value) * sign > 0) {
      bound = NumberBound{value, false};
    }
  };
  for (const Part& part : parts_) {
    range.narrow(document_, *part.words);
    for (const Word one : {Word::minimum, Word::exclusive_minimum, Word::maximum,
                           Word::exclusive_maximum, Word::multiple_of}) {
      if (part.words->has(one) && (from == no_value || one == Word::multiple_of)) {
        from = part.schema;
        word = one;
      }
    }
  }
  if (range.low) {
    demand.low = NumberBound{range.low->value, range.low->open};
  }
  if (range.high) {
    demand.high = NumberBound{range.high->value, range.high->open};
  }
  for (const ValueId step : range.steps) {
    demand.steps.push_back(Decimal::read(document_.at(step).text));
  }
  for (const Part& part : parts_) {
    const Format* format = part.words->has(Word::format)
                               ? find_format(document_.at((*part.words)[Word::format]).text)
                               : nullptr;
    const bool unknown = part.words->has(Word::format) && format == nullptr;
    if (unknown && (shape_.types & type_string) == 0) {
      notes_.leave_out(part.schema, Word::format);
    }
    if (format == nullptr || format->kind != Format::Kind::number) {
      continue;
    }
    demand.integer = demand.integer || format->integer;
    if (!format->low.empty()) {
      narrow_end(demand.low, Decimal::read(format->low), 1);
    }
    if (!format->high.empty()) {
      narrow_end(demand.high, Decimal::read(format->high), -1);
    }
  }
  compile_number(demand, from == no_value ? shape_.from : from, word);
}

void Shaper::compile_number(const NumberDemand& whole, ValueId from, Word word) {
  std::optional<Refusal> failed;
  for (const NumberDemand& demand : number_demands(whole)) {
    if (!table_.leaves_.known(Leaves::key(demand)) && !notes_.work(leaf_work)) {
      return;
    }
    const std::size_t edges = table_.leaves_.edges();
    const auto leaf = table_.leaves_.number(demand);
    notes_.work((table_.leaves_.edges() - edges) * edge_work);
    if (leaf.ok()) {
      shape_.number.leaves.push_back(leaf.value());
    } else if (!failed || failed->kind == Refusal::Kind::unsatisfiable) {
      failed = leaf.error();
    }
  }
  if (!failed || notes_.refused()) {
    return;
  }
  if (failed->kind == Refusal::Kind::unsatisfiable) {
    if (shape_.number.leaves.empty()) {
      contradict(type_number, from, word);
    }
    return;
  }
  // Too large or unsupported: any number, where that may be said.
  const std::string name(client_name(word));
  if (notes_.mode() == SchemaMode::strict) {
    const bool large = failed->kind == Refusal::Kind::too_large;
    notes_.refuse(
        {failed->kind, document_.path(from, name), large ? failed->keyword : name, failed->limit});
    return;
  }
  notes_.leave_out(from, word);
  NumberDemand plain;
  plain.integer = whole.integer;
  const auto leaf = table_.leaves_.number(plain);
  if (leaf.ok()) {
    shape_.number.leaves = {leaf.value()};
  }
}

}  // namespace grammar
