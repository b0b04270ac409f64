// JSON Schema once more, written plainly and for tests only: whether a value satisfies a schema. It
// shares nothing with the compiler. Formats are not looked at.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace grammar {

class SchemaValidator {
 public:
  explicit SchemaValidator(std::string_view schema)
      : root_(boost::json::parse(schema, {}, options())) {}

  /// Empty where the text is JSON that conforms; otherwise the keyword that it breaks.
  [[nodiscard]] std::string fault(std::string_view text) const;

 private:
  static boost::json::parse_options options();
  [[nodiscard]] std::string check(const boost::json::value& value, const boost::json::value& schema,
                                  int depth) const;
  [[nodiscard]] std::string check_number(const boost::json::value& value,
                                         const boost::json::object& schema) const;
  [[nodiscard]] std::string check_string(std::string_view text,
                                         const boost::json::object& schema) const;
  [[nodiscard]] std::string check_array(const boost::json::array& items,
                                        const boost::json::object& schema, int depth) const;
  [[nodiscard]] std::string check_object(const boost::json::object& members,
                                         const boost::json::object& schema, int depth) const;
  [[nodiscard]] std::string check_groups(const boost::json::value& value,
                                         const boost::json::object& schema, int depth) const;
  [[nodiscard]] const boost::json::value* find(std::string_view reference) const;

  boost::json::value root_;
};

}  // namespace grammar
