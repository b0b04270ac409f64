// Threads that many parties share: each party gets its turn, whatever the others send.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace api {

/// The expected cost of a job. A heavy job may take a second, a light one some milliseconds.
enum class Weight : std::uint8_t { light, heavy };

struct PoolOptions {
  /// At least 2. The first thread takes light jobs only, so that no heavy job delays a light one.
  unsigned threads = 2;
  unsigned heavy_running_each_max = 1;  ///< Heavy jobs of one party at the same time.
  std::size_t light_waiting_each_max = 1'024;
  std::size_t heavy_waiting_each_max = 32;
  std::size_t waiting_max = 8'192;  ///< Of all parties together.
  int heavy_nice = 0;               ///< Niceness of the threads that take heavy jobs.
};

/// Takes jobs from any thread and runs them on its own. Between parties in turn: a party that has
/// a thousand jobs waiting delays the single job of another party by one job. Thread-safe.
class FairPool {
 public:
  /// The tenant's number; 0 for all callers that have none.
  using Party = std::uint64_t;
  using Job = std::function<void()>;

  explicit FairPool(PoolOptions options);
  /// Runs what waits, then ends the threads.
  ~FairPool();
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  /// False: this party, or the pool, has too much waiting; the job is not run. It must not throw.
  [[nodiscard]] bool submit(Party party, Weight weight, Job job);
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Queue {
    std::deque<Job> jobs;
    unsigned running = 0;
  };
  struct Lane {
    std::unordered_map<Party, Queue> queues;  ///< Of parties that have a job waiting or running.
    std::deque<Party> turns;                  ///< Each party that has a job waiting, once.
    std::size_t waiting = 0;
  };
  struct Taken {
    Party party = 0;
    Weight weight = Weight::light;
    Job job;
  };

  [[nodiscard]] Lane& lane(Weight weight) { return lanes_[static_cast<std::size_t>(weight)]; }
  [[nodiscard]] bool take_from(Weight weight, Taken& taken);
  [[nodiscard]] bool take(bool light_only, Taken& taken);
  void done(const Taken& taken);
  void work(bool light_only);

  const PoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable light_wake_;
  std::condition_variable any_wake_;
  std::array<Lane, 2> lanes_;
  bool light_idle_ = false;  ///< The thread for light jobs waits for one.
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace api
