// Receipts go when the time is over for which they are kept.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include <admin/admin.hpp>
#include <base/ports.hpp>
#include <ledger/reader.hpp>

namespace app {

/// A thread that looks once an hour, and at its start. What it stands on outlives it. A role that
/// may not remove receipts is told so on stderr, once, and nothing is tried: a transaction that
/// fails takes with it what others asked for in it.
class Retention {
 public:
  /// days   receipts of before so many days go; 0: none ever, and there is no thread.
  Retention(ledger::Reader& reader, admin::Money& money, const base::Clock& clock,
            std::uint32_t days)
      : reader_(reader), money_(money), clock_(clock), days_(days) {}
  ~Retention() { stop(); }
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

  void start();
  /// Waits for the transaction that is under way, and no longer. Repeatable.
  void stop();

 private:
  void loop();
  /// How long to wait until the next look.
  std::chrono::seconds sweep();
  [[nodiscard]] bool stopping();

  ledger::Reader& reader_;
  admin::Money& money_;
  const base::Clock& clock_;
  const std::uint32_t days_;
  bool told_ = false;  ///< That it may not.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace app
