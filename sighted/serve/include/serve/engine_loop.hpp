// One thread per engine: plan a step, run it, count it, hand the text on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <base/ports.hpp>
#include <engine/engine.hpp>
#include <schedule/scheduler.hpp>
#include <serve/books_thread.hpp>
#include <serve/observer.hpp>
#include <serve/order.hpp>

namespace serve {

/// Owns nothing it is given; all of it must outlive the loop.
class EngineLoop {
 public:
  EngineLoop(engine::Engine& engine, BooksThread& books, const base::Clock& clock,
             schedule::Policy policy, Observer* observer);
  ~EngineLoop();
  EngineLoop(const EngineLoop&) = delete;
  EngineLoop& operator=(const EngineLoop&) = delete;

  /// Starts the thread. Without it turn() may be called by hand (simulations do).
  void start();
  /// Joins the thread after its current step, and settles what was cancelled before this call.
  /// Requests that were not are left to recovery.
  void stop();

  [[nodiscard]] const engine::Engine& engine() const { return engine_; }
  /// Any thread.
  void submit(FundedRequest request);
  /// Any thread. Ends the request within one step. Unknown or finished: ignored.
  void cancel(terms::RequestId request);
  /// Any thread. Ends all requests of a revoked key, those still on their way too.
  void cancel_key(terms::KeyId key);
  /// Any thread. Nothing of a tenant's prompts is kept any more, after those of its requests that
  /// still run, which end.
  void forget(terms::TenantId tenant);
  /// Any thread. Ends everything; what comes later ends at once.
  void cancel_all(terms::EndReason why);
  /// Any thread: jobs waiting and running, and what the scheduler holds, as of the last step.
  [[nodiscard]] schedule::Counts counts() const;
  /// Any thread: false when the queue has no room for a request of so many prompts, as far as is
  /// known. A request takes jobs_of_request_max places at most, however many prompts it has.
  [[nodiscard]] bool has_room(std::size_t prompts) const;

  /// Jobs of one request that are open at once; more prompts than these wait in the request.
  static constexpr std::size_t jobs_of_request_max = 256;

  /// Takes what came in and runs one step. False: there was nothing to do.
  bool turn();

 private:
  struct Active;
  struct CancelOne {
    terms::RequestId request;
  };
  struct CancelKey {
    terms::KeyId key;
  };
  struct CancelAll {
    terms::EndReason why;
  };
  struct Forget {
    terms::TenantId tenant;
  };
  using Message = std::variant<FundedRequest, CancelOne, CancelKey, CancelAll, Forget>;

  void send(Message message);
  void loop();
  void take_messages();
  void begin(FundedRequest request);
  [[nodiscard]] std::size_t jobs_at_once(std::size_t prompts) const;
  bool open_jobs(Active& active);
  void go_on();
  void step(const terms::StepPlan& plan);
  terms::LaneReport absorb(engine::LaneOutput& output, const terms::StepEntry& entry);
  bool absorb_token(Active& active, std::uint32_t choice, engine::LaneOutput& output);
  void end_choice(Active& active, std::uint32_t choice, terms::EndReason why, std::string stop);
  void end_all(const std::vector<terms::RequestId>& requests, terms::EndReason why);
  void end_request(Active& active, terms::EndReason why);
  void close_jobs(Active& active);
  void settle(Active& active);
  void sweep_finished();
  void forget_tenants();
  void publish_counts();

  engine::Engine& engine_;
  BooksThread& books_;
  const base::Clock& clock_;
  Observer* observer_;
  schedule::Scheduler scheduler_;
  const std::uint32_t queue_jobs_max_;

  std::map<terms::RequestId, std::unique_ptr<Active>> active_;
  std::map<terms::JobId, Active*> jobs_;
  std::vector<terms::RequestId> finished_;
  std::vector<std::pair<terms::RequestId, terms::JobId>> jobs_over_;  ///< With others to follow.
  std::set<terms::RequestId> waiting_jobs_;  ///< Requests whose next jobs may be opened.
  std::uint64_t next_job_ = 1;
  std::optional<terms::EndReason> refuse_all_;  ///< Set by cancel_all(): newcomers end at once.
  std::set<terms::KeyId> refused_keys_;         ///< Set by cancel_key(), likewise.
  std::set<std::uint64_t> gone_spaces_;         ///< Of tenants that were deleted.
  std::set<std::uint64_t> to_forget_;  ///< Of these, what the next sweep takes from the cache.

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Message> inbox_;
  bool stopping_ = false;
  std::atomic<std::uint64_t> submitted_jobs_ = 0;  ///< In the inbox, not yet with the scheduler.
  mutable std::mutex counts_mutex_;
  schedule::Counts counts_;
  std::thread thread_;
};

}  // namespace serve
