#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <wire/json.hpp>

#include "json_text.hpp"

namespace wire {
namespace json = boost::json;

namespace {

constexpr std::size_t memory_base = std::size_t{16} << 20;
constexpr std::size_t memory_per_byte = 16;

/// Lets a parser take so much memory and no more: `[0,0,0,...` grows to twelve times its length.
class Allowance final : public json::memory_resource {
 public:
  explicit Allowance(std::size_t bytes) : left_(bytes) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes > left_) {
      throw std::bad_alloc();
    }
    void* memory = ::operator new(bytes, std::align_val_t(alignment));
    left_ -= bytes;
    return memory;
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    ::operator delete(memory, std::align_val_t(alignment));
    left_ += bytes;
  }
  bool do_is_equal(const json::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::size_t left_;
};

/// A step of a path: a field of an object, or an item of an array.
struct Place {
  std::uint32_t parent = 0;
  std::string_view name;  ///< Empty: an item.
  std::size_t index = 0;
};

JsonType type_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return JsonType::absent;
    case json::kind::bool_: return JsonType::boolean;
    case json::kind::int64:
    case json::kind::uint64: return JsonType::integer;
    case json::kind::double_: return JsonType::number;
    case json::kind::string: return JsonType::string;
    case json::kind::array: return JsonType::array;
    case json::kind::object: return JsonType::object;
  }
  return JsonType::absent;
}

std::string_view with_article(JsonType type) {
  switch (type) {
    case JsonType::absent: return "null";
    case JsonType::boolean: return "a boolean";
    case JsonType::integer: return "an integer";
    case JsonType::number: return "a number";
    case JsonType::string: return "a string";
    case JsonType::array: return "an array";
    case JsonType::object: return "an object";
  }
  return "something else";
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

std::string plural(std::size_t count, std::string_view noun) {
  std::string text = std::to_string(count) + ' ' + std::string(noun);
  return count == 1 ? text : text + 's';
}

std::string length_text(std::size_t min, std::size_t max, std::string_view noun) {
  if (max == any_length) {
    return "must have at least " + plural(min, noun) + '.';
  }
  if (min == 0) {
    return "must have at most " + plural(max, noun) + '.';
  }
  return "must have " + std::to_string(min) + " to " + plural(max, noun) + '.';
}

}  // namespace

struct Document::State {
  explicit State(std::size_t text_size)
      : allowance(memory_base + memory_per_byte * text_size),
        memory(first, sizeof first, json::storage_ptr(&allowance)) {}

  unsigned char first[4096];
  Allowance allowance;
  json::monotonic_resource memory;
  std::optional<json::value> value;
  std::vector<Place> places{Place{}};
  std::optional<ParseError> error;

  void parse(std::string_view text);
  [[nodiscard]] std::string path(std::uint32_t place) const;
  [[nodiscard]] std::string field_path(std::uint32_t place, std::string_view name) const;
  [[nodiscard]] std::string item_path(std::uint32_t place, std::size_t index) const;
  void fail(const std::string& path, ErrorKind kind, std::string_view what);
  void wrong_type(const std::string& path, std::string_view wanted, JsonType got);
  std::uint32_t enter(Place place) {
    places.push_back(place);
    return static_cast<std::uint32_t>(places.size() - 1);
  }

  // Each takes a value that is there; `where` makes its path, and only when it is needed.
  template <class Where>
  std::optional<std::string> string(const json::value& given, std::size_t min, std::size_t max,
                                    const Where& where);
  template <class Where>
  std::optional<std::uint64_t> u64(const json::value& given, std::uint64_t min, std::uint64_t max,
                                   const Where& where);
  template <class Where>
  const json::array* array(const json::value& given, std::size_t min, std::size_t max,
                           const Where& where);
  template <class Where>
  const json::object* object(const json::value& given, const Where& where);
};

void Document::State::parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = depth_max;
  unsigned char scratch[2048];
  try {
    json::stream_parser parser(json::storage_ptr(&allowance), options, scratch, sizeof scratch);
    parser.reset(json::storage_ptr(&memory));
    boost::system::error_code error_code;
    const std::size_t read = parser.write_some(text.data(), text.size(), error_code);
    if (!error_code && read == text.size()) {
      parser.finish(error_code);
      if (!error_code) {
        value.emplace(parser.release());
        return;
      }
    }
    if (error_code == json::error::too_deep) {
      error = ParseError{
          ErrorKind::too_deep, "",
          "The request body is nested deeper than " + std::to_string(depth_max) + " levels."};
    } else {
      error = ParseError{ErrorKind::syntax, "",
                         "The request body is not valid JSON in UTF-8 (near byte " +
                             std::to_string(std::min(read, text.size())) + ")."};
    }
  } catch (const std::exception&) {  // bad_alloc of the allowance, or a length_error
    error = ParseError{ErrorKind::too_large, "", "The request body has too many values."};
  }
}

