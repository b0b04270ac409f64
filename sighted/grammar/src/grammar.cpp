#include "grammar/grammar.hpp"

#include <utility>
#include <vector>

#include "plan.hpp"
#include "tables.hpp"

namespace grammar {
namespace {

template <class T>
std::size_t size_of(const std::vector<T>& items) {
  return items.capacity() * sizeof(T);
}

}  // namespace

Grammar::Grammar(std::unique_ptr<const Plan> plan, std::unique_ptr<const Tables> tables)
    : plan_(std::move(plan)), tables_(std::move(tables)) {}

Grammar::~Grammar() = default;

std::size_t Grammar::bytes() const {
  std::size_t sum = sizeof(Plan) + sizeof(Tables) + size_of(plan_->rules) + size_of(plan_->edges) +
                    size_of(plan_->frames) + size_of(tables_->moves_at) + size_of(tables_->moves) +
                    size_of(tables_->jumps_at) + size_of(tables_->jumps) +
                    tables_->ends.capacity() / 8 + size_of(tables_->frames) +
                    size_of(tables_->counts);
  for (const Counts& counts : tables_->counts) {
    sum += size_of(counts.least) + size_of(counts.alive);
  }
  return sum;
}

}  // namespace grammar
