// Threads that share the items of one task after another.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace engine::native {

/// The caller works, too, and waits only for items that others have begun: a thread that the
/// system does not run holds nobody up unless it was stopped in the middle of an item. Waiting
/// threads spin for a moment, then sleep. One caller at a time.
class Pool {
 public:
  /// threads   in all, the caller's included; at least 1.
  explicit Pool(std::uint32_t threads);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  [[nodiscard]] std::uint32_t threads() const {
    return static_cast<std::uint32_t>(workers_.size()) + 1;
  }

  /// Calls work(i) for each i below `items`, once, on any of the threads. items < 2^20; work must
  /// not throw.
  template <class Work>
  void run(std::size_t items, const Work& work) {
    if (items <= 1 || workers_.empty()) {
      for (std::size_t i = 0; i < items; ++i) {
        work(i);
      }
      return;
    }
    share(items,
          {&work, [](const void* of, std::size_t i) { (*static_cast<const Work*>(of))(i); }});
  }

 private:
  struct Task {
    const void* work = nullptr;
    void (*call)(const void* work, std::size_t item) = nullptr;
  };

  void share(std::size_t items, Task task);
  void await(std::uint32_t items);
  /// Takes and does items until there are none left. Returns false where there was none at all.
  bool help();
  void live();

  /// Which task it is, how many items it has, the next item: 24, 20 and 20 bits, so that one
  /// exchange takes an item of just this task.
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<std::uint32_t> done_{0};  ///< 32 bits: the kernel waits on it without a proxy.
  std::atomic<bool> awaited_{false};    ///< The caller sleeps until `done_` is complete.
  std::atomic<std::uint32_t> asleep_{0};
  std::atomic<bool> stop_{false};
  Task task_;  ///< Written while nobody holds an item; read by who holds one.
  std::vector<std::thread> workers_;
};

}  // namespace engine::native
