// A file system for SQLite that fails when it is told to.
#pragma once

#include <sqlite3.h>

#include <cstdint>

namespace store::testing {

/// Registers the file system "faulty" with SQLite, once; it passes everything to the real one.
/// Not thread-safe.
class FaultVfs {
 public:
  static FaultVfs& instance();
  static constexpr const char* name = "faulty";

  /// The n-th change of a file from now (a write, a sync, a truncation; 1 = the next) fails with
  /// `code`, and so does every one after it until heal().
  void fail_from(std::uint64_t nth, int code);
  void heal() { left_ = 0; }
  /// Whether a change has failed since fail_from().
  [[nodiscard]] bool has_failed() const { return has_failed_; }

  /// For the file system itself: SQLITE_OK, or what to answer instead.
  int change();

 private:
  FaultVfs();
  std::uint64_t left_ = 0;  // 0 = healthy, 1 = the next change fails
  int code_ = SQLITE_OK;
  bool has_failed_ = false;
};

}  // namespace store::testing
