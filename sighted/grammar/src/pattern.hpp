// Sets of strings that a schema describes: patterns, formats, lengths, words that are not meant.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
///
/// Where following every place at which a long repetition may have begun costs too much, as in
/// `[a-z]{1000}` without `^`, the set is narrowed: rule() writes only some of its strings, the
/// shortest among them, and never one that is not in the set.
class TextSet {
 public:
  /// Errors, with an empty path and the keyword at fault ("pattern", "format", "length"):
  /// malformed, unsupported, too_large, and unsatisfiable where no string is left.
  static base::Result<TextSet, Refusal> of(const TextDemand& demand, MachineWork& work);
  /// The same with work of its own.
  static base::Result<TextSet, Refusal> of(const TextDemand& demand);

  /// Of the whole set; nothing where the work does not suffice to tell.
  [[nodiscard]] std::optional<bool> contains(std::string_view text, MachineWork& work) const;
  [[nodiscard]] bool contains(std::string_view text) const;  ///< The same with work of its own.
  /// rule() leaves out some of the strings.
  [[nodiscard]] bool narrowed() const { return !checks_.empty(); }

  /// A new rule that matches the inside of the string's literal: its code points as UTF-8, but
  /// quotation mark, backslash and controls by their shortest escape. too_large where lengths and
  /// pattern together have too many states.
  base::Result<RuleId, Refusal> rule(Builder& builder, MachineWork& work) const;

 private:
  friend class Narrowing;
  /// What a narrowed demand asks for, unabridged.
  struct Check {
    std::shared_ptr<const Machine> machine;  ///< of the texts in which the pattern is found
    bool found = true;                       ///< it must be; else it must not
  };
  std::shared_ptr<const Machine> whole_;    ///< of the demands that were not narrowed
  std::shared_ptr<const Machine> written_;  ///< of all; `whole_` itself where none was narrowed
  std::vector<Check> checks_;
  std::uint32_t min_ = 0;
  std::uint32_t max_ = unbounded;
  std::uint32_t written_max_ = unbounded;  ///< no more than max_
};

/// The rule of the demand's set. All rules of a schema share one `work`.
base::Result<RuleId, Refusal> text_rule(Builder& builder, const TextDemand& demand,
                                        MachineWork& work);
/// The same with work of its own.
base::Result<RuleId, Refusal> text_rule(Builder& builder, const TextDemand& demand);

}  // namespace grammar
