// The books' thread and the engine's, as they run in production.
#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <thread>

#include "fixture.hpp"

namespace serve::testing {
namespace {

using std::chrono::seconds;
using terms::EndReason;

settle::Credit credit(std::uint64_t request) {
  return {{55, request}, tenant, {1}, {start_ns}};
}

TEST(BooksThread, answers_everybody_once) {
  constexpr std::uint64_t each = 200;
  House house(says("hello"));
  house.money.start();
  std::atomic<std::uint64_t> answers = 0;
  {
    std::vector<std::jthread> clients;
    for (std::uint64_t client = 0; client < 4; ++client) {
      clients.emplace_back([&house, &answers, client] {
        for (std::uint64_t i = 1; i <= each; ++i) {
          const auto outcome = house.money.ask_and_wait(credit(client * each + i));
          answers += std::holds_alternative<settle::Credited>(outcome) ? 1 : 0;
        }
      });
    }
  }
  EXPECT_TRUE(house.money.stop(seconds(30)));
  EXPECT_EQ(answers, 4 * each);
  EXPECT_EQ(house.available(), 1'000'000 + static_cast<std::int64_t>(4 * each));
}

/// Counts transactions.
class CountingJournal final : public ledger::Journal {
 public:
  explicit CountingJournal(ledger::Journal& inner) : inner_(inner) {}
  ledger::Stored<std::unique_ptr<ledger::Txn>> begin() override {
    begun += 1;
    begun.notify_all();
    return inner_.begin();
  }
  std::atomic<std::uint64_t> begun = 0;

 private:
  ledger::Journal& inner_;
};

TEST(BooksThread, tends_books_that_others_share_though_nobody_asks_for_anything) {
  store::MemoryStore memory = store::open_memory_store();
  CountingJournal journal(*memory.journal);
  settle::Books books(journal);
  BooksThread thread(books, 10);
  const HandClock clock;
  thread.tend(clock, std::chrono::milliseconds(1));
  thread.start();
  for (std::uint64_t seen = 0; seen < 3; seen = journal.begun)
    journal.begun.wait(seen);
  EXPECT_TRUE(thread.healthy());
  EXPECT_TRUE(thread.stop(seconds(30)));
}

TEST(BooksThread, works_off_its_queue_before_it_stops) {
  House house(says("hello"));
  std::atomic<int> answers = 0;
  for (std::uint64_t i = 1; i <= 500; ++i) {
    house.money.ask(credit(i), [&answers](const settle::Outcome&) { ++answers; });
  }
  house.money.start();
  EXPECT_TRUE(house.money.stop(seconds(30)));
  EXPECT_EQ(answers, 500);
}

TEST(BooksThread, takes_no_holds_once_it_stops) {
  House house(says("hello"));
  house.money.start();
  EXPECT_TRUE(house.money.stop(seconds(30)));
  const auto outcome = house.money.ask_and_wait(credit(1));
  EXPECT_EQ(std::get<settle::Refused>(outcome).why, settle::Refusal::store_unavailable);
  EXPECT_EQ(house.available(), 1'000'000);
}

TEST(BooksThread, gives_up_when_patience_ends_and_says_so) {
  House house(says("hello"));
  Job job = house.submit(ask("hi", 10));
  house.money.turn();
  while (house.loop.turn()) {
  }
  house.faults.left = 1'000'000'000;
  house.money.start();
  EXPECT_FALSE(house.money.stop(std::chrono::milliseconds(1))) << "the settlement is not durable";
  EXPECT_FALSE(job.look().over()) << "and nobody was told that it is";
  EXPECT_EQ(house.open_holds(), 1U) << "recovery ends it at the next start";
}

/// Every client submits, reads to the end or leaves at some token, and counts what it paid.
std::int64_t visit(House& house, Caller caller, std::uint64_t client, int requests) {
  std::int64_t paid = 0;
  for (int i = 0; i < requests; ++i) {
    auto request = ask("request", 40);
    request.choices = 1 + static_cast<std::uint32_t>(client + static_cast<std::uint64_t>(i)) % 3;
    request.sampling.ignore_eos = true;
    std::promise<void> over;
    auto stream = std::make_shared<Stream>(Reading::as_it_comes);
    std::atomic<int> pieces = 0;
    Seen seen;
    std::mutex reading;
    std::atomic<const Ticket*> leave = nullptr;
    stream->on_ready([&] {
      const std::scoped_lock lock(reading);
      const bool before = seen.over();
      seen.take(*stream);
      if (++pieces == 5 && leave.load() != nullptr) leave.load()->cancel(EndReason::disconnect);
      if (!before && seen.over()) over.set_value();
    });
    const Job job = house.submit(request, caller, stream);
    if (i % 3 == 0) leave = &job.ticket;
    if (i % 7 == 0) job.ticket.cancel(EndReason::disconnect);
    over.get_future().wait();
    const std::scoped_lock lock(reading);
    paid += seen.charged ? seen.charged->charge.value : 0;
  }
  return paid;
}

TEST(Hall, many_clients_that_come_and_go_leave_the_books_right) {
  engine::ScriptedOptions options = says("hello world, how are you");
  options.kv_tokens = 300;
  options.step_tokens_max = 32;
  House house(options);
  house.money.start();
  house.loop.start();
  std::atomic<std::int64_t> paid = 0;
  {
    std::vector<std::jthread> clients;
    for (std::uint64_t client = 0; client < 6; ++client) {
      clients.emplace_back([&house, &paid, client] {
        paid += visit(house, {tenant, {5, 6}, {100 + client}, {}}, client, 30);
      });
    }
  }
  house.loop.stop();
  EXPECT_TRUE(house.money.stop(seconds(30)));
  EXPECT_GT(paid, 0);
  EXPECT_EQ(house.available(), 1'000'000 - paid) << "what the clients were told is what was taken";
  house.expect_at_rest();
}

}  // namespace
}  // namespace serve::testing
