// Strings and numbers of a schema as rules: each demand is compiled once.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <base/result.hpp>

#include <grammar/builder.hpp>

#include "machine.hpp"
#include "number.hpp"
#include "pattern.hpp"
#include "schema_shape.hpp"

namespace grammar {

class Leaves {
 public:
  explicit Leaves(Builder& builder) : builder_(builder) {}

  /// A string's inside, without its quotation marks. Errors as TextSet's.
  [[nodiscard]] base::Result<LeafId, Refusal> text(const TextDemand& demand);
  /// Errors as number_rule's.
  [[nodiscard]] base::Result<LeafId, Refusal> number(const NumberDemand& demand);

  /// What all machines of the schema may cost together.
  [[nodiscard]] MachineWork& machine_work() { return machine_work_; }

  [[nodiscard]] std::size_t edges() const { return builder_.edges(); }

  [[nodiscard]] RuleId rule(LeafId leaf) const { return rules_[leaf]; }
  /// Whether the demand was met before, so that it costs nothing.
  [[nodiscard]] static std::string key(const TextDemand& demand);
  [[nodiscard]] static std::string key(const NumberDemand& demand);
  [[nodiscard]] bool known(const std::string& key) const { return leaves_.contains(key); }

 private:
  base::Result<LeafId, Refusal> keep(std::string key, base::Result<RuleId, Refusal> rule);

  Builder& builder_;
  MachineWork machine_work_{.left = 500'000};
  std::vector<RuleId> rules_;
  std::unordered_map<std::string, base::Result<LeafId, Refusal>> leaves_;
};

}  // namespace grammar
