// The books in one SQLite file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <ledger/journal.hpp>
#include <ledger/reader.hpp>

namespace store {

struct SqliteOptions {
  /// Wait this long for another process that writes before answering busy.
  std::uint32_t busy_wait_ms = 5'000;
  /// Full when the file has that many pages of 4 KiB; 0 = when the disk is.
  std::uint32_t pages_max = 0;
  /// Name of a registered sqlite3_vfs; null = the system's. For tests.
  const char* vfs = nullptr;
};

/// Opens the file, makes it where there is none, and brings an older schema up to date. Every
/// commit is on disk when it returns (WAL, full sync). The returned journal belongs to one thread.
/// A file that is replaced or deleted while open is noticed at the next begin() (gone); it is
/// opened again as soon as it is back, and never made anew behind the operator's back.
[[nodiscard]] ledger::Stored<std::unique_ptr<ledger::Journal>> open_sqlite_journal(
    const std::filesystem::path& file, const SqliteOptions& options = {});

/// Opens an existing file on a connection of its own that cannot write. Safe from any thread, one
/// query at a time. Does not wait for the journal, nor the journal for it.
[[nodiscard]] ledger::Stored<std::unique_ptr<ledger::Reader>> open_sqlite_reader(
    const std::filesystem::path& file, const SqliteOptions& options = {});

}  // namespace store
