// What goes wrong while a schema is compiled: the first refusal stops it, what is left out is
// noted.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <grammar/schema.hpp>

#include "schema_document.hpp"
#include "schema_refusal.hpp"
#include "schema_words.hpp"

namespace grammar {

class SchemaNotes {
 public:
  SchemaNotes(const SchemaDocument& document, SchemaMode mode, const SchemaLimits& limits)
      : document_(document), mode_(mode), work_left_(limits.work_max), limits_(limits) {}

  void refuse(Refusal refusal) {
    if (!refusal_) {
      refusal_ = std::move(refusal);
    }
  }
  [[nodiscard]] bool refused() const { return refusal_.has_value(); }
  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

  /// A keyword of `schema` that the grammar will not hold to.
  void leave_out(ValueId schema, Word word) {
    const std::string name(fact(word).name);
    if (mode_ == SchemaMode::strict) {
      refuse(unsupported(document_.path(schema, name), name));
    } else if (left_out_.size() < left_out_max) {
      left_out_.emplace(schema, name);
    }
  }

  /// Takes from the work allowed; false, and a refusal, where it is spent.
  bool work(std::size_t steps) {
    if (steps > work_left_) {
      refuse(too_large("", "work", limits_.work_max));
      work_left_ = 0;
      return false;
    }
    work_left_ -= steps;
    return true;
  }

  [[nodiscard]] SchemaMode mode() const { return mode_; }
  [[nodiscard]] const SchemaLimits& limits() const { return limits_; }

  [[nodiscard]] std::vector<std::string> unenforced() const {
    std::vector<std::string> paths;
    std::set<std::string> seen;
    for (const auto& [schema, name] : left_out_) {
      if (auto path = document_.path(schema, name); seen.insert(path).second) {
        paths.push_back(std::move(path));
      }
    }
    return paths;
  }

 private:
  static constexpr std::size_t left_out_max = 100;

  const SchemaDocument& document_;
  SchemaMode mode_;
  std::size_t work_left_;
  const SchemaLimits& limits_;
  std::optional<Refusal> refusal_;
  std::set<std::pair<ValueId, std::string>> left_out_;
};

}  // namespace grammar
