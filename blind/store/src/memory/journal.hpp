// Both sides of the memory store.
#pragma once

#include <memory>

#include <ledger/journal.hpp>
#include <ledger/reader.hpp>

namespace store::memory {

struct Shelf;

[[nodiscard]] std::unique_ptr<ledger::Journal> make_journal(std::shared_ptr<Shelf> shelf);
[[nodiscard]] std::unique_ptr<ledger::Reader> make_reader(std::shared_ptr<Shelf> shelf);

}  // namespace store::memory
