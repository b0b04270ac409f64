#include "schema_guard.hpp"

#include <optional>
#include <unordered_set>
#include <utility>

#include "schema_decimal.hpp"
#include "schema_forms.hpp"
#include "schema_places.hpp"
#include "schema_refusal.hpp"

namespace grammar {

namespace {

using Problem = std::optional<Refusal>;

class Guard {
 public:
  Guard(const SchemaDocument& document, const SchemaLimits& limits)
      : document_(document), limits_(limits), places_(document) {}

  base::Result<CheckedSchema, Refusal> run() {
    visit(0, 0);
    for (std::size_t at = 0; at < waiting_.size(); ++at) {
      const auto [schema, level] = waiting_[at];
      if (auto problem = look(schema, level)) {
        return base::Fail{std::move(*problem)};
      }
      if (at + 1 == waiting_.size()) {
        // What only a reference leads to counts its levels from there.
        for (const ValueId target : std::exchange(targets_, {})) {
          visit(target, 0);
        }
      }
    }
    if (auto problem = circles()) {
      return base::Fail{std::move(*problem)};
    }
    return std::move(found_);
  }

 private:
  void visit(ValueId schema, std::size_t level) {
    if (seen_.insert(schema).second) {
      waiting_.emplace_back(schema, level);
    }
  }

  Problem look(ValueId schema, std::size_t level) {
    const SchemaValue& value = document_.at(schema);
    if (level > limits_.levels_max) {
      return too_large(document_.path(schema), "levels", limits_.levels_max);
    }
    if (value.kind == ValueKind::boolean) {
      return std::nullopt;
    }
    if (value.kind != ValueKind::object) {
      return malformed(document_.path(schema), "schema");
    }
    for (const auto& member : value.members) {
      const Word word = word_of(member.name);
      if (word == Word::count || word >= Word::excluded) {
        continue;
      }
      if (auto problem = check_form(document_, member.value, word, limits_)) {
        return problem;
      }
      if (word == Word::properties || word == Word::pattern_properties) {
        properties_ += document_.at(member.value).members.size();
        if (properties_ > limits_.properties_max) {
          return too_large(document_.path(member.value), "properties", limits_.properties_max);
        }
      }
      for_each_schema(document_, member.value, fact(word).form,
                      [&](ValueId below) { visit(below, level + 1); });
    }
    const SchemaWords words = SchemaWords::read(document_, schema);
    if (auto problem = check_sense(document_, schema, words, limits_)) {
      return problem;
    }
    return follow(schema, words);
  }

  Problem follow(ValueId schema, const SchemaWords& words) {
    for (const Word word : {Word::reference, Word::dynamic_reference, Word::recursive_reference}) {
      if (!words.has(word)) {
        continue;
      }
      if (++references_ > limits_.references_max) {
        return too_large(document_.path(words[word]), "$ref", limits_.references_max);
      }
      const std::string& text = document_.at(words[word]).text;
      if (places_.remote(text)) {
        found_.remote.push_back(schema);
        continue;
      }
      const ValueId target = places_.find(text);
      if (target == no_value) {
        return malformed(document_.path(words[word]), std::string(fact(word).name));
      }
      found_.references[schema] = target;
      targets_.push_back(target);
    }
    return std::nullopt;
  }

  /// The schemas that hold for the same value as this one does.
  std::vector<ValueId> beside(ValueId schema) const {
    std::vector<ValueId> next;
    if (document_.at(schema).kind != ValueKind::object) {
      return next;
    }
    const SchemaWords words = SchemaWords::read(document_, schema);
    for (const Word word :
         {Word::all_of, Word::any_of, Word::one_of, Word::negation, Word::condition,
          Word::consequence, Word::otherwise, Word::dependent_schemas, Word::dependencies}) {
      if (words.has(word)) {
        for_each_schema(document_, words[word], fact(word).form,
                        [&](ValueId below) { next.push_back(below); });
      }
    }
    const auto reference = found_.references.find(schema);
    if (reference != found_.references.end()) {
      next.push_back(reference->second);
    }
    return next;
  }

  /// A schema that is met again before the value goes one step down never comes to an end.
  Problem circles() const {
    enum class State : std::uint8_t { fresh, open, done };
    struct Frame {
      ValueId schema;
      std::vector<ValueId> next;
    };
    std::vector<State> states(document_.size(), State::fresh);
    std::vector<Frame> stack;
    for (const auto& [start, level] : waiting_) {
      if (states[start] != State::fresh) {
        continue;
      }
      states[start] = State::open;
      stack.push_back({start, beside(start)});
      while (!stack.empty()) {
        Frame& frame = stack.back();
        if (frame.next.empty()) {
          states[frame.schema] = State::done;
          stack.pop_back();
          continue;
        }
        const ValueId next = frame.next.back();
        frame.next.pop_back();
        if (states[next] == State::open) {
          return unsatisfiable(document_.path(next), "$ref");
        }
        if (states[next] == State::fresh) {
          states[next] = State::open;
          stack.push_back({next, beside(next)});
        }
      }
    }
    return std::nullopt;
  }

  const SchemaDocument& document_;
  const SchemaLimits& limits_;
  SchemaPlaces places_;
  CheckedSchema found_;
  std::unordered_set<ValueId> seen_;
  std::vector<std::pair<ValueId, std::size_t>> waiting_;
  std::vector<ValueId> targets_;
  std::size_t properties_ = 0;
  std::size_t references_ = 0;
};

}  // namespace

base::Result<CheckedSchema, Refusal> check_schema(const SchemaDocument& document,
                                                  const SchemaLimits& limits) {
  return Guard(document, limits).run();
}

}  // namespace grammar
