// Whether a value that the schema's author wrote (in enum, const, or as a key) satisfies schemas.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <base/result.hpp>

#include "machine.hpp"
#include "pattern.hpp"
#include "schema_guard.hpp"

namespace grammar {

enum class Conforms : std::uint8_t { no, yes, unknown };

/// Remembers patterns. Work is bounded by steps_max for all calls together; what is not looked at
/// any more is unknown.
class Conformer {
 public:
  Conformer(const SchemaDocument& document, const CheckedSchema& checked, MachineWork& machine_work,
            std::size_t steps_max)
      : document_(document),
        checked_(checked),
        machine_work_(machine_work),
        steps_left_(steps_max) {}

  [[nodiscard]] Conforms check(ValueId value, ValueId schema) { return check(value, schema, 0); }
  /// By the schema's own keywords, leaving out enum and const and what stands in other schemas.
  [[nodiscard]] Conforms check_string(const std::string& text, const SchemaWords& words);
  [[nodiscard]] Conforms matches(const std::string& pattern, const std::string& text);
  [[nodiscard]] bool exhausted() const { return steps_left_ == 0; }

 private:
  Conforms check(ValueId value, ValueId schema, int depth);
  Conforms check_plain(ValueId value, const SchemaWords& words);
  Conforms check_number(ValueId value, const SchemaWords& words) const;
  Conforms check_array(ValueId value, const SchemaWords& words, int depth);
  Conforms check_object(ValueId value, const SchemaWords& words, int depth);
  Conforms check_key(ValueId object, std::size_t at, const SchemaWords& words, int depth);
  Conforms check_name(const std::string& name, ValueId schema, int depth);
  Conforms check_groups(ValueId value, ValueId schema, const SchemaWords& words, int depth);
  Conforms check_condition(ValueId value, const SchemaWords& words, int depth);
  Conforms check_dependencies(ValueId value, ValueId map, int depth);
  Conforms formatted(const std::string& format, const std::string& text);
  Conforms in_set(const std::string& key, const TextDemand& demand, const std::string& text);
  [[nodiscard]] bool listed(ValueId list, ValueId value);
  [[nodiscard]] bool listed(ValueId list, const std::string& canonical_text);
  [[nodiscard]] bool within(const SchemaWords& words, Word low, Word high, std::size_t count) const;

  const SchemaDocument& document_;
  const CheckedSchema& checked_;
  MachineWork& machine_work_;
  std::size_t steps_left_;
  std::unordered_map<std::string, base::Result<TextSet, Refusal>> sets_;
  std::unordered_map<ValueId, std::unordered_set<std::string>> lists_;
};

}  // namespace grammar
