#include "crowd.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace load {
namespace {

constexpr std::int64_t retry_ns = 20'000'000;
constexpr std::int64_t wait_most_ns = 50'000'000;

/// epoll_wait that counts nanoseconds: a request of an open loop should go out on time.
int wait(int epoll, std::array<epoll_event, 256>& events, std::int64_t wait_ns) {
  const timespec time{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  return ::epoll_pwait2(epoll, events.data(), static_cast<int>(events.size()), &time, nullptr);
}

}  // namespace

Crowd::Crowd(const Plan& plan, const Address& address, const Window& window, std::int64_t began_ns,
             std::vector<Tally>& tallies)
    : plan_(plan),
      address_(address),
      window_(window),
      began_ns_(began_ns),
      tallies_(tallies),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      seed_(plan.seed * 1'000'003) {
  for (std::size_t group = 0; group < plan.groups.size(); ++group) {
    Queue queue;
    queue.left = plan.groups[group].clients;
    queues_.push_back(std::move(queue));
  }
}

Crowd::~Crowd() {
  ::close(epoll_);
}

Client& Crowd::make(std::size_t group) {
  clients_.push_back(
      std::make_unique<Client>(plan_, address_, group, tallies_[group], window_, ++seed_));
  return *clients_.back();
}

void Crowd::ask(Client& client, const Ask& ask, std::int64_t meant_ns) {
  client.ask(epoll_, ask, meant_ns);
}

std::int64_t Crowd::begins_ns(const Group& group) const {
  return group.after_s > 0 ? window_.opens_ns + static_cast<std::int64_t>(group.after_s * 1e9)
                           : began_ns_;
}

/// Groups that begin now, and requests whose moment has come.
void Crowd::begin_due(std::int64_t now_ns, bool more) {
  for (std::size_t group = 0; group < queues_.size(); ++group) {
    const Group& spec = plan_.groups[group];
    Queue& queue = queues_[group];
    if (spec.open()) {
      send_due(group, now_ns);
    } else if (more && !queue.begun && begins_ns(spec) <= now_ns) {
      queue.begun = true;
      while (queue.left > 0) {
        --queue.left;
        Client& client = make(group);
        ask(client, spec.ask, now_ns);
        if (!client.busy()) {
          again(client, more);
        }
      }
    }
  }
}

/// When the group's next request is meant to go out; never after the window.
std::int64_t Crowd::next_arrival_ns(std::size_t group) const {
  const std::vector<Arrival>& arrivals = plan_.groups[group].arrivals;
  const std::size_t next = queues_[group].next;
  const std::int64_t at_ns =
      next < arrivals.size() ? began_ns_ + arrivals[next].at_ns : Window::never;
  return at_ns < window_.closes_ns ? at_ns : Window::never;
}

void Crowd::send_due(std::size_t group, std::int64_t now_ns) {
  Queue& queue = queues_[group];
  while (next_arrival_ns(group) <= now_ns && (!queue.idle.empty() || queue.left > 0)) {
    const Arrival& arrival = plan_.groups[group].arrivals[queue.next++];
    Client* client = nullptr;
    if (queue.idle.empty()) {
      --queue.left;
      client = &make(group);
    } else {
      client = queue.idle.back();
      queue.idle.pop_back();
    }
    const std::int64_t meant_ns = began_ns_ + arrival.at_ns;
    if (window_.holds(meant_ns)) {
      tallies_[group].late.add(now_ns - meant_ns);
    }
    ask(*client, arrival.ask, meant_ns);
    if (!client->busy()) {
      queue.idle.push_back(client);
    }
  }
}

/// A client that has its answer.
void Crowd::again(Client& client, bool more) {
  const Group& group = plan_.groups[client.group()];
  if (group.open()) {
    queues_[client.group()].idle.push_back(&client);
    send_due(client.group(), now_ns());
  } else if (client.unreached()) {
    unreached_.push_back(&client);
  } else if (more && (group.times == 0 || client.asked < group.times)) {
    ask(client, group.ask, now_ns());
    if (!client.busy()) {
      unreached_.push_back(&client);
    }
  }
}

void Crowd::serve(const epoll_event& event, bool more) {
  Client& client = *static_cast<Client*>(event.data.ptr);
  if (event.events & EPOLLOUT) {
    client.write();
  }
  if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    client.hang_up();
  }
  if (client.busy() && client.read()) {
    again(client, more);
  }
}

/// Who found no server tries again, not at once.
void Crowd::retry(std::int64_t now_ns) {
  if (unreached_.empty() || now_ns < retry_at_ns_) {
    return;
  }
  retry_at_ns_ = now_ns + retry_ns;
  std::deque<Client*> waiting;
  waiting.swap(unreached_);
  for (Client* client : waiting) {
    ask(*client, plan_.groups[client->group()].ask, now_ns);
    if (!client->busy()) {
      unreached_.push_back(client);
    }
  }
}

/// When somebody is due next; requests that wait for a connection are due when one is free.
std::int64_t Crowd::next_ns(bool more) const {
  std::int64_t next_ns = unreached_.empty() ? Window::never : retry_at_ns_;
  for (std::size_t group = 0; group < queues_.size(); ++group) {
    const Group& spec = plan_.groups[group];
    const Queue& queue = queues_[group];
    if (spec.open() && (!queue.idle.empty() || queue.left > 0)) {
      next_ns = std::min(next_ns, next_arrival_ns(group));
    } else if (!spec.open() && more && !queue.begun) {
      next_ns = std::min(next_ns, begins_ns(spec));
    }
  }
  return next_ns;
}

void Crowd::until(std::int64_t end_ns, bool more) {
  std::array<epoll_event, 256> events{};
  while (more || busy()) {
    const std::int64_t now = now_ns();
    const bool early = more && plan_.until_done && now >= window_.opens_ns;
    if (now >= end_ns || (early && done())) {
      return;
    }
    begin_due(now, more);
    if (more) {
      retry(now);
    }
    const std::int64_t due_ns = std::min({end_ns, next_ns(more), now + wait_most_ns});
    const int count = wait(epoll_, events, std::max<std::int64_t>(due_ns - now_ns(), 0));
    for (int place = 0; place < count; ++place) {
      serve(events.at(static_cast<std::size_t>(place)), more);
    }
  }
}

bool Crowd::busy() const {
  for (std::size_t group = 0; group < queues_.size(); ++group) {
    if (next_arrival_ns(group) != Window::never) {
      return true;
    }
  }
  return std::ranges::any_of(clients_, [](const auto& client) { return client->busy(); });
}

bool Crowd::done() const {
  for (std::size_t group = 0; group < queues_.size(); ++group) {
    if (plan_.groups[group].times > 0 && !queues_[group].begun) {
      return false;
    }
  }
  return std::ranges::none_of(clients_, [this](const auto& client) {
    const int times = plan_.groups[client->group()].times;
    return times > 0 && (client->busy() || client->asked < times);
  });
}

void Crowd::cut() {
  for (auto& client : clients_) {
    client->cut();
  }
  // What never went out for want of a connection waited, too.
  const std::int64_t now = now_ns();
  for (std::size_t group = 0; group < queues_.size(); ++group) {
    while (next_arrival_ns(group) <= now) {
      const std::int64_t meant_ns = next_arrival_ns(group);
      const Arrival& arrival = plan_.groups[group].arrivals[queues_[group].next++];
      Answer(window_, meant_ns).cut(now, plan_, arrival.ask, tallies_[group]);
    }
  }
}

}  // namespace load
