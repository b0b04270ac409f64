// Books in memory with a registry in a folder of its own, and hands to fill them.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>
#include <bill/statement.hpp>
#include <settle/books.hpp>
#include <store/memory.hpp>

namespace bill::testing {

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return time; }
  [[nodiscard]] base::SpanNs since_start() const override { return {time.value}; }
  base::UnixNs time = *notation::parse_time("2028-02-10T08:00:00Z");
};

class SeededRandom final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{7};
};

/// Prices of "tiny": 0.10, 0.05 and 0.40 per million; of "odd" such that each request is rounded.
class House {
 public:
  House() {
    std::string name = (std::filesystem::temp_directory_path() / "mains-bill-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    registry_ = registry::Registry::open(dir_, clock_, random_).value();
    publish("2028-01-01T00:00:00Z", R"("0.10","cached_input_per_mtok":"0.05")");
  }
  ~House() { std::filesystem::remove_all(dir_); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void at(std::string_view time) { clock_.time = *notation::parse_time(time); }

  void publish(std::string_view published_at, const std::string& input_prices) {
    at(published_at);
    const auto draft = registry::parse_price_document(
        R"({"currency":"USD","models":[{"model":"tiny","input_per_mtok":)" + input_prices +
        R"(,"output_per_mtok":"0.40"},{"model":"odd","input_per_mtok":"0.000999999",)"
        R"("cached_input_per_mtok":"0.000333333","output_per_mtok":"0.000777777"}]})");
    EXPECT_TRUE(registry_->publish(draft.value()).ok());
  }

  registry::TenantPtr tenant(std::string_view name) {
    const auto made = registry_->create_tenant(name).value();
    (void)registry_->create_key(made->id, "default", {});
    return made;
  }

  void pay(const registry::Tenant& tenant, std::int64_t amount) {
    const settle::Command credit = settle::Credit{{7, ++last_}, tenant.id, {amount}, clock_.now()};
    EXPECT_TRUE(std::holds_alternative<settle::Credited>(books_.apply({&credit, 1}).at(0)));
  }

  /// One paid request that ends when it began.
  void use(const registry::Tenant& tenant, std::string_view model_name, terms::Usage usage) {
    const terms::ModelId model = *registry_->model_id(model_name);
    const auto offer = registry_->prices(model, clock_.now());
    settle::Hold hold{};
    hold.account = {1, 1};
    hold.price_list_hash = {{1, 2, 3, 4}};
    hold.request = {9, ++last_};
    hold.tenant = tenant.id;
    hold.key = registry_->keys(tenant.id).front()->id;
    hold.model = model;
    hold.price_list = offer->list;
    hold.prices = offer->prices;
    hold.now = clock_.now();
    hold.input = usage.input;
    hold.output_max = usage.output;
    hold.choices = 1;
    hold.output_asked = 1;
    settle::Settle settled{};
    settled.salt = {{1, 2, 3, 4}};
    settled.request = hold.request;
    settled.now = clock_.now();
    settled.usage = usage;
    const settle::Command held_command = hold;
    const settle::Command settle_command = settled;
    EXPECT_TRUE(std::holds_alternative<settle::Held>(books_.apply({&held_command, 1}).at(0)));
    EXPECT_TRUE(std::holds_alternative<settle::Settled>(books_.apply({&settle_command, 1}).at(0)));
  }

  [[nodiscard]] Source source() { return {*registry_, *memory_.reader, clock_}; }
  [[nodiscard]] Statement statement(const registry::Tenant& tenant, std::string_view month) {
    return make_statement(source(), tenant, *notation::parse_month(month)).value();
  }
  [[nodiscard]] base::Nano balance(const registry::Tenant& tenant) {
    const auto balance = memory_.reader->balance(tenant.id).value();
    return {balance.available.value + balance.held.value};
  }
  [[nodiscard]] ledger::Reader& reader() { return *memory_.reader; }
  [[nodiscard]] registry::Registry& registry() { return *registry_; }

 private:
  std::filesystem::path dir_;
  HandClock clock_;
  SeededRandom random_;
  store::MemoryStore memory_ = store::open_memory_store();
  settle::Books books_{*memory_.journal};
  std::unique_ptr<registry::Registry> registry_;
  std::uint64_t last_ = 0;
};

}  // namespace bill::testing
