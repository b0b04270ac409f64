// Marks in a schema of a PostgreSQL database.
#pragma once

#include <store/mark.hpp>

namespace store::pg {

[[nodiscard]] ledger::Stored<std::optional<Mark>> read_mark(const std::string& url,
                                                            const std::string& schema);
[[nodiscard]] ledger::Stored<base::Done> write_mark(const std::string& url,
                                                    const std::string& schema, const Mark& mark);

}  // namespace store::pg
