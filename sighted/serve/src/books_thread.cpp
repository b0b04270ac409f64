#include <serve/books_thread.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <utility>

#include <base/invariant.hpp>

namespace serve {
namespace {

constexpr std::size_t batch_max = 1024;
constexpr std::chrono::milliseconds retry_pause{100};

bool must_be_kept(const settle::Command& command) {
  return std::holds_alternative<settle::Settle>(command) ||
         std::holds_alternative<settle::Void>(command);
}

bool store_failed(const settle::Outcome& outcome) {
  const auto* refused = std::get_if<settle::Refused>(&outcome);
  return refused != nullptr && refused->why == settle::Refusal::store_unavailable;
}

}  // namespace

BooksThread::BooksThread(settle::Books& books, std::size_t queue_max,
                         std::chrono::nanoseconds patience)
    : books_(books), queue_max_(queue_max), patience_(patience) {}

BooksThread::~BooksThread() {
  stop(std::chrono::nanoseconds{0});
}

void BooksThread::tend(const base::Clock& clock, std::chrono::nanoseconds every) {
  clock_ = &clock;
  tended_every_ = every;
  tended_at_ = std::chrono::steady_clock::now();
}

void BooksThread::start() {
  thread_ = std::thread(&BooksThread::loop, this);
}

bool BooksThread::stop(std::chrono::nanoseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::unique_lock lock(mutex_);
  closed_ = true;
  wake_.notify_all();
  if (thread_.joinable()) {
    wake_.wait_until(lock, deadline, [this] { return queue_.empty() && !busy_; });
    give_up_ = true;
    wake_.notify_all();
    lock.unlock();
    thread_.join();
    lock.lock();
  }
  return queue_.empty();
}

void BooksThread::ask(settle::Command command, Answer answer, Late late) {
  {
    const std::scoped_lock lock(mutex_);
    if (must_be_kept(command) || (!closed_ && queue_.size() < queue_max_)) {
      queue_.push_back({std::move(command), std::move(answer), std::move(late),
                        std::chrono::steady_clock::now()});
      if (queue_.size() == 1) {
        wake_.notify_all();
      }
      return;
    }
  }
  answer(settle::Refused{});
}

settle::Outcome BooksThread::ask_and_wait(const settle::Command& command) {
  std::promise<settle::Outcome> promise;
  ask(command, [&promise](const settle::Outcome& outcome) { promise.set_value(outcome); });
  return promise.get_future().get();
}

std::size_t BooksThread::waiting() {
  const std::scoped_lock lock(mutex_);
  return queue_.size();
}

std::vector<BooksThread::Asked> BooksThread::take_batch() {
  const std::scoped_lock lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_max));
  std::vector<Asked> batch(std::make_move_iterator(queue_.begin()),
                           std::make_move_iterator(queue_.begin() + count));
  queue_.erase(queue_.begin(), queue_.begin() + count);
  busy_ = !batch.empty();
  return batch;
}

/// Whoever waited is told once, and hears nothing more.
void BooksThread::lose_patience(Asked& asked) const {
  if (!asked.late || std::chrono::steady_clock::now() - asked.since < patience_) {
    return;
  }
  if (std::optional<settle::Command> instead = std::exchange(asked.late, {})()) {
    asked.command = std::move(*instead);
  }
  asked.answer = [](const settle::Outcome&) {};
}

bool BooksThread::turn() {
  std::vector<Asked> batch = take_batch();
  if (batch.empty()) {
    return false;
  }
  std::vector<settle::Command> commands;
  commands.reserve(batch.size());
  for (const Asked& asked : batch) {
    commands.push_back(asked.command);
  }
  const std::vector<settle::Outcome> outcomes = books_.apply(commands);
  base::invariant(outcomes.size() == batch.size(), "each command has an outcome");
  const bool failed = std::ranges::all_of(outcomes, store_failed);
  healthy_ = !failed;
  std::vector<Asked> kept;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (store_failed(outcomes[i]) && must_be_kept(batch[i].command)) {
      lose_patience(batch[i]);
      kept.push_back(std::move(batch[i]));
    } else {
      batch[i].answer(outcomes[i]);
    }
  }
  const std::scoped_lock lock(mutex_);
  queue_.insert(queue_.begin(), std::make_move_iterator(kept.begin()),
                std::make_move_iterator(kept.end()));
  busy_ = false;
  if (queue_.empty()) {
    wake_.notify_all();
  }
  return !failed;
}

void BooksThread::tend_if_due() {
  const auto now = std::chrono::steady_clock::now();
  if (clock_ == nullptr || now - tended_at_ < tended_every_) {
    return;
  }
  tended_at_ = now;
  healthy_ = books_.tend(clock_->now()).ok();
}

void BooksThread::loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const std::chrono::nanoseconds idle = healthy_ ? tended_every_ : retry_pause;
      wake_.wait_for(lock, idle, [this] { return !queue_.empty() || give_up_; });
      if (give_up_) {
        return;
      }
    }
    tend_if_due();
    // Who sees that the house is not ready sends nothing by which that could change.
    if (!healthy_ && waiting() == 0) {
      healthy_ = books_.probe().ok();
    }
    if (!turn() && waiting() > 0) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, retry_pause, [this] { return give_up_; });
    }
  }
}

}  // namespace serve
