// Marks in a SQLite file.
#pragma once

#include <store/mark.hpp>

namespace store::sqlite {

[[nodiscard]] ledger::Stored<std::optional<Mark>> read_mark(const std::filesystem::path& file);
[[nodiscard]] ledger::Stored<base::Done> write_mark(const std::filesystem::path& file,
                                                    const Mark& mark);

}  // namespace store::sqlite
