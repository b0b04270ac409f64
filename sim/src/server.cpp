#include "server.hpp"

#include <algorithm>
#include <utility>

#include "naive.hpp"

namespace sim {
namespace {

constexpr std::size_t queue_max = 200;
constexpr std::int64_t day_ns = 86'400 * naive::second_ns;

bool unavailable(const settle::Outcome& outcome) {
  const auto* refused = std::get_if<settle::Refused>(&outcome);
  return refused != nullptr && refused->why == settle::Refusal::store_unavailable;
}

}  // namespace

Server::Server(std::uint64_t number, ledger::Journal& store, Auditor& auditor, Dice& dice,
               Street& street, Report& report, Sabotage sabotage)
    : number_(number),
      store_(store),
      auditor_(auditor),
      dice_(dice),
      street_(street),
      report_(report),
      sabotage_(sabotage) {}

void Server::start(base::UnixNs now) {
  using ledger::StoreError;
  constexpr StoreError errors[] = {StoreError::busy, StoreError::full, StoreError::read_only,
                                   StoreError::gone, StoreError::io};
  weather_ = std::make_unique<Weather>(dice_);
  if (dice_.chance(100)) weather_->failing(50);
  journal_ = store::make_faulty(store_, *weather_, errors[dice_.below(std::size(errors))]);
  books_ = std::make_unique<settle::Books>(*journal_, terms::ServerId{number_});
  if (!books_->recover(now)) return;
  if (sabotage_ == Sabotage::ends_others) {
    for (std::uint64_t other = 1; other <= 3; ++other) {
      if (!settle::Books(*journal_, terms::ServerId{other}).recover(now)) return;
    }
  }
  weather_->failing(0);
  money_ = std::make_unique<serve::BooksThread>(*books_, queue_max);
}

void Server::die() {
  report_.crashes += 1;
  report_.lost_replies += weather_->lost_replies();
  money_.reset();
  books_.reset();
  journal_.reset();
  weather_.reset();
  answered_.reset();
  for (const settle::Prune& prune : std::exchange(prunes_, {})) {
    auditor_.forgotten(prune);
  }
  for (const auto& [request, job] : std::exchange(jobs_, {})) {
    auditor_.crashed(request);
    street_.failed(job.wish);
  }
}

void Server::say(const settle::Command& command, std::function<void(const settle::Outcome&)> then) {
  report_.commands += 1;
  money_->ask(command, [this, command, then](const settle::Outcome& outcome) {
    if (weather_->crashed()) return;  // nobody is left to answer
    auditor_.told(command, outcome);
    if (unavailable(outcome)) {
      report_.unavailable += 1;
    } else if (std::holds_alternative<settle::Refused>(outcome)) {
      report_.refused += 1;
    } else {
      answered_ = command;
    }
    then(outcome);
  });
}

void Server::ask(const settle::Hold& hold, const Wish& wish) {
  jobs_[hold.request] = {hold, wish, {}, 0, false, false, false};
  say(hold, [this, request = hold.request](const settle::Outcome& outcome) {
    on_hold(request, outcome);
  });
}

void Server::on_hold(terms::RequestId request, const settle::Outcome& outcome) {
  Job& job = jobs_.at(request);
  const auto* held = std::get_if<settle::Held>(&outcome);
  if (held == nullptr && sabotage_ != Sabotage::serves_unpaid) {
    forget(request, false);
    return;
  }
  job.running = true;
  job.granted = held == nullptr ? job.hold.output_max.value : held->output_granted.value;
  if (sabotage_ == Sabotage::gives_more) job.granted += 1;
}

void Server::ask(const settle::Credit& credit) {
  say(credit, [this, credit](const settle::Outcome& outcome) {
    street_.credited(credit, !unavailable(outcome));
  });
}

void Server::ask(const settle::Publish& publish) {
  say(publish, [](const settle::Outcome&) {});
}

void Server::ask(const settle::Prune& prune) {
  prunes_.push_back(prune);
  auditor_.asked(prune);
  settle::Prune sent = prune;
  if (sabotage_ == Sabotage::keeps_too_short) sent.before.value += day_ns;
  const auto same = [prune](const settle::Prune& that) {
    return that.tenant == prune.tenant && that.before == prune.before;
  };
  say(sent, [this, prune, same](const settle::Outcome& outcome) {
    auditor_.forgotten(prune);
    prunes_.erase(std::ranges::find_if(prunes_, same));
    const auto* pruned = std::get_if<settle::Pruned>(&outcome);
    if (pruned != nullptr && pruned->receipts == settle::prune_at_once) ask(prune);
  });
}

/// Nobody says a hold again whose receipt may be gone: receipts are kept for longer than that.
void Server::repeat() {
  if (!answered_) return;
  if (const auto* prune = std::get_if<settle::Prune>(&*answered_)) return ask(*prune);
  const auto* hold = std::get_if<settle::Hold>(&*answered_);
  const bool over = hold != nullptr && auditor_.ended(hold->request);
  if (over && (auditor_.gone(hold->request) || money_->waiting() > 0)) return;
  say(*answered_, [](const settle::Outcome&) {});
  if (over) turn();  // before its receipt can go
}

void Server::progress(base::UnixNs now) {
  if (jobs_.empty()) return;
  auto found = jobs_.lower_bound({dice_.next() >> 1U, 0});
  if (found == jobs_.end()) found = jobs_.begin();
  Job& job = found->second;
  if (!job.running || job.ending) return;
  run_on(job);
  const bool finished = job.used.output.value >= job.granted && job.used.input == job.hold.input;
  if (!job.left && dice_.chance(100)) {
    job.left = true;
    if (sabotage_ == Sabotage::forgets_to_end) {
      jobs_.erase(found);
      return;
    }
  }
  if (finished || job.left || dice_.chance(100)) end(job, now);
}

/// The prompt first, then tokens one by one; what is decoded is shown at once.
void Server::run_on(Job& job) {
  Truth& truth = auditor_.truth(job.hold.request);
  truth.ran = true;
  const std::uint32_t prompt_left = job.hold.input.value - job.used.input.value;
  if (prompt_left > 0) {
    const std::uint32_t part = dice_.chance(700) ? prompt_left : dice_.below32(prompt_left + 1);
    if (job.used.input.value == 0) job.used.cached = {dice_.below32(part + 1)};
    job.used.input.value += part;
  }
  if (job.used.input == job.hold.input && job.granted > job.used.output.value) {
    job.used.output.value += 1 + dice_.below32(job.granted - job.used.output.value);
    truth.shown = job.used.output.value;
  }
  truth.decoded = job.used;
}

void Server::end(Job& job, base::UnixNs now) {
  job.ending = true;
  const terms::RequestId request = job.hold.request;
  const bool nothing = job.used.output.value == 0 && job.hold.output_max.value > 0 &&
                       !(job.left && job.used.input.value > 0);
  if (nothing || (job.left && sabotage_ == Sabotage::voids_the_served)) {
    say(settle::Void{request, now},
        [this, request](const settle::Outcome&) { forget(request, false); });
    return;
  }
  settle::Settle command;
  command.request = request;
  command.output = {{request.low, 0, 0, 1}};
  command.weights = {{1, 2, 3, 4}};
  command.tokenizer = {{5, 6, 7, 8}};
  command.salt = {{dice_.next(), dice_.next(), dice_.next(), 1}};
  command.now = now;
  command.usage = job.used;
  command.end = job.left ? terms::EndReason::disconnect : terms::EndReason::stop;
  if (sabotage_ == Sabotage::bills_more && job.used.output.value < job.granted) {
    command.usage.output.value += 1;
  }
  if (sabotage_ == Sabotage::bills_less && job.used.output.value > 1) {
    command.usage.output.value -= 1;
  }
  if (sabotage_ == Sabotage::answers_early) {
    auditor_.told(command, settle::Settled{});
  }
  say(command, [this, request](const settle::Outcome&) { forget(request, true); });
}

void Server::forget(terms::RequestId request, bool good) {
  const auto found = jobs_.find(request);
  if (found == jobs_.end()) return;
  const Wish wish = found->second.wish;
  const bool left = found->second.left;
  jobs_.erase(found);
  if (good || left) {
    street_.served(wish);
  } else {
    street_.failed(wish);
  }
}

void Server::end_all(base::UnixNs now) {
  for (auto& [request, job] : jobs_) {
    if (job.running && !job.ending) end(job, now);
  }
}

void Server::tend(base::UnixNs now) {
  (void)books_->tend(now);  // what fails is tried again the next time
  if (weather_->crashed()) die();
}

bool Server::turn() {
  const bool done = money_->turn();
  if (weather_->crashed()) die();
  return done;
}

}  // namespace sim
