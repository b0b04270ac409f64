// The process is killed at any moment, without a word. What it had answered is there afterwards;
// what it had not is either there as a whole or not at all.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <store/faulty.hpp>

#include "house.hpp"
#include "traffic.hpp"

namespace settle::testing {
namespace {

/// What the server told its clients, as they would remember it.
struct Word {
  terms::RequestId request;
  std::int64_t charge = 0;
  std::uint64_t what = 0;  // 1 held, 2 settled, 3 voided
};

/// Of any command but those that are about none.
struct FindRequest {
  terms::RequestId& operator()(Publish&) const { std::abort(); }
  terms::RequestId& operator()(Prune&) const { std::abort(); }
  template <class Some>
  terms::RequestId& operator()(Some& some) const {
    return some.request;
  }
};
terms::RequestId& request_of(Command& command) {
  return std::visit(FindRequest{}, command);
}

/// The server: random traffic, each answer told once it has been given. Never returns.
[[noreturn]] void serve(const std::filesystem::path& file, std::uint64_t seed, int out) {
  auto journal = store::open_sqlite_journal(file);
  if (!journal) _exit(1);
  Books books(**journal);
  Traffic traffic(seed);
  // Ids of earlier lives do not come again, as they would not: they are random.
  std::set<terms::RequestId> open;
  for (std::uint64_t life = 1;; ++life) {
    std::vector<Command> batch = traffic.batch(20);
    // Nothing goes: what was told is looked for afterwards.
    std::erase_if(batch, [](const Command& that) { return std::holds_alternative<Prune>(that); });
    for (Command& command : batch) {
      if (!std::holds_alternative<Publish>(command)) request_of(command).high += seed * 4;
    }
    batch.push_back(credit(life, 500, {7 + life % 3}));
    std::get<Credit>(batch.back()).request.high = seed * 4 + 3;
    const std::vector<Outcome> outcomes = books.apply(batch);
    std::vector<Word> words;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (std::holds_alternative<Published>(outcomes[i])) continue;
      const terms::RequestId request = request_of(batch[i]);
      if (std::holds_alternative<Held>(outcomes[i])) {
        words.push_back({request, 0, 1});
      } else if (const auto* settled = std::get_if<Settled>(&outcomes[i])) {
        words.push_back({request, settled->charge.value, 2});
      } else if (std::holds_alternative<Voided>(outcomes[i])) {
        words.push_back({request, 0, 3});
      }
    }
    const std::size_t size = words.size() * sizeof(Word);
    if (::write(out, words.data(), size) != static_cast<ssize_t>(size)) _exit(0);
  }
}

class Crash : public ::testing::Test {
 protected:
  Crash() { std::filesystem::create_directories(folder_); }
  ~Crash() override { std::filesystem::remove_all(folder_); }

  /// Lets a server live until it has told `words` words, and kills it.
  void live(std::uint64_t seed, std::uint64_t words) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t server = ::fork();
    ASSERT_GE(server, 0);
    if (server == 0) {
      ::close(ends[0]);
      serve(file_, seed, ends[1]);
    }
    ::close(ends[1]);
    Word word;
    for (std::uint64_t i = 0; i < words && read_word(ends[0], word); ++i) {
      remember(word);
    }
    ASSERT_EQ(::kill(server, SIGKILL), 0);
    while (read_word(ends[0], word))
      remember(word);  // what was under way to the client
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(server, &status, 0), server);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it was killed, and did not fail";
  }

  static bool read_word(int in, Word& word) {
    std::size_t got = 0;
    while (got < sizeof(Word)) {
      const ssize_t more = ::read(in, reinterpret_cast<char*>(&word) + got, sizeof(Word) - got);
      if (more <= 0) return false;
      got += static_cast<std::size_t>(more);
    }
    return true;
  }
  void remember(const Word& word) {
    if (word.what == 2) {
      const auto [known, first] = charges_.emplace(word.request, word.charge);
      ASSERT_TRUE(first || known->second == word.charge);
    }
    if (word.what == 3) voided_.insert(word.request);
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("crash." + std::to_string(::getpid()));
  const std::filesystem::path file_ = folder_ / "ledger.db";
  std::map<terms::RequestId, std::int64_t> charges_;
  std::set<terms::RequestId> voided_;
};

TEST_F(Crash, NothingThatWasAnsweredIsLostAndNothingStaysOpen) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (std::uint64_t crash = 1; crash <= 20; ++crash) {
    ASSERT_NO_FATAL_FAILURE(live(seed * 100 + crash, random() % 400));
    auto journal = store::open_sqlite_journal(file_);
    ASSERT_TRUE(journal.ok());
    Books books(**journal);
    ASSERT_TRUE(books.recover({start}).ok());
    auto reader = std::move(store::open_sqlite_reader(file_)).value();
    ASSERT_EQ(reader->open_holds().value(), 0U);
    for (const auto& [request, charge] : charges_) {
      const auto receipt = reader->receipt(request).value();
      ASSERT_TRUE(receipt.has_value()) << "a settlement was told and is gone";
      ASSERT_EQ(receipt->charge.value, charge);
    }
    for (const terms::RequestId& request : voided_) {
      ASSERT_FALSE(reader->receipt(request).value().has_value());
    }
    auto snapshot = std::move(reader->snapshot()).value();
    ASSERT_EQ(audit(*snapshot).value().finding_count, 0U);
    ASSERT_EQ(reader->totals().value().held.value, 0);
  }
  EXPECT_GT(charges_.size(), 100U);
}

}  // namespace
}  // namespace settle::testing
