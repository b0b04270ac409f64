// The formats of JSON Schema and OpenAPI that are known here, and what each allows to be written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <grammar/builder.hpp>

namespace grammar {

struct Format {
  enum class Kind : std::uint8_t {
    text,    ///< a string that `pattern` matches, of at most `length_max` code points
    number,  ///< a number from `low` to `high`, where these are given
  };
  std::string name;
  Kind kind = Kind::text;
  /// Empty where any string will do (password, binary, regex). Often narrower than the standard:
  /// what it matches, validators accept.
  std::string pattern;
  std::uint32_t length_max = unbounded;
  std::string low;  ///< decimal, or empty
  std::string high;
  bool integer = false;  ///< of a number: no fraction
};

/// nullptr for a name that is unknown, which JSON Schema takes for an annotation. Any thread.
const Format* find_format(std::string_view name);

}  // namespace grammar
