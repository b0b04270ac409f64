// What questions cost when there is much history: fills a ledger through the books, then measures
// balance, usage, pages of receipts and what a statement asks, and how much memory they take.
//   history_bench [--tiny] [--history N] [--tenants N] [--queries N] [--check] [--folder DIR]
//                 [--postgres]
// With --postgres it makes a server of its own in the folder, and measures that one instead.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <base/invariant.hpp>
#include <cluster/cluster.hpp>
#include <ledger/month.hpp>
#include <settle/audit.hpp>
#include <settle/books.hpp>
#include <store/postgres.hpp>
#include <store/sqlite.hpp>

namespace {

struct Setup {
  std::uint64_t history = 1'000'000;
  std::uint64_t tenants = 10'000;
  std::uint64_t queries = 1'000;
  bool check = false;
  bool postgres = false;
  bool tiny = false;
  std::filesystem::path folder = std::filesystem::temp_directory_path();
};

std::uint64_t wall_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// Resident memory of this process, in MiB.
std::uint64_t resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10) / 1024;
  }
  return 0;
}

constexpr ledger::Month first_month{648};  // January 2024
constexpr int months = 24;

/// Two years of requests. One in twenty is the first tenant's; the others' are spread evenly.
class History {
 public:
  History(settle::Books& books, const Setup& setup) : books_(books), setup_(setup) {
    const std::int64_t span = ledger::start_of({first_month.value + months}).value - clock_;
    step_ns_ = span / static_cast<std::int64_t>(setup.history + 1);
  }

  void write() {
    for (std::uint64_t tenant = 1; tenant <= setup_.tenants; ++tenant) {
      credit(tenant, 10'000'000'000'000);
    }
    for (std::uint64_t i = 0; i < setup_.history; ++i) {
      clock_ += step_ns_;
      request();
      if (i % 1'000 == 0) credit(tenant(), 1'000'000'000);  // some pay in again
    }
    flush();
  }

 private:
  static constexpr std::size_t batch_max = 20'000;

  std::uint64_t tenant() { return random_() % 20 == 0 ? 1 : 1 + random_() % setup_.tenants; }

  void credit(std::uint64_t tenant, std::int64_t amount) {
    push(settle::Credit{{1, ++credits_}, {tenant}, {amount}, {clock_}});
  }

