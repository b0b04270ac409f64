#include "run.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "client.hpp"

namespace load {
namespace {

double own_cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::int64_t ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

class Crowd {
 public:
  Crowd(const Plan& plan, Outcome& outcome) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    outcome.tallies.resize(plan.groups.size());
    std::uint64_t seed = plan.seed * 1'000'003;
    for (std::size_t group = 0; group < plan.groups.size(); ++group) {
      for (int client = 0; client < plan.groups[group].clients; ++client) {
        clients_.push_back(
            std::make_unique<Client>(plan, plan.groups[group], outcome.tallies[group], ++seed));
      }
    }
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() { ::close(epoll_); }

  void start() {
    for (auto& client : clients_) {
      ask(*client);
    }
  }

  /// Serves the sockets until the moment; with `again`, who is answered asks again.
  void until(std::int64_t end_ns, bool again) {
    std::array<epoll_event, 256> events{};
    while (again || busy()) {
      const std::int64_t left_ns = end_ns - now_ns();
      if (left_ns <= 0) {
        return;
      }
      const int wait_ms = static_cast<int>(std::min<std::int64_t>(left_ns / 1'000'000 + 1, 50));
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
      for (int place = 0; place < count; ++place) {
        serve(events.at(static_cast<std::size_t>(place)), again);
      }
      if (again) {
        retry();
      }
    }
  }

  template <typename Call>
  void each(Call call) {
    for (auto& client : clients_) {
      call(*client);
    }
  }

 private:
  void ask(Client& client) {
    if (!client.ask(epoll_)) {
      lost_ = true;
    }
  }

  void serve(const epoll_event& event, bool again) {
    Client& client = *static_cast<Client*>(event.data.ptr);
    if (event.events & EPOLLOUT) {
      client.write();
    }
    if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
      client.hang_up();
    }
    if (client.busy() && client.read() && again) {
      ask(client);
    }
  }

  // Who found no server tries again, not faster than a wait of the loop.
  void retry() {
    if (!lost_) {
      return;
    }
    lost_ = false;
    ::usleep(20'000);
    each([this](Client& client) {
      if (!client.busy()) {
        ask(client);
      }
    });
  }

  bool busy() const {
    for (const auto& client : clients_) {
      if (client->busy()) {
        return true;
      }
    }
    return false;
  }

  int epoll_;
  bool lost_ = false;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

double cpu_of_s(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (pid == 0 || name_end == std::string::npos) {
    return 0;
  }
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Outcome run(const Plan& plan) {
  Outcome outcome;
  Crowd crowd(plan, outcome);
  const std::int64_t began_ns = now_ns();
  // Without a warm-up the first requests count, too.
  if (plan.warmup_s <= 0) {
    crowd.each([](Client& client) { client.open_window(); });
  }
  crowd.start();
  crowd.until(began_ns + ns(plan.warmup_s), true);
  crowd.each([](Client& client) { client.open_window(); });

  const std::int64_t opened_ns = now_ns();
  const double server_before_s = cpu_of_s(plan.server_pid);
  const double client_before_s = own_cpu_s();
  crowd.until(opened_ns + ns(plan.measured_s), true);
  outcome.server_cpu_s = cpu_of_s(plan.server_pid) - server_before_s;
  outcome.client_cpu_s = own_cpu_s() - client_before_s;
  const std::int64_t closed_ns = now_ns();
  outcome.window_s = static_cast<double>(closed_ns - opened_ns) / 1e9;
  crowd.each([](Client& client) { client.close_window(); });

  crowd.until(closed_ns + ns(plan.drain_s), false);
  crowd.each([](Client& client) { client.cut(); });
  return outcome;
}

}  // namespace load
