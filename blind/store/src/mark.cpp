#include <store/mark.hpp>

#include "pg/mark.hpp"
#include "sqlite/mark.hpp"

namespace store {

ledger::Stored<std::optional<Mark>> read_mark(const MarkPlace& place) {
  return place.schema.empty() ? sqlite::read_mark(place.where)
                              : pg::read_mark(place.where, place.schema);
}

ledger::Stored<base::Done> write_mark(const MarkPlace& place, const Mark& mark) {
  return place.schema.empty() ? sqlite::write_mark(place.where, mark)
                              : pg::write_mark(place.where, place.schema, mark);
}

}  // namespace store
