#include "fair_pool.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace api {

FairPool::FairPool(PoolOptions options) : options_(options) {
  const unsigned threads = std::max(2U, options_.threads);
  threads_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back(&FairPool::work, this, i == 0);
  }
}

FairPool::~FairPool() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  light_wake_.notify_all();
  any_wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

bool FairPool::submit(Party party, Weight weight, Job job) {
  bool to_light = false;
  {
    const std::scoped_lock lock(mutex_);
    Lane& of = lane(weight);
    const auto known = of.queues.find(party);
    const std::size_t before = known == of.queues.end() ? 0 : known->second.jobs.size();
    const std::size_t each_max =
        weight == Weight::light ? options_.light_waiting_each_max : options_.heavy_waiting_each_max;
    if (stop_ || before >= each_max ||
        lanes_[0].waiting + lanes_[1].waiting >= options_.waiting_max) {
      return false;
    }
    of.queues[party].jobs.push_back(std::move(job));
    if (before == 0) {
      of.turns.push_back(party);
    }
    of.waiting += 1;
    to_light = weight == Weight::light && std::exchange(light_idle_, false);
  }
  (to_light ? light_wake_ : any_wake_).notify_one();
  return true;
}

std::size_t FairPool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return lanes_[0].waiting + lanes_[1].waiting;
}

bool FairPool::take_from(Weight weight, Taken& taken) {
  Lane& of = lane(weight);
  // Light jobs are so short that a turn for each is enough; heavy ones are counted while they run.
  const unsigned running_max =
      weight == Weight::heavy ? options_.heavy_running_each_max : static_cast<unsigned>(-1);
  for (std::size_t looked = of.turns.size(); looked > 0; --looked) {
    const Party party = of.turns.front();
    of.turns.pop_front();
    Queue& queue = of.queues[party];
    if (queue.running >= running_max) {
      of.turns.push_back(party);
      continue;
    }
    taken.party = party;
    taken.weight = weight;
    taken.job = std::move(queue.jobs.front());
    queue.jobs.pop_front();
    queue.running += 1;
    of.waiting -= 1;
    if (!queue.jobs.empty()) {
      of.turns.push_back(party);
    }
    return true;
  }
  return false;
}

bool FairPool::take(bool light_only, Taken& taken) {
  return (!light_only && take_from(Weight::heavy, taken)) || take_from(Weight::light, taken);
}

void FairPool::done(const Taken& taken) {
  Lane& of = lane(taken.weight);
  const auto queue = of.queues.find(taken.party);
  queue->second.running -= 1;
  if (queue->second.running == 0 && queue->second.jobs.empty()) {
    of.queues.erase(queue);
  }
}

void FairPool::work(bool light_only) {
  if (!light_only && options_.heavy_nice != 0) {
    // Work that a client may make expensive gives way to the engine. Without effect where refused.
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), options_.heavy_nice);
  }
  std::unique_lock lock(mutex_);
  for (;;) {
    Taken taken;
    if (take(light_only, taken)) {
      lock.unlock();
      taken.job();
      taken.job = nullptr;  // what it holds goes before the lock is taken
      lock.lock();
      done(taken);
      continue;
    }
    if (stop_) {
      return;
    }
    if (light_only) {
      light_idle_ = true;
      light_wake_.wait(lock);
      light_idle_ = false;
    } else {
      any_wake_.wait(lock);
    }
  }
}

}  // namespace api
