// Requests per second of a hello handler, and memory of idle connections; clients in the process.
//
//   http_bench [--tiny] [--threads N] [--clients N] [--connections N] [--seconds S] [--idle N]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <http/server.hpp>

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  unsigned threads = 1;
  unsigned clients = 1;
  unsigned connections = 64;
  double seconds = 3;
  unsigned idle = 5000;
};

const std::string request = [] {
  const std::string body =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Say hello, please.\"}]}";
  return "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n"
         "accept: application/json\r\ncontent-type: application/json\r\n"
         "authorization: Bearer mains-0123456789abcdef0123456789\r\nuser-agent: bench\r\n"
         "content-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}();

boost::asio::awaitable<void> hello(http::Exchange& exchange) {
  http::Response response;
  response.body = "{\"text\":\"hello\"}";
  response.headers.emplace_back("x-request-id", "0123456789abcdef0123456789abcdef");
  co_await exchange.send(std::move(response));
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

/// Keeps `connections` requests in flight; answers are so small that each is one read.
class LoadClient {
 public:
  LoadClient(std::uint16_t port, unsigned connections) : poll_(::epoll_create1(0)) {
    sent_.resize(connections);
    for (unsigned i = 0; i < connections; ++i) {
      sockets_.push_back(connect_to(port));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, sockets_.back(), &event);
    }
  }
  ~LoadClient() {
    for (const int socket : sockets_)
      ::close(socket);
    ::close(poll_);
  }

  void run(Clock::time_point until) {
    for (unsigned i = 0; i < sockets_.size(); ++i)
      ask(i);
    std::vector<epoll_event> events(sockets_.size());
    while (Clock::now() < until) {
      const int n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < n; ++i)
        answer(events[static_cast<std::size_t>(i)].data.u32);
    }
  }

  std::vector<std::uint32_t> latencies_us;

 private:
  void ask(unsigned i) {
    sent_[i] = Clock::now();
    if (::send(sockets_[i], request.data(), request.size(), MSG_NOSIGNAL) < 0) std::exit(1);
  }
  void answer(unsigned i) {
    char buffer[2048];
    const ssize_t n = ::recv(sockets_[i], buffer, sizeof buffer, 0);
    if (n <= 0 || std::string_view(buffer, static_cast<std::size_t>(n)).find("hello") ==
                      std::string_view::npos) {
      std::fprintf(stderr, "a wrong answer\n");
      std::exit(1);
    }
    const auto span =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent_[i]);
    latencies_us.push_back(static_cast<std::uint32_t>(span.count()));
    ask(i);
  }

  int poll_;
  std::vector<int> sockets_;
  std::vector<Clock::time_point> sent_;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void bench_requests(std::uint16_t port, const Settings& settings) {
  std::vector<LoadClient> clients;
  clients.reserve(settings.clients);
  for (unsigned i = 0; i < settings.clients; ++i)
    clients.emplace_back(port, settings.connections);
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(settings.seconds));
  {
    std::vector<std::jthread> threads;
    for (LoadClient& client : clients)
      threads.emplace_back([&client, until] { client.run(until); });
  }
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double cpu = cpu_seconds() - cpu_before;
  std::vector<std::uint32_t> all;
  for (const LoadClient& client : clients) {
    all.insert(all.end(), client.latencies_us.begin(), client.latencies_us.end());
  }
  if (all.empty()) return;
  std::sort(all.begin(), all.end());
  const auto requests = static_cast<double>(all.size());
  std::printf(
      "threads %u, clients %u x %u connections: %.0f requests/s, %.1f us of CPU each (client and "
      "server), p50 %u us, p99 %u us\n",
      settings.threads, settings.clients, settings.connections, requests / wall,
      cpu / requests * 1e6, all[all.size() / 2], all[all.size() * 99 / 100]);
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * 4096;
}

void bench_idle(http::Server& server, const Settings& settings) {
  std::vector<int> sockets;
  const double before = resident_bytes();
  for (unsigned i = 0; i < settings.idle; ++i) {
    sockets.push_back(connect_to(server.local_port()));
    // Used once, as real ones are.
    if (::send(sockets.back(), request.data(), request.size(), MSG_NOSIGNAL) < 0) std::exit(1);
    char buffer[2048];
    if (::recv(sockets.back(), buffer, sizeof buffer, 0) <= 0) std::exit(1);
  }
  const double after = resident_bytes();
  std::printf("%llu idle connections: %.0f bytes of memory each, client's included\n",
              static_cast<unsigned long long>(server.counters().connections_open),
              (after - before) / settings.idle);
  for (const int socket : sockets)
    ::close(socket);
}

Settings settings_of(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--tiny") {
      settings.seconds = 0.05;
      settings.connections = 4;
      settings.idle = 50;
      continue;
    }
    if (i + 1 == argc) break;
    const char* value = argv[++i];
    const auto number = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
    if (name == "--threads") settings.threads = number;
    if (name == "--clients") settings.clients = number;
    if (name == "--connections") settings.connections = number;
    if (name == "--seconds") settings.seconds = std::strtod(value, nullptr);
    if (name == "--idle") settings.idle = number;
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = settings_of(argc, argv);
  http::Options options;
  options.listen = {"127.0.0.1:0"};
  options.threads = settings.threads;
  http::Server server(options, hello);
  if (const auto started = server.start(); !started.ok()) {
    std::fprintf(stderr, "%s\n", started.error().text.c_str());
    return 1;
  }
  bench_requests(server.local_port(), settings);
  bench_idle(server, settings);
  return server.stop(std::chrono::seconds(5)) ? 0 : 1;
}
