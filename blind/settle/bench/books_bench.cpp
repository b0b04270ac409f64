// How many requests a second one thread can hold and settle durably, receipt and log leaf included.
//   books_bench [--tiny] [--pairs N] [--tenants N] [--batch N] [--folder DIR]
//               [--postgres | --ledger URL]
// With --postgres it makes a server of its own in the folder, which syncs every commit; with
// --ledger it uses that database, which must be empty.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <base/invariant.hpp>
#include <cluster/cluster.hpp>
#include <settle/audit.hpp>
#include <settle/books.hpp>
#include <store/postgres.hpp>
#include <store/sqlite.hpp>

namespace {

using settle::Command;

struct Setup {
  std::uint64_t pairs = 200'000;
  std::uint64_t tenants = 1'000;
  std::size_t batch = 64;
  bool limits = false;
  bool ordered_ids = false;
  bool tiny = false;
  bool postgres = false;
  std::string ledger;
  std::filesystem::path folder = std::filesystem::temp_directory_path();
};

std::uint64_t wall_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

std::uint64_t cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

class Load {
 public:
  Load(settle::Books& books, const Setup& setup) : books_(books), setup_(setup) {}

  void credit_everyone() {
    for (std::uint64_t tenant = 1; tenant <= setup_.tenants; ++tenant) {
      push(settle::Credit{{1, tenant}, {tenant}, {1'000'000'000'000}, {1}});
    }
    flush();
  }

  /// Each request is settled in a batch after the one that held it, as it is with real engines.
  void run(std::uint64_t pairs) {
    std::vector<terms::RequestId> open;
    for (std::uint64_t i = 0; i < pairs; ++i) {
      open.push_back(hold());
      if (open.size() > setup_.batch) {
        settle(open.front());
        open.erase(open.begin());
      }
    }
    for (const terms::RequestId request : open) {
      settle(request);
    }
    flush();
  }

  static constexpr std::int64_t start = 1'700'000'000'000'000'000;
  [[nodiscard]] std::vector<std::uint64_t>& batch_ns() { return batch_ns_; }

