#include <algorithm>

#include "json_state.hpp"
#include "json_text.hpp"

namespace wire {
namespace json = boost::json;

const json::value* Reader::find(std::string_view name) const {
  if (object_ == nullptr) {
    return nullptr;
  }
  const json::value* found = object_->if_contains({name.data(), name.size()});
  return found == nullptr || found->is_null() ? nullptr : found;
}

const json::value* Reader::require(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    fail(name, ErrorKind::missing, "is required.");
  }
  return found;
}

JsonType Reader::type(std::string_view name) const {
  const json::value* found = find(name);
  return found == nullptr ? JsonType::absent : type_of(*found);
}

std::string Reader::path(std::string_view name) const {
  return state_->path(Place::field(place_, name));
}

void Reader::fail(std::string_view name, ErrorKind kind, std::string_view what) {
  state_->fail(Place::field(place_, name), kind, what);
}

void Reader::unsupported(std::string_view name, std::string_view what) {
  fail(name, ErrorKind::unsupported, what);
}

std::string Reader::required_string(std::string_view name, std::size_t length_max,
                                    std::size_t length_min) {
  require(name);
  return optional_string(name, length_max, length_min).value_or(std::string());
}

std::optional<std::string> Reader::optional_string(std::string_view name, std::size_t length_max,
                                                   std::size_t length_min) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  return state_->string(*found, length_min, length_max, Place::field(place_, name));
}

std::optional<std::size_t> Reader::optional_word(std::string_view name,
                                                 std::initializer_list<std::string_view> words,
                                                 std::string_view otherwise) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const json::string* text = found->if_string();
  if (text == nullptr) {
    state_->wrong_type(Place::field(place_, name), "a string", *found);
    return std::nullopt;
  }
  const std::string_view given(text->data(), text->size());
  const auto* match = std::find(words.begin(), words.end(), given);
  if (match != words.end()) {
    return static_cast<std::size_t>(match - words.begin());
  }
  if (!otherwise.empty()) {
    unsupported(name, otherwise);
    return std::nullopt;
  }
  std::string what = words.size() == 1 ? "must be" : "must be one of";
  const char* before = " '";
  for (const std::string_view word : words) {
    what.append(before).append(word).append("'");
    before = ", '";
  }
  fail(name, ErrorKind::out_of_range, what + '.');
  return std::nullopt;
}

std::optional<std::size_t> Reader::required_word(std::string_view name,
                                                 std::initializer_list<std::string_view> words,
                                                 std::string_view otherwise) {
  require(name);
  return optional_word(name, words, otherwise);
}

std::optional<bool> Reader::optional_bool(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const bool* flag = found->if_bool()) {
    return *flag;
  }
  state_->wrong_type(Place::field(place_, name), "a boolean", *found);
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::optional_u64(std::string_view name, std::uint64_t min,
                                                  std::uint64_t max) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  return state_->u64(*found, min, max, Place::field(place_, name));
}

std::uint64_t Reader::required_u64(std::string_view name, std::uint64_t min, std::uint64_t max) {
  require(name);
  return optional_u64(name, min, max).value_or(min);
}

std::optional<std::int64_t> Reader::optional_i64(std::string_view name, std::int64_t min,
                                                 std::int64_t max) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const auto number = found->is_int64() ? std::optional(found->get_int64()) : whole_number(*found);
  if (number && *number >= min && *number <= max) {
    return number;
  }
  if (number || found->is_uint64() || is_huge(*found)) {
    fail(name, ErrorKind::out_of_range,
         "must be an integer from " + std::to_string(min) + " to " + std::to_string(max) + '.');
  } else {
    state_->wrong_type(Place::field(place_, name), "an integer", *found);
  }
  return std::nullopt;
}

std::optional<double> Reader::optional_number(std::string_view name, double min, double max) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (!found->is_number()) {
    state_->wrong_type(Place::field(place_, name), "a number", *found);
    return std::nullopt;
  }
  const double number = found->to_number<double>();
  if (!(number >= min && number <= max)) {
    fail(name, ErrorKind::out_of_range,
         "must be a number from " + number_text(min) + " to " + number_text(max) + '.');
    return std::nullopt;
  }
  return number;
}

std::optional<Reader> Reader::optional_object(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const json::object* fields = state_->object(*found, Place::field(place_, name));
  return Reader(state_, state_->enter(Place::field(place_, name)), fields);
}

Reader Reader::required_object(std::string_view name) {
  require(name);
  return optional_object(name).value_or(Reader(state_, place_, nullptr));
}