std::string Document::State::path(std::uint32_t place) const {
  if (place == 0) {
    return {};
  }
  const Place& step = places[place];
  return step.name.empty() ? item_path(step.parent, step.index)
                           : field_path(step.parent, step.name);
}

std::string Document::State::field_path(std::uint32_t place, std::string_view name) const {
  std::string text = path(place);
  if (!text.empty() && !name.empty()) {
    text += '.';
  }
  return text += name;
}

std::string Document::State::item_path(std::uint32_t place, std::size_t index) const {
  return path(place) + '[' + std::to_string(index) + ']';
}

void Document::State::fail(const std::string& path, ErrorKind kind, std::string_view what) {
  if (error) {
    return;
  }
  std::string message = path.empty() ? "The request body" : '\'' + path + '\'';
  message += ' ';
  message += what;
  error = ParseError{kind, path, std::move(message)};
}

void Document::State::wrong_type(const std::string& path, std::string_view wanted, JsonType got) {
  std::string what = "must be ";
  what.append(wanted).append(", not ").append(with_article(got)).append(".");
  fail(path, ErrorKind::wrong_type, what);
}

template <class Where>
std::optional<std::string> Document::State::string(const json::value& given, std::size_t min,
                                                   std::size_t max, const Where& where) {
  const json::string* text = given.if_string();
  if (text == nullptr) {
    wrong_type(where(), "a string", type_of(given));
    return std::nullopt;
  }
  if (text->size() < min || text->size() > max) {
    fail(where(), ErrorKind::out_of_range,
         text->empty() && min == 1 ? "must not be empty." : length_text(min, max, "byte"));
    return std::nullopt;
  }
  return std::string(text->data(), text->size());
}

template <class Where>
std::optional<std::uint64_t> Document::State::u64(const json::value& given, std::uint64_t min,
                                                  std::uint64_t max, const Where& where) {
  std::uint64_t number = 0;
  bool negative = false;
  if (const std::int64_t* signed_number = given.if_int64()) {
    negative = *signed_number < 0;
    number = negative ? 0 : static_cast<std::uint64_t>(*signed_number);
  } else if (const std::uint64_t* unsigned_number = given.if_uint64()) {
    number = *unsigned_number;
  } else if (given.is_double() && std::abs(given.get_double()) > 9e18) {
    negative = true;  // An integer too large for 64 bits arrives as a double: out of range.
  } else {
    wrong_type(where(), "an integer", type_of(given));
    return std::nullopt;
  }
  if (negative || number < min || number > max) {
    fail(where(), ErrorKind::out_of_range,
         "must be an integer from " + std::to_string(min) + " to " + std::to_string(max) + '.');
    return std::nullopt;
  }
  return number;
}

template <class Where>
const json::array* Document::State::array(const json::value& given, std::size_t min,
                                          std::size_t max, const Where& where) {
  const json::array* items = given.if_array();
  if (items == nullptr) {
    wrong_type(where(), "an array", type_of(given));
  } else if (items->size() < min || items->size() > max) {
    fail(where(), ErrorKind::out_of_range,
         items->empty() && min == 1 ? "must not be empty." : length_text(min, max, "item"));
    items = nullptr;
  }
  return items;
}

template <class Where>
const json::object* Document::State::object(const json::value& given, const Where& where) {
  const json::object* fields = given.if_object();
  if (fields == nullptr) {
    wrong_type(where(), "an object", type_of(given));
  }
  return fields;
}

Document::Document(std::string_view text) : state_(std::make_unique<State>(text.size())) {
  state_->parse(text);
  if (state_->value && !state_->value->is_object()) {
    state_->wrong_type("", "a JSON object", type_of(*state_->value));
  }
}

Document::~Document() = default;

Reader Document::root() {
  return {state_.get(), 0, state_->error ? nullptr : state_->value->if_object()};
}

bool Document::failed() const {
  return state_->error.has_value();
}

const ParseError& Document::error() const {
  return *state_->error;
}

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

void Reader::fail(std::string_view name, ErrorKind kind, std::string_view what) {
  if (!state_->error) {
    state_->fail(state_->field_path(place_, name), kind, what);
  }
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
  return state_->string(*found, length_min, length_max,
                        [&] { return state_->field_path(place_, name); });
}

