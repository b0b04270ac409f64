// What is wrong with a client's body, without a word of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wire {

enum class ErrorKind : std::uint32_t {
  syntax,        ///< Not JSON, or not UTF-8.
  too_deep,      ///< Nested deeper than 64.
  too_large,     ///< Would take more memory than a body of its size has reason to.
  missing,       ///< A required field is absent or null.
  wrong_type,    ///< A field of another JSON type than it must have.
  out_of_range,  ///< A number, length, count or word outside what is allowed.
  unsupported,   ///< Known to the protocol, but not to us.
};

/// Every one of them is a 400. `param` is the path of the field (`messages[2].content[0].text`),
/// empty when the body as a whole is meant. Both texts are made of names and ranges of our own
/// schema and of indexes; they never contain a byte that was taken from the body.
struct ParseError {
  ErrorKind kind = ErrorKind::syntax;
  std::string param;
  std::string message;
};

/// A stable machine-readable word for an error, such as `missing_required_parameter`.
std::string_view error_code(ErrorKind kind);

}  // namespace wire