 private:
  terms::RequestId hold() {
    clock_ += 100'000;
    settle::Hold hold{};
    hold.request = {setup_.ordered_ids ? static_cast<std::uint64_t>(clock_) : random_(), random_()};
    const std::uint64_t tenant = 1 + random_() % setup_.tenants;
    hold.tenant = {tenant};
    hold.account = {1, tenant};
    hold.key = {tenant};
    hold.model = {1 + random_() % 2};
    hold.price_list = {1};
    hold.price_list_hash = {{17, 18, 19, 20}};
    hold.prices = {{150'000'000}, {75'000'000}, {600'000'000}};
    if (setup_.limits) {
      hold.limits = {1'000'000, 1'000'000'000, 1'000, {900'000'000'000}};
    }
    hold.now = {clock_};
    hold.input = {200};
    hold.output_max = {100};
    hold.output_asked = 1;
    push(hold);
    return hold.request;
  }

  void settle(terms::RequestId request) {
    settle::Settle command{};
    command.request = request;
    command.output = {{random_(), random_(), random_(), random_()}};
    command.weights = {{1, 2, 3, 4}};
    command.tokenizer = {{5, 6, 7, 8}};
    command.salt = {{random_(), random_(), random_(), random_()}};
    command.now = {clock_};
    command.usage = {{200}, {0}, {64}};
    push(command);
  }

  void push(const Command& command) {
    batch_.push_back(command);
    if (batch_.size() == setup_.batch) flush();
  }

  void flush() {
    const std::uint64_t began = wall_ns();
    for (const settle::Outcome& outcome : books_.apply(batch_)) {
      base::invariant(!std::holds_alternative<settle::Refused>(outcome), "the bench is payable");
    }
    batch_ns_.push_back(wall_ns() - began);
    batch_.clear();
  }

  settle::Books& books_;
  const Setup& setup_;
  std::vector<Command> batch_;
  std::vector<std::uint64_t> batch_ns_;
  std::mt19937_64 random_{42};
  std::int64_t clock_ = start;
};

Setup read_setup(int argc, char** argv) {
  Setup setup;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--tiny") {
      setup.tiny = true;
      setup.pairs = 2'000;
      setup.tenants = 50;
    } else if (word == "--postgres") {
      setup.postgres = true;
    } else if (word == "--limits") {
      setup.limits = true;
    } else if (word == "--ordered-ids") {
      setup.ordered_ids = true;
    } else if (i + 1 < argc) {
      const char* value = argv[++i];
      const std::uint64_t number = std::strtoull(value, nullptr, 10);
      if (word == "--pairs") setup.pairs = number;
      if (word == "--tenants") setup.tenants = std::max<std::uint64_t>(1, number);
      if (word == "--batch") setup.batch = std::max<std::size_t>(1, number);
      if (word == "--folder") setup.folder = value;
      if (word == "--ledger") setup.ledger = value;
    }
  }
  return setup;
}

std::uint64_t percentile(std::vector<std::uint64_t>& values, std::uint64_t percent) {
  std::sort(values.begin(), values.end());
  return values[std::min<std::size_t>(values.size() - 1, values.size() * percent / 100)];
}

double ms(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

/// Where the books lie: an address, or a file.
bool is_file(const std::string& place) {
  return !postgres::is_url(place);
}

void measure_writing(const Setup& setup, const std::string& place) {
  auto journal =
      is_file(place) ? store::open_sqlite_journal(place) : store::open_postgres_journal(place);
  base::invariant(journal.ok(), "the bench can write where it is");
  settle::Books books(**journal);
  Load load(books, setup);
  load.credit_everyone();
  load.batch_ns().clear();
  const std::uint64_t wall = wall_ns();
  const std::uint64_t cpu = cpu_ns();
  load.run(setup.pairs);
  const double wall_s = static_cast<double>(wall_ns() - wall) / 1e9;
  const double cpu_s = static_cast<double>(cpu_ns() - cpu) / 1e9;
  const auto pairs = static_cast<double>(setup.pairs);
  std::printf(
      "hold+settle+receipt+leaf, batches of %zu, %llu tenants: %.0f pairs/s wall, "
      "%.1f us cpu a pair\n",
      setup.batch, static_cast<unsigned long long>(setup.tenants), pairs / wall_s,
      cpu_s * 1e6 / pairs);
  std::vector<std::uint64_t> all = load.batch_ns();
  const auto tenth = static_cast<std::ptrdiff_t>(all.size() / 10 + 1);
  std::vector<std::uint64_t> first(all.begin(), all.begin() + tenth);
  std::vector<std::uint64_t> last(all.end() - tenth, all.end());
  std::printf(
      "batch p50 %.2f ms, p99 %.2f ms; p50 of the first tenth %.2f ms, of the last "
      "%.2f ms\n",
      ms(percentile(all, 50)), ms(percentile(all, 99)), ms(percentile(first, 50)),
      ms(percentile(last, 50)));
}

std::uint64_t size_of(const std::string& place) {
  return is_file(place) ? std::filesystem::file_size(place) : 0;
}

void measure_reading(const Setup& setup, const std::string& place) {
  auto reader =
      is_file(place) ? store::open_sqlite_reader(place) : store::open_postgres_reader(place);
  base::invariant(reader.ok(), "the bench can read what it wrote");
  std::vector<std::uint64_t> usage;
  std::vector<std::uint64_t> pages;
  const ledger::Grouping grouping{ledger::Bucket::day, true, true, true};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const terms::TenantId tenant{1 + i % setup.tenants};
    std::uint64_t at = wall_ns();
    base::invariant((*reader)->usage(tenant, {1}, {Load::start + 1}, grouping).ok() &&
                        (*reader)->usage(tenant, {Load::start}, base::UnixNs::max(), grouping).ok(),
                    "usage can be read");
    usage.push_back(wall_ns() - at);
    at = wall_ns();
    base::invariant((*reader)->receipts(tenant, {1}, base::UnixNs::max(), {}, 100).ok(),
                    "receipts can be read");
    pages.push_back(wall_ns() - at);
  }
  std::printf(
      "usage of a tenant p95 %.2f ms, a page of 100 receipts p95 %.2f ms; file %llu B a pair\n",
      ms(percentile(usage, 95)), ms(percentile(pages, 95)),
      static_cast<unsigned long long>(size_of(place) / setup.pairs));
  const std::uint64_t check = wall_ns();
  auto snapshot = (*reader)->snapshot();
  base::invariant(snapshot.ok(), "the bench can read what it wrote");
  auto report = settle::audit(**snapshot);
  base::invariant(report.ok() && report->finding_count == 0, "the books are right");
  std::printf("audit of %llu receipts: %.2f s\n", static_cast<unsigned long long>(report->receipts),
              static_cast<double>(wall_ns() - check) / 1e9);
}

void measure(const Setup& setup, const char* store, const std::string& place) {
  std::printf("-- %s\n", store);
  measure_writing(setup, place);
  measure_reading(setup, place);
}

}  // namespace

int main(int argc, char** argv) {
  const Setup setup = read_setup(argc, argv);
  const std::filesystem::path folder =
      setup.folder / ("books_bench." + std::to_string(std::random_device{}()));
  std::filesystem::create_directories(folder);
  if (setup.ledger.empty() && !setup.postgres) {
    measure(setup, "SQLite", folder / "ledger.db");
  }
  if (!setup.ledger.empty()) measure(setup, "PostgreSQL", setup.ledger);
  if (setup.postgres || (setup.tiny && cluster::Cluster::available())) {
    const cluster::Cluster server({.folder = folder, .durable = !setup.tiny});
    measure(setup, "PostgreSQL", server.url());
  }
  std::filesystem::remove_all(folder);
  return 0;
}