std::optional<std::size_t> Reader::optional_word(std::string_view name,
                                                 std::initializer_list<std::string_view> words) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const json::string* text = found->if_string();
  if (text == nullptr) {
    state_->wrong_type(state_->field_path(place_, name), "a string", type_of(*found));
    return std::nullopt;
  }
  const std::string_view given(text->data(), text->size());
  const auto* match = std::find(words.begin(), words.end(), given);
  if (match != words.end()) {
    return static_cast<std::size_t>(match - words.begin());
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
                                                 std::initializer_list<std::string_view> words) {
  require(name);
  return optional_word(name, words);
}

std::optional<bool> Reader::optional_bool(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const bool* flag = found->if_bool()) {
    return *flag;
  }
  state_->wrong_type(state_->field_path(place_, name), "a boolean", type_of(*found));
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::optional_u64(std::string_view name, std::uint64_t min,
                                                  std::uint64_t max) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  return state_->u64(*found, min, max, [&] { return state_->field_path(place_, name); });
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
  const std::int64_t* number = found->if_int64();
  if (number != nullptr && *number >= min && *number <= max) {
    return *number;
  }
  const bool huge =
      found->is_uint64() || (found->is_double() && std::abs(found->get_double()) > 9e18);
  if (number != nullptr || huge) {
    fail(name, ErrorKind::out_of_range,
         "must be an integer from " + std::to_string(min) + " to " + std::to_string(max) + '.');
  } else {
    state_->wrong_type(state_->field_path(place_, name), "an integer", type_of(*found));
  }
  return std::nullopt;
}

std::optional<double> Reader::optional_number(std::string_view name, double min, double max) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (!found->is_number()) {
    state_->wrong_type(state_->field_path(place_, name), "a number", type_of(*found));
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
  const json::object* fields =
      state_->object(*found, [&] { return state_->field_path(place_, name); });
  return Reader(state_, state_->enter({place_, name, 0}), fields);
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
      state_->array(*found, count_min, count_max, [&] { return state_->field_path(place_, name); });
  return Items(state_, state_->enter({place_, name, 0}), items);
}

Items Reader::required_array(std::string_view name, std::size_t count_max, std::size_t count_min) {
  require(name);
  return optional_array(name, count_max, count_min).value_or(Items(state_, place_, nullptr));
}

std::optional<std::string> Reader::optional_object_text(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (!found->is_object()) {
    state_->wrong_type(state_->field_path(place_, name), "an object", type_of(*found));
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
  const json::object* fields =
      state_->object(*found, [&] { return state_->field_path(place_, name); });
  if (fields == nullptr) {
    return map;
  }
  if (fields->size() > count_max) {
    fail(name, ErrorKind::out_of_range, length_text(0, count_max, "field"));
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

std::size_t Items::size() const {
  return array_ == nullptr ? 0 : array_->size();
}

JsonType Items::type(std::size_t index) const {
  return type_of((*array_)[index]);
}

std::string Items::string(std::size_t index, std::size_t length_max, std::size_t length_min) {
  return state_
      ->string((*array_)[index], length_min, length_max,
               [&] { return state_->item_path(place_, index); })
      .value_or(std::string());
}

std::uint64_t Items::u64(std::size_t index, std::uint64_t min, std::uint64_t max) {
  return state_->u64((*array_)[index], min, max, [&] { return state_->item_path(place_, index); })
      .value_or(min);
}

Reader Items::object(std::size_t index) {
  const json::object* fields =
      state_->object((*array_)[index], [&] { return state_->item_path(place_, index); });
  return {state_, state_->enter({place_, {}, index}), fields};
}

Items Items::array(std::size_t index, std::size_t count_max, std::size_t count_min) {
  const json::array* items = state_->array((*array_)[index], count_min, count_max,
                                           [&] { return state_->item_path(place_, index); });
  return {state_, state_->enter({place_, {}, index}), items};
}

void Items::fail(std::size_t index, ErrorKind kind, std::string_view what) {
  if (!state_->error) {
    state_->fail(state_->item_path(place_, index), kind, what);
  }
}

std::string_view error_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::syntax: return "invalid_json";
    case ErrorKind::too_deep: return "json_too_deep";
    case ErrorKind::too_large: return "json_too_large";
    case ErrorKind::missing: return "missing_required_parameter";
    case ErrorKind::wrong_type: return "invalid_type";
    case ErrorKind::out_of_range: return "invalid_value";
    case ErrorKind::unsupported: return "unsupported_parameter";
  }
  return "invalid_request_error";
}

}  // namespace wire
