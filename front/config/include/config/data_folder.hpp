// The data folder: made where it is missing, and used by one process at a time.
#pragma once

#include <filesystem>

#include <base/result.hpp>
#include <config/config.hpp>

namespace config {

/// Holds DATA/lock for as long as it lives; a crash frees it. Movable.
class FolderLock {
 public:
  /// Makes the folder (mode 0700) where it is missing and takes its lock. errors: one line for
  /// people; `in_use` tells another process's lock from all else.
  struct Refusal {
    bool in_use = false;
    Problem text;
  };
  [[nodiscard]] static base::Result<FolderLock, Refusal> take(const std::filesystem::path& dir);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace config
