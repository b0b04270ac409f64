#include <app/serve.hpp>

#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include <cli/folder.hpp>

#include "house.hpp"
#include "quickstart.hpp"

namespace app {
namespace {

std::atomic<bool> serving = false;
std::atomic<int> signals = 0;
sem_t stop_wanted;

/// Before serving there is nothing to lose; the second signal while draining means it.
void on_signal(int /*number*/) {
  if (!serving || signals.fetch_add(1) > 0) {
    _exit(130);
  }
  sem_post(&stop_wanted);
}

void take_signals() {
  sem_init(&stop_wanted, 0, 0);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

int fail(const std::string& problem) {
  std::fprintf(stderr, "mains: %s\n", problem.c_str());
  return 1;
}

void say(const config::Config& config, const std::string& line) {
  if (config.log.level <= config::LogLevel::info) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace

int serve(const config::Config& config, const std::vector<config::Model>& models,
          bool with_quickstart) {
  take_signals();
  if (models.empty()) {
    return fail(
        "no model to serve: write a [[model]] in the config, give --model NAME=FILE, or "
        "get one with 'mains model pull'");
  }
  if (const auto made = cli::make_folder(config.data.dir); !made.ok()) {
    return fail(made.error());
  }
  const auto lock = cli::FolderLock::take(config.data.dir);
  if (!lock.ok()) {
    return fail(lock.error());
  }
  House house(config, models);
  for (const auto step : {&House::open_books, &House::load_engines, &House::open_doors}) {
    if (const auto done = (house.*step)(); !done.ok()) {
      return fail(done.error());
    }
  }
  if (house.voided_at_start() > 0) {
    say(config, "the last run ended in the middle of " + std::to_string(house.voided_at_start()) +
                    " requests; they were not charged");
  }
  if (!house.signs()) {
    say(config,
        "this folder has no log.key: other servers sign the transparency log, and this one takes "
        "over from none; copy log.key here from one of them to change that");
  }
  std::string greeting;
  if (with_quickstart) {
    auto text = quickstart(house, config);
    if (!text.ok()) {
      return fail(text.error());
    }
    greeting = std::move(text).value();
  }
  serving = true;
  std::printf("mains serves %zu model%s on %s\n%s", house.flavours().size(),
              house.flavours().size() == 1 ? "" : "s", house.url().c_str(), greeting.c_str());
  std::fflush(stdout);
  while (sem_wait(&stop_wanted) != 0 && errno == EINTR) {
  }
  say(config, "shutting down: running requests have " +
                  std::to_string(config.server.drain_timeout_s) +
                  " s to finish (again to stop at once)");
  if (!house.drain(std::chrono::seconds(config.server.drain_timeout_s))) {
    return fail("the ledger refused to the last; requests that were running are not charged");
  }
  say(config, "stopped; everything is settled");
  return 0;
}

}  // namespace app
