#include "json_state.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <new>

#include <base/invariant.hpp>

#include "json_parser.hpp"

namespace wire {
namespace json = boost::json;

namespace {

constexpr std::size_t memory_base = std::size_t{16} << 20;
constexpr std::size_t memory_per_byte = 16;

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

}  // namespace

void* Allowance::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes > left_) {
    throw std::bad_alloc();
  }
  void* memory = ::operator new(bytes, std::align_val_t(alignment));
  left_ -= bytes;
  return memory;
}

void Allowance::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) {
  ::operator delete(memory, std::align_val_t(alignment));
  left_ += bytes;
}

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

bool is_huge(const json::value& value) {
  return value.is_double() && std::abs(value.get_double()) > 9e18;
}

std::optional<std::int64_t> whole_number(const json::value& value) {
  constexpr double exact_max = 9007199254740992.0;  // 2^53: beyond it a double skips integers.
  if (!value.is_double()) {
    return std::nullopt;
  }
  const double number = value.get_double();
  if (!(std::abs(number) <= exact_max) || number != std::trunc(number)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

std::string count_text(std::size_t min, std::size_t max, std::string_view noun) {
  const std::string range = max == any_length ? "at least " + std::to_string(min)
                            : min == 0        ? "at most " + std::to_string(max)
                                              : std::to_string(min) + " to " + std::to_string(max);
  return "must have " + range + ' ' + std::string(noun) + '.';
}

Document::State::State(std::size_t text_size)
    : allowance(memory_base + memory_per_byte * text_size),
      memory(first, sizeof first, json::storage_ptr(&allowance)) {}

void Document::State::parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = depth_max;
  unsigned char scratch[2048];
  try {
    json::basic_parser<JsonHandler> parser(options, json::storage_ptr(&allowance), scratch,
                                           sizeof scratch);
    parser.handler().stack.reset(json::storage_ptr(&memory));
    boost::system::error_code code;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
    if (!code && read == text.size()) {
      value.emplace(parser.handler().stack.release());
      return;
    }
    if (code == json::error::too_deep) {
      fail({}, ErrorKind::too_deep,
           "is nested deeper than " + std::to_string(depth_max) + " levels.");
    } else if (code == json::error::object_too_large) {
      fail({}, ErrorKind::too_large,
           "has an object with more than " + std::to_string(JsonHandler::max_object_size) +
               " fields.");
    } else if (text.empty()) {
      fail({}, ErrorKind::syntax, "is empty; it must be a JSON object.");
    } else {
      fail({}, ErrorKind::syntax,
           "is not valid JSON in UTF-8 (near byte " + std::to_string(std::min(read, text.size())) +
               ").");
    }
  } catch (const std::exception&) {  // The allowance is used up, or a text is too long.
    fail({}, ErrorKind::too_large, "has too many values.");
  }
}

std::string Document::State::path(const Place& where) const {
  std::string text = where.parent == 0 ? std::string() : path(places[where.parent]);
  if (where.item) {
    return text + '[' + std::to_string(where.index) + ']';
  }
  if (!text.empty() && !where.name.empty()) {
    text += '.';
  }
  return text.append(where.name);
}

void Document::State::fail(const Place& where, ErrorKind kind, std::string_view what) {
  if (error) {
    return;
  }
  std::string param = path(where);
  std::string message = param.empty() ? "The request body" : '\'' + param + '\'';
  message.append(" ").append(what);
  error = ParseError{kind, std::move(param), std::move(message)};
}

void Document::State::wrong_type(const Place& where, std::string_view wanted,
                                 const json::value& got) {
  std::string what = "must be ";
  what.append(wanted).append(", not ").append(with_article(type_of(got))).append(".");
  fail(where, ErrorKind::wrong_type, what);
}

std::uint32_t Document::State::enter(const Place& place) {
  places.push_back(place);
  return static_cast<std::uint32_t>(places.size() - 1);
}

std::optional<std::string> Document::State::string(const json::value& given, std::size_t min,
                                                   std::size_t max, const Place& where) {
  const json::string* text = given.if_string();
  if (text == nullptr) {
    wrong_type(where, "a string", given);
    return std::nullopt;
  }
  if (text->size() < min || text->size() > max) {
    const bool bare = text->empty() && min == 1;
    fail(where, ErrorKind::out_of_range,
         bare ? "must not be empty." : count_text(min, max, "bytes"));
    return std::nullopt;
  }
  return std::string(text->data(), text->size());
}

std::optional<std::uint64_t> Document::State::u64(const json::value& given, std::uint64_t min,
                                                  std::uint64_t max, const Place& where) {
  const auto whole = given.is_int64() ? std::optional(given.get_int64()) : whole_number(given);
  if (!whole && !given.is_uint64() && !is_huge(given)) {
    wrong_type(where, "an integer", given);
    return std::nullopt;
  }
  if (given.is_uint64() || (whole && *whole >= 0)) {
    const auto number = whole ? static_cast<std::uint64_t>(*whole) : given.get_uint64();
    if (number >= min && number <= max) {
      return number;
    }
  }
  fail(where, ErrorKind::out_of_range,
       "must be an integer from " + std::to_string(min) + " to " + std::to_string(max) + '.');
  return std::nullopt;
}

const json::array* Document::State::array(const json::value& given, std::size_t min,
                                          std::size_t max, const Place& where) {
  const json::array* items = given.if_array();
  if (items == nullptr) {
    wrong_type(where, "an array", given);
    return nullptr;
  }
  if (items->size() < min || items->size() > max) {
    const bool bare = items->empty() && min == 1;
    fail(where, ErrorKind::out_of_range,
         bare ? "must not be empty." : count_text(min, max, "items"));
    return nullptr;
  }
  return items;
}

const json::object* Document::State::object(const json::value& given, const Place& where) {
  const json::object* fields = given.if_object();
  if (fields == nullptr) {
    wrong_type(where, "an object", given);
  }
  return fields;
}

Document::Document(std::string_view text) : state_(std::make_unique<State>(text.size())) {
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  state_->parse(text);
  if (state_->value && !state_->value->is_object()) {
    state_->wrong_type({}, "a JSON object", *state_->value);
  }
}

Document::~Document() = default;

Reader Document::root() {
  return {state_.get(), 0, failed() ? nullptr : state_->value->if_object()};
}

bool Document::failed() const {
  return state_->error.has_value();
}

const ParseError& Document::error() const {
  base::invariant(failed(), "only a document that failed has an error");
  return *state_->error;
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
