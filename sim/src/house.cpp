#include "house.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace sim {
namespace {

/// Small, so that room runs out.
engine::ScriptedOptions small_engine() {
  engine::ScriptedOptions options;
  options.kv_tokens = 400;
  options.lanes_max = 6;
  options.step_tokens_max = 24;
  options.reply = "so it was and so it is and so it will be";
  return options;
}

schedule::Policy small_policy() {
  schedule::Policy policy;
  policy.queue_jobs_max = 12;
  return policy;
}

/// Turned by hand nobody waits in real time: patience ends at once, or never.
std::chrono::nanoseconds patience(Dice& dice) {
  return dice.chance(500) ? std::chrono::nanoseconds(0) : std::chrono::hours(1'000);
}

}  // namespace

House::House(std::uint64_t number, const Ground& ground)
    : ground_(ground),
      weather_(ground.dice),
      journal_(store::make_faulty(ground.store, weather_)),
      books_(*journal_, terms::ServerId{number}),
      engine_(small_engine(), ground.dice, ground.dice.chance(500) ? 0 : 3),
      money_(books_, 64, patience(ground.dice)),
      loop_(engine_, money_, ground.clock, small_policy(), nullptr),
      hall_(money_, ground.clock, ground.dice),
      started_(books_.recover(ground.clock.now()).ok()) {}

void House::welcome(std::uint64_t number, const serve::Caller& caller, const serve::Offer& offer,
                    const terms::Digest& idempotency) {
  Dice& dice = ground_.dice;
  const std::string prompt = std::to_string(number) + " " + std::string(dice.below(60), 'x');
  const serve::Flavour flavour{{4}, &loop_, 300};
  auto prepared = [&] {
    if (dice.chance(100)) {
      content::EmbeddingRequest request;
      request.inputs = {prompt};
      return serve::Hall::prepare(flavour, request);
    }
    content::GenerationRequest request;
    request.prompt = std::vector<content::RawPrompt>{prompt};
    request.choices = 1 + (dice.chance(200) ? dice.below32(3) : 0);
    if (dice.chance(700)) request.output_max = 1 + dice.below32(60);
    request.sampling.seed = static_cast<std::uint32_t>(number);
    if (dice.chance(100)) request.sampling.stop = {"so it is"};
    return serve::Hall::prepare(flavour, request);
  }();
  if (!prepared.ok()) return;
  const serve::Reading reading =
      dice.chance(600) ? serve::Reading::as_it_comes : serve::Reading::when_complete;
  auto stream = std::make_shared<serve::Stream>(reading, 4'000);
  const std::uint32_t input = prepared->input.value;
  serve::Ticket ticket =
      hall_.submit(std::move(prepared).value(), caller, offer, idempotency, stream);
  ground_.report.commands += 1;
  Truth& truth = ground_.auditor.truth(ticket.request());
  truth.exact = false;
  truth.decoded.input = {input};
  const std::uint32_t leaves_after = dice.chance(200) ? 1 + dice.below32(40) : 0;
  guests_.emplace(number, Guest{number, ticket, std::move(stream), leaves_after, 0, false});
}

void House::turn_engine() {
  loop_.turn();
  for (const auto& [number, guest] : guests_) {
    ground_.auditor.truth(guest.ticket.request()).decoded.output = {engine_.sampled(number)};
  }
}

void House::credit(const settle::Credit& credit) {
  money_.ask(credit, [](const settle::Outcome&) {});
}

void House::some_guest_reads() {
  if (guests_.empty()) return;
  auto guest = guests_.begin();
  std::advance(guest, static_cast<std::ptrdiff_t>(ground_.dice.below(guests_.size())));
  read(guest->second);
  if (guest->second.over) guests_.erase(guest);
}

/// What came is seen by the customer, and so by the auditor.
void House::read(Guest& guest) {
  const terms::RequestId request = guest.ticket.request();
  for (const serve::Event& event : guest.stream->take()) {
    if (guest.over) ground_.auditor.find("something comes after the last event");
    if (const auto* piece = std::get_if<serve::TextPiece>(&event)) {
      guest.read += static_cast<std::uint32_t>(piece->text.size());
    } else if (std::holds_alternative<serve::Charged>(event) ||
               std::holds_alternative<serve::Failed>(event)) {
      ended(guest, event);
    }
  }
  // A whole answer is only given with its bill; a stream is seen as it comes.
  Truth& truth = ground_.auditor.truth(request);
  if (guest.stream->reading() == serve::Reading::as_it_comes) truth.shown = guest.read;
  if (!guest.over && guest.patience > 0 && guest.read >= guest.patience) {
    guest.ticket.cancel(terms::EndReason::disconnect);
    guest.patience = 0;
  }
}

void House::ended(Guest& guest, const serve::Event& last) {
  guest.over = true;
  Auditor& auditor = ground_.auditor;
  const terms::RequestId request = guest.ticket.request();
  if (const auto* charged = std::get_if<serve::Charged>(&last)) {
    auditor.told_bill(request, charged->usage, charged->charge);
    auditor.truth(request).shown = guest.read;
    return;
  }
  const auto& failed = std::get<serve::Failed>(last);
  ground_.report.refused += failed.kind == serve::FailureKind::refused_by_books ? 1 : 0;
  const bool later = failed.kind == serve::FailureKind::recorded_later;
  if (later) unpaid_.push_back(request);
  if (guest.read > 0 && !later && guest.stream->reading() == serve::Reading::as_it_comes) {
    auditor.find("a stream that gave text ends without a bill");
  }
}

void House::drain() {
  hall_.close();
  loop_.cancel_all(terms::EndReason::drain);
}

bool House::settle_down() {
  weather_.failing(0);
  weather_.down(false);
  weather_.crash_in(0);
  for (int turns = 0; turns < 20'000; ++turns) {
    const bool paid = money_.turn();
    turn_engine();
    const bool worked = loop_.counts().jobs > 0;
    for (auto& [number, guest] : guests_) {
      read(guest);
    }
    std::erase_if(guests_, [](const auto& entry) { return entry.second.over; });
    if (!paid && !worked && money_.waiting() == 0 && guests_.empty()) {
      if (engine_.kv_free() != engine_.facts().kv_tokens) {
        ground_.auditor.find("KV is not given back");
      }
      return true;
    }
  }
  return false;
}

void House::lose_all() {
  ground_.report.crashes += 1;
  ground_.report.lost_replies += weather_.lost_replies();
  for (auto& [number, guest] : guests_) {
    read(guest);  // what was on its way may have arrived
    if (!guest.over) ground_.auditor.crashed(guest.ticket.request());
  }
  guests_.clear();
  for (const terms::RequestId request : unpaid_) {
    ground_.auditor.crashed(request);
  }
}

}  // namespace sim
