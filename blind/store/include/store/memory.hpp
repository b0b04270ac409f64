// The books in memory, for tests and for trying things out: gone with the process.
#pragma once

#include <memory>

#include <ledger/journal.hpp>
#include <ledger/reader.hpp>

namespace store {

/// Both sides see the same books. The journal belongs to one thread, the reader to any.
struct MemoryStore {
  std::unique_ptr<ledger::Journal> journal;
  std::unique_ptr<ledger::Reader> reader;
};

[[nodiscard]] MemoryStore open_memory_store();

}  // namespace store
