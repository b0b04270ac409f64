// The settle thread: everybody's money commands, many in one durable transaction.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <base/ports.hpp>
#include <settle/books.hpp>
#include <settle/commands.hpp>

namespace serve {

/// Takes commands from any thread and answers each on the settle thread once it is durable.
/// Holds and credits are answered store_unavailable when the store fails. Settlements and voids
/// are never given up: they are tried again until the store takes them.
class BooksThread {
 public:
  using Answer = std::function<void(const settle::Outcome&)>;
  /// Who waits for a settlement is told that it takes too long; what is returned is asked for from
  /// then on in its place, if anything is.
  using Late = std::function<std::optional<settle::Command>()>;

  /// queue_max   commands waiting; beyond it holds and credits are refused at once.
  /// patience    how long anybody waits for a settlement that the store does not take.
  BooksThread(settle::Books& books, std::size_t queue_max,
              std::chrono::nanoseconds patience = std::chrono::seconds(30));
  ~BooksThread();
  BooksThread(const BooksThread&) = delete;
  BooksThread& operator=(const BooksThread&) = delete;

  /// Before start(): the books are tended (settle::Books::tend) that often, busy or idle. For
  /// stores that several servers share.
  void tend(const base::Clock& clock, std::chrono::nanoseconds every);

  /// Starts the thread. Without it turn() may be called by hand (simulations do).
  void start();
  /// Refuses new holds, works off the queue for at most `patience`, joins the thread. True: all
  /// settlements are durable.
  bool stop(std::chrono::nanoseconds patience);

  /// Any thread. `answer` is called exactly once, unless stop() gave up: on the settle thread, or
  /// at once on this one when the queue is full or closed. It must only hand on.
  /// late   called in place of `answer` when patience ends before the store takes a settlement or
  ///        void; the command itself is tried on.
  void ask(settle::Command command, Answer answer, Late late = {});
  /// As ask(), waiting for the answer. Not from the settle thread.
  settle::Outcome ask_and_wait(const settle::Command& command);

  /// One batch, on the calling thread. False: nothing was done (empty, or the store failed).
  bool turn();

  /// False while the store refuses batches.
  [[nodiscard]] bool healthy() const { return healthy_.load(); }
  [[nodiscard]] std::size_t waiting();

 private:
  struct Asked {
    settle::Command command;
    Answer answer;
    Late late;
    std::chrono::steady_clock::time_point since;
  };

  void loop();
  void tend_if_due();
  std::vector<Asked> take_batch();
  void lose_patience(Asked& asked) const;

  settle::Books& books_;
  const std::size_t queue_max_;
  const std::chrono::nanoseconds patience_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Asked> queue_;
  bool closed_ = false;   ///< No new holds.
  bool busy_ = false;     ///< A batch is under way.
  bool give_up_ = false;  ///< stop() ran out of patience.
  std::atomic<bool> healthy_ = true;
  const base::Clock* clock_ = nullptr;  ///< Null: the books are nobody else's.
  std::chrono::nanoseconds tended_every_ = std::chrono::hours(1);
  std::chrono::steady_clock::time_point tended_at_;
  std::thread thread_;
};

}  // namespace serve
