// Sets of strings that a schema describes: patterns, formats, lengths, words that are not meant.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <base/result.hpp>

#include <grammar/builder.hpp>
#include <grammar/refusal.hpp>

namespace grammar {

struct Machine;
struct MachineWork;

/// What a string must satisfy, all of it together. Texts are UTF-8.
struct TextDemand {
  std::vector<std::string_view> patterns;      ///< regular expressions that must be found in it
  std::vector<std::string_view> not_patterns;  ///< and those that must not
  std::vector<std::string_view> formats;       ///< names that find_format() knows as texts
  std::vector<std::string> except;             ///< whole strings that it must not be
  std::uint32_t min_length = 0;                ///< in code points
  std::uint32_t max_length = unbounded;
};

/// The strings that satisfy a demand. Immutable.
class TextSet {
 public:
  /// Errors, with an empty path and the keyword at fault ("pattern", "format", "length"):
  /// malformed, unsupported, too_large, and unsatisfiable where no string is left.
  static base::Result<TextSet, Refusal> of(const TextDemand& demand, MachineWork& work);
  /// The same with work of its own.
  static base::Result<TextSet, Refusal> of(const TextDemand& demand);

  [[nodiscard]] bool contains(std::string_view text) const;

  /// A new rule that matches the inside of the string's literal: its code points as UTF-8, but
  /// quotation mark, backslash and controls by their shortest escape. too_large where lengths and
  /// pattern together have too many states.
  base::Result<RuleId, Refusal> rule(Builder& builder, MachineWork& work) const;

 private:
  std::shared_ptr<const Machine> machine_;
  std::uint32_t min_ = 0;
  std::uint32_t max_ = unbounded;
};

/// The rule of the demand's set. All rules of a schema share one `work`.
base::Result<RuleId, Refusal> text_rule(Builder& builder, const TextDemand& demand,
                                        MachineWork& work);
/// The same with work of its own.
base::Result<RuleId, Refusal> text_rule(Builder& builder, const TextDemand& demand);

}  // namespace grammar