  void request() {
    settle::Hold hold{};
    hold.request = {static_cast<std::uint64_t>(clock_), random_()};  // as real ones: time first
    hold.tenant = {tenant()};
    hold.account = {1, hold.tenant.value};
    hold.key = {hold.tenant.value * 2 + random_() % 2};
    hold.model = {1 + random_() % 3};
    hold.price_list = {clock_ < ledger::start_of({first_month.value + 12}).value ? 1U : 2U};
    hold.price_list_hash = {{17, 18, 19, hold.price_list.value}};
    hold.prices = {{150'000'000}, {75'000'000}, {600'000'000}};
    hold.now = {clock_};
    hold.input = {static_cast<std::uint32_t>(100 + random_() % 4'000)};
    hold.output_max = {static_cast<std::uint32_t>(1 + random_() % 500)};
    hold.output_asked = 1;
    push(hold);
    settle::Settle settle{};
    settle.request = hold.request;
    settle.output = {{random_(), random_(), random_(), random_()}};
    settle.weights = {{1, 2, 3, hold.model.value}};
    settle.tokenizer = {{5, 6, 7, 8}};
    settle.salt = {{random_(), random_(), random_(), random_()}};
    settle.now = {clock_ + 1};
    settle.usage = {hold.input, {hold.input.value / 3}, hold.output_max};
    push(settle);
  }

  void push(const settle::Command& command) {
    batch_.push_back(command);
    if (batch_.size() >= batch_max) flush();
  }

  void flush() {
    for (const settle::Outcome& outcome : books_.apply(batch_)) {
      base::invariant(!std::holds_alternative<settle::Refused>(outcome), "the bench is payable");
    }
    batch_.clear();
  }

  settle::Books& books_;
  const Setup& setup_;
  std::vector<settle::Command> batch_;
  std::mt19937_64 random_{42};
  std::uint64_t credits_ = 0;
  std::int64_t clock_ = ledger::start_of(first_month).value;
  std::int64_t step_ns_ = 1;
};

Setup read_setup(int argc, char** argv) {
  Setup setup;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--tiny") {
      setup = {.history = 2'000, .tenants = 50, .queries = 20, .check = true, .tiny = true};
    } else if (word == "--postgres") {
      setup.postgres = true;
    } else if (word == "--check") {
      setup.check = true;
    } else if (i + 1 < argc) {
      const char* value = argv[++i];
      const std::uint64_t number = std::max<std::uint64_t>(1, std::strtoull(value, nullptr, 10));
      if (word == "--history") setup.history = number;
      if (word == "--tenants") setup.tenants = number;
      if (word == "--queries") setup.queries = number;
      if (word == "--folder") setup.folder = value;
    }
  }
  return setup;
}

/// Runs a question for many tenants and in many months; the first tenant, which has most, is asked
/// for every tenth time.
void measure(const Setup& setup, const char* name,
             const std::function<bool(terms::TenantId, ledger::Month)>& question) {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> times;
  for (std::uint64_t i = 0; i < setup.queries; ++i) {
    const terms::TenantId tenant{i % 10 == 0 ? 1 : 1 + random() % setup.tenants};
    const ledger::Month month{first_month.value + static_cast<std::int32_t>(random() % months)};
    const std::uint64_t began = wall_ns();
    base::invariant(question(tenant, month), "the ledger answers");
    times.push_back(wall_ns() - began);
  }
  std::sort(times.begin(), times.end());
  const auto at = [&times](std::size_t percent) {
    return static_cast<double>(times[std::min(times.size() - 1, times.size() * percent / 100)]) /
           1e6;
  };
  std::printf("  %-38s p50 %8.3f ms   p95 %8.3f ms   max %8.3f ms\n", name, at(50), at(95),
              at(100));
}

void measure_all(const Setup& setup, ledger::Reader& reader) {
  const auto from = [](ledger::Month month) { return ledger::start_of(month); };
  const auto to = [](ledger::Month month) { return ledger::start_of({month.value + 1}); };
  constexpr std::uint32_t page = 100;
  measure(setup, "balance", [&](auto tenant, auto) { return reader.balance(tenant).ok(); });
  measure(setup, "usage of a month by model", [&](auto tenant, auto month) {
    return reader.usage(tenant, from(month), to(month), {ledger::Bucket::none, true}).ok();
  });
  measure(setup, "usage of two years by day and key", [&](auto tenant, auto) {
    return reader
        .usage(tenant, from(first_month), from({first_month.value + months}),
               {ledger::Bucket::day, false, true})
        .ok();
  });
  measure(setup, "statement (opening, top-ups, usage)", [&](auto tenant, auto month) {
    return reader.carried(tenant, month).ok() &&
           reader.top_ups(tenant, from(month), to(month), ~0U).ok() &&
           reader.usage(tenant, from(month), to(month), {ledger::Bucket::day, true, false, true})
               .ok();
  });
  measure(setup, "page of 100 receipts of a month", [&](auto tenant, auto month) {
    return reader.receipts(tenant, from(month), to(month), {}, page).ok();
  });
  measure(setup, "page of 100 receipts after a number", [&](auto tenant, auto month) {
    return reader.receipts_after(tenant, static_cast<std::uint64_t>(month.value), page).ok();
  });
  measure(setup, "page of 100 receipts of the log", [&](auto, auto month) {
    const auto part = static_cast<std::uint64_t>(month.value - first_month.value);
    return reader.receipts_of_leaves(setup.history * part / months, page).ok();
  });
}

void check(ledger::Reader& reader) {
  const std::uint64_t began = wall_ns();
  auto snapshot = reader.snapshot();
  base::invariant(snapshot.ok(), "the bench can read what it wrote");
  auto report = settle::audit(**snapshot);
  base::invariant(report.ok() && report->finding_count == 0, "the books are right");
  std::printf("  ledger check: no findings in %llu receipts, %.1f s, %llu MiB resident\n",
              static_cast<unsigned long long>(report->receipts),
              static_cast<double>(wall_ns() - began) / 1e9,
              static_cast<unsigned long long>(resident_mib()));
}

bool is_file(const std::string& place) {
  return !postgres::is_url(place);
}

void measure_store(const Setup& setup, const char* name, const std::string& place) {
  const std::uint64_t began = wall_ns();
  {
    auto journal =
        is_file(place) ? store::open_sqlite_journal(place) : store::open_postgres_journal(place);
    base::invariant(journal.ok(), "the bench can write where it is");
    settle::Books books(**journal);
    History(books, setup).write();
  }
  std::printf("%s: %llu receipts of %llu tenants, written in %.0f s", name,
              static_cast<unsigned long long>(setup.history),
              static_cast<unsigned long long>(setup.tenants),
              static_cast<double>(wall_ns() - began) / 1e9);
  if (is_file(place)) {
    std::printf(", %llu MiB",
                static_cast<unsigned long long>(std::filesystem::file_size(place) >> 20));
  }
  std::printf("\n");
  std::fflush(stdout);
  auto reader =
      is_file(place) ? store::open_sqlite_reader(place) : store::open_postgres_reader(place);
  base::invariant(reader.ok(), "the bench can read what it wrote");
  const std::uint64_t before_mib = resident_mib();
  measure_all(setup, **reader);
  std::printf("  memory: %llu MiB resident before the questions, %llu after\n",
              static_cast<unsigned long long>(before_mib),
              static_cast<unsigned long long>(resident_mib()));
  std::fflush(stdout);
  if (setup.check) check(**reader);
}

}  // namespace

int main(int argc, char** argv) {
  const Setup setup = read_setup(argc, argv);
  const std::filesystem::path folder =
      setup.folder / ("history_bench." + std::to_string(std::random_device{}()));
  std::filesystem::create_directories(folder);
  if (!setup.postgres) measure_store(setup, "SQLite", folder / "ledger.db");
  if (setup.postgres || (setup.tiny && cluster::Cluster::available())) {
    const cluster::Cluster server({.folder = folder, .durable = !setup.tiny});
    measure_store(setup, "PostgreSQL", server.url());
  }
  std::filesystem::remove_all(folder);
  return 0;
}
