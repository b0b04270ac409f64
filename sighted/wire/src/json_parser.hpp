// Boost's parser with a bound that its own does not have: fields per object. Its objects hash keys
// in a way that can be made to collide, so large ones would cost quadratic time.
#pragma once

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <utility>

namespace wire {

struct JsonHandler {
  using Text = boost::json::string_view;
  using Code = boost::json::error_code;

  static constexpr std::size_t max_object_size = 4096;
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  template <class... Args>
  explicit JsonHandler(Args&&... args) : stack(std::forward<Args>(args)...) {}

  static bool on_document_begin(Code&) { return true; }
  static bool on_document_end(Code&) { return true; }
  static bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t count, Code&) { return stack.push_object(count), true; }
  static bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t count, Code&) { return stack.push_array(count), true; }
  bool on_key_part(Text text, std::size_t, Code&) { return stack.push_chars(text), true; }
  bool on_key(Text text, std::size_t, Code&) { return stack.push_key(text), true; }
  bool on_string_part(Text text, std::size_t, Code&) { return stack.push_chars(text), true; }
  bool on_string(Text text, std::size_t, Code&) { return stack.push_string(text), true; }
  static bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t number, Text, Code&) { return stack.push_int64(number), true; }
  bool on_uint64(std::uint64_t number, Text, Code&) { return stack.push_uint64(number), true; }
  bool on_double(double number, Text, Code&) { return stack.push_double(number), true; }
  bool on_bool(bool flag, Code&) { return stack.push_bool(flag), true; }
  bool on_null(Code&) { return stack.push_null(), true; }
  static bool on_comment_part(Text, Code&) { return true; }
  static bool on_comment(Text, Code&) { return true; }

  boost::json::value_stack stack;
};

}  // namespace wire
