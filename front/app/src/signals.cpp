#include "signals.hpp"

#include <fcntl.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace app {
namespace {

std::atomic<bool> is_serving = false;
std::atomic<bool> has_terminal = false;
std::atomic<int> stops_asked = 0;
std::atomic<bool> reload_asked = false;
sem_t told;

void on_signal(int number) {
  if (number == SIGHUP && !has_terminal) {
    if (is_serving) {
      reload_asked = true;
      sem_post(&told);
    }
    return;
  }
  if (!is_serving || stops_asked.fetch_add(1) > 0) {
    _exit(130);
  }
  sem_post(&told);
}

}  // namespace

void take_signals() {
  // Asked now: when the signal comes, the terminal may be gone already.
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  has_terminal = terminal >= 0;
  if (terminal >= 0) {
    ::close(terminal);
  }
  sem_init(&told, 0, 0);
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    sigaction(number, &action, nullptr);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

void serving() {
  is_serving = true;
}

Told wait_for_signal() {
  for (;;) {
    if (stops_asked > 0) {
      return Told::stop;
    }
    if (reload_asked.exchange(false)) {
      return Told::reload;
    }
    while (sem_wait(&told) != 0 && errno == EINTR) {
    }
  }
}

}  // namespace app
