// Memory that all requests hold together, in bytes, against one bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace http {

/// Thread-safe. Counts what is reported to it; it allocates nothing itself.
class MemoryAccount {
 public:
  explicit MemoryAccount(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  [[nodiscard]] bool has_room(std::uint64_t bytes) const {
    const std::uint64_t used = used_;
    return used <= bytes_max_ && bytes <= bytes_max_ - used;
  }
  /// Counts the bytes whether they fit or not. False: the bound is passed.
  [[nodiscard]] bool add(std::uint64_t bytes) {
    return used_.fetch_add(bytes) + bytes <= bytes_max_;
  }
  void subtract(std::uint64_t bytes) { used_.fetch_sub(bytes); }
  [[nodiscard]] std::uint64_t used() const { return used_; }

 private:
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> used_ = 0;
};

/// One holder's count; given back at its end. One thread at a time.
class MemoryShare {
 public:
  explicit MemoryShare(std::shared_ptr<MemoryAccount> account) : account_(std::move(account)) {}
  ~MemoryShare() { account_->subtract(bytes_); }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  /// Holds so much from now on. False: the account has no room for it, and nothing changes.
  [[nodiscard]] bool resize(std::uint64_t bytes) {
    if (bytes > bytes_ && !account_->has_room(bytes - bytes_)) {
      return false;
    }
    if (bytes > bytes_) {
      (void)account_->add(bytes - bytes_);
    } else {
      account_->subtract(bytes_ - bytes);
    }
    bytes_ = bytes;
    return true;
  }

 private:
  std::shared_ptr<MemoryAccount> account_;
  std::uint64_t bytes_ = 0;
};

}  // namespace http
