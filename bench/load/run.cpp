#include "run.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <optional>

#include "crowd.hpp"
#include "process.hpp"

namespace load {
namespace {

std::int64_t ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

std::optional<Address> address_of(const Plan& plan) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(plan.host.c_str(), nullptr, &wanted, &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  const auto* address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  const Address result{address->sin_addr.s_addr, plan.port};
  ::freeaddrinfo(found);
  return result;
}

}  // namespace

base::Result<Outcome, std::string> run(const Plan& plan) {
  const auto address = address_of(plan);
  if (!address) {
    return base::Fail{"no address is known of " + plan.host};
  }
  Outcome outcome;
  outcome.tallies.resize(plan.groups.size());
  Window window;
  const std::int64_t began_ns = now_ns();
  // The moment is set before anybody asks, so that what is meant for the window is known as such.
  window.opens_ns = began_ns + ns(plan.warmup_s);
  window.closes_ns = window.opens_ns + ns(plan.measured_s);
  Crowd crowd(plan, *address, window, began_ns, outcome.tallies);
  if (plan.warmup_s > 0) {
    crowd.until(window.opens_ns, true);
  }
  const double server_before_s = cpu_of_s(plan.server_pid);
  const double client_before_s = own_cpu_s();
  outcome.memory_before = memory_of(plan.server_pid);
  crowd.until(window.closes_ns, true);
  outcome.server_cpu_s = cpu_of_s(plan.server_pid) - server_before_s;
  outcome.client_cpu_s = own_cpu_s() - client_before_s;
  outcome.memory_after = memory_of(plan.server_pid);
  // Earlier, where `until_done` says so.
  window.closes_ns = std::min(window.closes_ns, now_ns());
  outcome.window_s = static_cast<double>(window.closes_ns - window.opens_ns) / 1e9;

  crowd.until(window.closes_ns + ns(plan.drain_s), false);
  crowd.cut();
  return outcome;
}

}  // namespace load
