#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "client.hpp"
#include "plan.hpp"
#include "tally.hpp"
#include "window.hpp"

struct epoll_event;

namespace load {

/// All clients of a plan on one thread: who asks when, and what came back.
class Crowd {
 public:
  /// began_ns  the moment that arrivals are counted from.
  Crowd(const Plan& plan, const Address& address, const Window& window, std::int64_t began_ns,
        std::vector<Tally>& tallies);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd();

  /// Serves the sockets until the moment. With `more`, who is answered asks again and who is due
  /// begins; without, only requests whose moment has passed still go out, and it returns early when
  /// all are answered.
  void until(std::int64_t end_ns, bool more);
  /// Gives up on what is under way, and on what never went out.
  void cut();
  /// Every group with `times` has its answers.
  [[nodiscard]] bool done() const;

 private:
  struct Queue {
    std::size_t next = 0;         // of the group's arrivals
    bool begun = false;           // of a closed loop
    int left = 0;                 // connections that may still be opened
    std::vector<Client*> idle{};  // of an open loop
  };

  Client& make(std::size_t group);
  void begin_due(std::int64_t now_ns, bool more);
  void send_due(std::size_t group, std::int64_t now_ns);
  void again(Client& client, bool more);
  void ask(Client& client, const Ask& ask, std::int64_t meant_ns);
  void serve(const epoll_event& event, bool more);
  void retry(std::int64_t now_ns);
  [[nodiscard]] std::int64_t next_ns(bool more) const;
  [[nodiscard]] std::int64_t next_arrival_ns(std::size_t group) const;
  [[nodiscard]] std::int64_t begins_ns(const Group& group) const;
  [[nodiscard]] bool busy() const;

  const Plan& plan_;
  const Address& address_;
  const Window& window_;
  const std::int64_t began_ns_;
  std::vector<Tally>& tallies_;
  const int epoll_;
  std::uint64_t seed_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Queue> queues_;      // one for each group
  std::deque<Client*> unreached_;  // closed loops whose server was not there
  std::int64_t retry_at_ns_ = 0;
};

}  // namespace load