std::optional<Items> Reader::optional_array(std::string_view name, std::size_t count_max,
                                            std::size_t count_min) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const json::array* items =
      state_->array(*found, count_min, count_max, Place::field(place_, name));
  return Items(state_, state_->enter(Place::field(place_, name)), items);
}

Items Reader::required_array(std::string_view name, std::size_t count_max, std::size_t count_min) {
  require(name);
  return optional_array(name, count_max, count_min).value_or(Items(state_, place_, nullptr));
}

std::vector<std::string_view> Reader::names() const {
  std::vector<std::string_view> all;
  if (object_ != nullptr) {
    all.reserve(object_->size());
    for (const auto& field : *object_) {
      all.emplace_back(field.key());
    }
  }
  return all;
}

bool Reader::is_empty_object(std::string_view name) const {
  const json::value* found = find(name);
  return found != nullptr && found->is_object() && found->get_object().empty();
}

std::optional<std::string> Reader::optional_object_text(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (!found->is_object()) {
    state_->wrong_type(Place::field(place_, name), "an object", *found);
    return std::nullopt;
  }
  std::string text;
  if (!append_json(text, *found)) {
    fail(name, ErrorKind::out_of_range, "contains a number that is too large.");
    return std::nullopt;
  }
  return text;
}

std::string Reader::required_object_text(std::string_view name) {
  require(name);
  return optional_object_text(name).value_or("{}");
}

std::vector<std::pair<std::string, double>> Reader::optional_number_map(std::string_view name,
                                                                        std::size_t count_max,
                                                                        double min, double max) {
  std::vector<std::pair<std::string, double>> map;
  const json::value* found = find(name);
  if (found == nullptr) {
    return map;
  }
  const json::object* fields = state_->object(*found, Place::field(place_, name));
  if (fields == nullptr) {
    return map;
  }
  if (fields->size() > count_max) {
    fail(name, ErrorKind::out_of_range, count_text(0, count_max, "fields"));
    return map;
  }
  map.reserve(fields->size());
  for (const json::key_value_pair& entry : *fields) {
    const double number =
        entry.value().is_number() ? entry.value().to_number<double>() : std::nan("");
    if (!(number >= min && number <= max)) {
      fail(name, ErrorKind::out_of_range,
           "must have numbers from " + number_text(min) + " to " + number_text(max) +
               " as its values.");
      return map;
    }
    map.emplace_back(std::string(entry.key().data(), entry.key().size()), number);
  }
  return map;
}

std::vector<std::pair<std::string, std::string>> Reader::optional_value_texts(
    std::string_view name, std::size_t count_max) {
  std::vector<std::pair<std::string, std::string>> texts;
  const json::value* found = find(name);
  const json::object* fields =
      found == nullptr ? nullptr : state_->object(*found, Place::field(place_, name));
  if (fields == nullptr) {
    return texts;
  }
  if (fields->size() > count_max) {
    fail(name, ErrorKind::out_of_range, count_text(0, count_max, "fields"));
    return texts;
  }
  for (const json::key_value_pair& entry : *fields) {
    std::string& text =
        texts.emplace_back(std::string(entry.key().data(), entry.key().size()), "").second;
    if (!append_json(text, entry.value())) {
      fail(name, ErrorKind::out_of_range, "contains a number that is too large.");
      return {};
    }
  }
  return texts;
}

std::size_t Items::size() const {
  return array_ == nullptr ? 0 : array_->size();
}

JsonType Items::type(std::size_t index) const {
  return type_of((*array_)[index]);
}

std::string Items::string(std::size_t index, std::size_t length_max, std::size_t length_min) {
  return state_->string((*array_)[index], length_min, length_max, Place::of_item(place_, index))
      .value_or(std::string());
}

std::uint64_t Items::u64(std::size_t index, std::uint64_t min, std::uint64_t max) {
  return state_->u64((*array_)[index], min, max, Place::of_item(place_, index)).value_or(min);
}

Reader Items::object(std::size_t index) {
  const json::object* fields = state_->object((*array_)[index], Place::of_item(place_, index));
  return {state_, state_->enter(Place::of_item(place_, index)), fields};
}

Items Items::array(std::size_t index, std::size_t count_max, std::size_t count_min) {
  const json::array* items =
      state_->array((*array_)[index], count_min, count_max, Place::of_item(place_, index));
  return {state_, state_->enter(Place::of_item(place_, index)), items};
}

void Items::fail(std::size_t index, ErrorKind kind, std::string_view what) {
  state_->fail(Place::of_item(place_, index), kind, what);
}

}  // namespace wire
