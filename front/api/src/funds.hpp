// Whether a tenant has any money, as it was known a moment ago.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include <ledger/reader.hpp>

namespace api {

/// Remembers for each tenant whether anything is left on its account, available or held. A balance
/// above zero is believed for some seconds while it is read again; none at all is asked for afresh
/// after a fifth of a second, because the tenant may just have paid. Thread-safe; never waits for a
/// store.
class Funds {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  enum class Known : std::uint8_t {
    some,        ///< There is money; nothing needs to be read.
    some_stale,  ///< There was money; have it read again, and go on meanwhile.
    none,        ///< There is none.
    unknown,     ///< Has to be read before anything is done.
  };

  /// Of those that get `some_stale` for one tenant only one is told so until put() or a second.
  [[nodiscard]] Known look(std::uint64_t tenant, Instant now);
  /// The result of a reading that began in `era`. True: there is money. A reading from before
  /// forget_all() is not kept.
  bool put(std::uint64_t tenant, const ledger::Balance& balance, Instant now, std::uint64_t era);
  /// Before a reading.
  [[nodiscard]] std::uint64_t era();
  /// Money came in, or a tenant went.
  void forget_all();

 private:
  struct Entry {
    bool some = false;
    Instant read_at;
    Instant asked_at;
  };
  std::mutex mutex_;
  std::uint64_t era_ = 0;
  std::unordered_map<std::uint64_t, Entry> tenants_;
};

}  // namespace api
