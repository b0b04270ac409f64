// Objects: properties in their order, each at most once, then keys that are not named.
#pragma once

#include <functional>
#include <vector>

#include "schema_emitter.hpp"

namespace grammar {

class ObjectEmitter {
 public:
  using RuleOf = std::function<RuleId(PlaceId)>;

  ObjectEmitter(Builder& builder, Leaves& leaves, PlainJson& plain, const Solution& solution,
                SchemaNotes& notes, RuleOf rule_of)
      : builder_(builder),
        leaves_(leaves),
        plain_(plain),
        solution_(solution),
        notes_(notes),
        rule_of_(std::move(rule_of)) {}

  void emit(const Shape& shape, StateId from, StateId to);

 private:
  struct Key {
    std::string text;  ///< as it is written, with its quotation marks
    RuleId value;
    bool required;
  };

  void gather(const ObjectShape& object);
  void count(const ObjectShape& object);
  void emit_row(std::size_t row);
  void emit_blocks(const std::vector<std::pair<std::string, StateId>>& words);
  void emit_free(const ObjectShape& object, std::size_t row, StateId to);
  RuleId pair_rule(const ObjectShape& object);

  Builder& builder_;
  Leaves& leaves_;
  PlainJson& plain_;
  const Solution& solution_;
  SchemaNotes& notes_;
  RuleOf rule_of_;

  std::optional<RuleId> pair_;
  std::optional<RuleId> more_pairs_;
  std::vector<Key> keys_;
  bool free_ = false;                       ///< keys that are not named may follow
  std::size_t rows_ = 1;                    ///< counts of written properties that are told apart
  bool capped_ = false;                     ///< nothing may be written in the last row
  std::uint32_t min_ = 0;                   ///< properties below which the object may not end
  std::size_t free_from_ = 0;               ///< keys from here on are all optional
  std::vector<std::vector<StateId>> next_;  ///< [row][i]: key i or a later one comes
  std::vector<std::vector<StateId>> done_;  ///< [row][i]: key i - 1 was the last
};

}  // namespace grammar
