#include "fence.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <exception>

#include <base/invariant.hpp>

namespace app {
namespace {

std::atomic<int> out = STDERR_FILENO;
std::atomic<config::LogLevel> lowest = config::LogLevel::info;

void print(std::string line) {
  line += '\n';
  // One write for a line, so that lines of several threads do not mix. A reader that is gone is no
  // reason to stop.
  const ssize_t written = ::write(out, line.data(), line.size());
  static_cast<void>(written);
}

/// The text of an exception may quote a request, so it is not printed.
[[noreturn]] void die() {
  print("mains: an exception that nobody caught stopped the process");
  std::abort();
}

}  // namespace

void harden_process() {
  ::umask(077);
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  std::set_terminate(die);
}

void raise_fence() {
  const int kept = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept < 0 || nowhere < 0) {
    return;
  }
  out = kept;
  base::set_last_words_descriptor(kept);
  (void)::dup2(nowhere, STDOUT_FILENO);
  (void)::dup2(nowhere, STDERR_FILENO);
  ::close(nowhere);
}

void set_log_level(config::LogLevel level) {
  lowest = level;
}

void say(config::LogLevel level, const std::string& line) {
  if (level >= lowest) {
    print(line);
  }
}

}  // namespace app
