#include <app/serve.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include <cli/folder.hpp>

#include "fence.hpp"
#include "house.hpp"
#include "quickstart.hpp"
#include "signals.hpp"

namespace app {
namespace {

constexpr std::size_t admin_key_length_min = 32;

int fail(const std::string& problem) {
  say(config::LogLevel::error, "mains: " + problem);
  return 1;
}

void tell(const std::string& line) {
  say(config::LogLevel::info, line);
}

/// Faults that can be seen before anything is opened or loaded.
config::Problem what_is_wrong(const config::Config& config,
                              const std::vector<config::Model>& models) {
  if (models.empty()) {
    return "no model to serve: write a [[model]] in the config, give --model NAME=FILE, or "
           "get one with 'mains model pull'";
  }
  const auto admin_key = config::secrets_from_environment().admin_key;
  if (admin_key && admin_key->size() < admin_key_length_min) {
    return "MAINS_ADMIN_KEY has " + std::to_string(admin_key->size()) +
           " characters and can be guessed; it needs at least " +
           std::to_string(admin_key_length_min) + ". Make one with: openssl rand -hex 32";
  }
  const config::Server& server = config.server;
  if (!server.tls_cert.empty()) {
    const auto tls = http::check_certificate(server.tls_cert.string(), server.tls_key.string());
    if (!tls.ok()) {
      return tls.error().text;
    }
  }
  return {};
}

void reload(House& house, const std::string& config_file) {
  if (const auto renewed = house.reload_certificate(); !renewed.ok()) {
    say(config::LogLevel::error, "mains: the old certificate stays: " + renewed.error());
  }
  if (!config_file.empty()) {
    const auto config = config::load(config_file);
    if (!config.ok()) {
      say(config::LogLevel::error, "mains: the old settings stay: " + config.error());
      return;
    }
    set_log_level(config->log.level);
  }
  tell("read again: certificate and log level");
}

int serve_until_told(House& house, const config::Config& config, const std::string& config_file) {
  while (wait_for_signal() == Told::reload) {
    reload(house, config_file);
  }
  tell("shutting down: running requests have " + std::to_string(config.server.drain_timeout_s) +
       " s to finish (again to stop at once)");
  if (!house.drain(std::chrono::seconds(config.server.drain_timeout_s))) {
    return fail("the ledger refused to the last; requests that were running are not charged");
  }
  tell("stopped; everything is settled");
  return 0;
}

void tell_of_start(const House& house, const cli::FolderLock& lock) {
  for (const std::string& name : lock.tightened()) {
    tell(name + " in the data folder could be read by others; it is for its owner only now");
  }
  if (const std::string made = house.made_books(); !made.empty()) {
    tell("made new books in " + made);
  }
  if (house.voided_at_start() > 0) {
    tell("the last run ended in the middle of " + std::to_string(house.voided_at_start()) +
         " requests; they were not charged");
  }
  if (!house.signs()) {
    tell(
        "this folder has no log.key: other servers sign the transparency log, and this one takes "
        "over from none; copy log.key here from one of them to change that");
  }
}

}  // namespace

int serve(const config::Config& config, const ServeOptions& options) {
  harden_process();
  take_signals();
  set_log_level(config.log.level);
  if (const auto wrong = what_is_wrong(config, config.models); !wrong.empty()) {
    return fail(wrong);
  }
  if (const auto made = cli::make_folder(config.data.dir); !made.ok()) {
    return fail(made.error());
  }
  const auto lock = cli::FolderLock::take(config.data.dir);
  if (!lock.ok()) {
    return fail(lock.error());
  }
  House house(config, config.models);
  for (const auto step : {&House::open_books, &House::load_engines, &House::open_doors}) {
    if (const auto done = (house.*step)(); !done.ok()) {
      return fail(done.error());
    }
  }
  tell_of_start(house, *lock);
  std::string greeting;
  if (options.quickstart) {
    auto text = quickstart(house, config);
    if (!text.ok()) {
      return fail(text.error());
    }
    greeting = std::move(text).value();
  }
  serving();
  std::printf("mains serves %zu model%s on %s\n%s", house.flavours().size(),
              house.flavours().size() == 1 ? "" : "s", house.url().c_str(), greeting.c_str());
  std::fflush(stdout);
  raise_fence();
  return serve_until_told(house, config, options.config_file);
}

}  // namespace app
