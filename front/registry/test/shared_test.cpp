// Several servers on one registry in PostgreSQL, and the way there.
#include <chrono>
#include <cluster/cluster.hpp>
#include <functional>
#include <thread>

#include <registry/copy.hpp>

#include "fixture.hpp"

namespace registry_test {
namespace {

using cluster::Cluster;
using registry::Error;

class Shared : public RegistryTest {
 protected:
  void SetUp() override {
    if (!Cluster::available()) GTEST_SKIP() << "there is no PostgreSQL server on this machine";
    url_ = Cluster::shared().fresh_database();
  }
  std::unique_ptr<registry::Registry> open() {
    auto opened = registry::Registry::open(dir, clock, random, url_);
    EXPECT_TRUE(opened.ok()) << registry::describe(opened.error());
    return std::move(opened).value();
  }
  /// Whether it is so within a second, as is promised.
  static bool soon(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::yield();
    }
    return false;
  }
  static registry::PriceDraft draft(std::int64_t nano) {
    return {"USD", {}, {}, {{"a", {{nano}, {nano}, {nano}}}}};
  }

  std::string url_;
};

TEST_F(Shared, WhatOneChangesTheOtherSees) {
  const auto one = open();
  const auto two = open();
  const auto tenant = one->create_tenant("acme").value();
  const auto made = one->create_key(tenant->id, "k", {1, 2, 3, {4}}).value();
  ASSERT_TRUE(soon([&] { return two->authenticate(made.secret) != nullptr; }));
  const auto seen = two->authenticate(made.secret);
  EXPECT_EQ(seen->tenant_name, "acme");
  EXPECT_EQ(seen->account, tenant->account);
  EXPECT_EQ(seen->limits.cap_per_month.value, 4);
  ASSERT_TRUE(two->set_limits(made.key->id, {9, 9, 9, {9}}).ok());
  EXPECT_TRUE(soon([&] { return one->key(made.key->id)->limits.parallel_requests == 9; }));
  std::atomic<std::uint64_t> told = 0;
  one->on_revoked([&](terms::KeyId key) { told = key.value; });
  ASSERT_TRUE(two->revoke_key(made.key->id).ok());
  EXPECT_TRUE(soon([&] { return one->authenticate(made.secret) == nullptr; }));
  EXPECT_TRUE(soon([&] { return told == made.key->id.value; }));
  EXPECT_TRUE(one->publish(draft(100'000'000)).ok());
  EXPECT_TRUE(soon([&] { return two->price_lists().size() == 1; }));
}

TEST_F(Shared, WhatIsNotKnownIsLookedForBeforeItIsRefused) {
  const auto one = open();
  const auto two = open();
  for (int i = 0; i < 20; ++i) {
    const auto tenant = one->create_tenant("t" + std::to_string(i)).value();
    const auto made = one->create_key(tenant->id, "k", {}).value();
    if (two->authenticate(made.secret) == nullptr) {
      EXPECT_TRUE(two->may_be_new(made.secret));
      (void)two->catch_up();
    }
    // A database that is held up for half a second is what this cannot promise.
    EXPECT_TRUE(soon([&] { return two->authenticate(made.secret) != nullptr; }));
    EXPECT_NE(two->tenant(tenant->name), nullptr);
  }
  const std::string wrong = "mk-" + std::string(43, 'x');
  EXPECT_TRUE(two->may_be_new(wrong));
  two->was_not_new(wrong);
  EXPECT_FALSE(two->may_be_new(wrong)) << "not again within a moment";
  int allowed = 0;
  for (int i = 0; i < 200; ++i) {
    allowed += two->may_be_new("ma-" + std::string(40, 'y') + std::to_string(100 + i)) ? 1 : 0;
  }
  EXPECT_LE(allowed, 80) << "wrong keys are looked for 40 times a second";
  EXPECT_FALSE(two->may_be_new("password"));
  EXPECT_FALSE(registry->may_be_new(wrong)) << "nobody else writes to a file";
  EXPECT_EQ(registry->ask_to_look(), 0U);
}

TEST_F(Shared, WrongNamesMakeNoMoreThanTwentyLooksASecond) {
  const auto one = open();
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t first = one->ask_to_look();
  std::uint64_t last = first;
  while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(500)) {
    last = one->ask_to_look();
  }
  EXPECT_LE(last - first, 11U);
}

TEST_F(Shared, OnlyOneKeySignsForAllServers) {
  const auto one = open();
  ASSERT_TRUE(one->publish(draft(100'000'000)).ok());
  const auto folder = dir / "two";
  std::filesystem::create_directory(folder);
  const auto two = registry::Registry::open(folder, clock, random, url_).value();
  EXPECT_EQ(two->publish(draft(200'000'000)).error().error, Error::no_price_key);
  std::filesystem::copy_file(dir / "price.key", folder / "price.key");
  EXPECT_TRUE(two->publish(draft(200'000'000)).ok());
  ASSERT_TRUE(two->new_price_key().ok());
  ASSERT_TRUE(two->publish(draft(300'000'000)).ok());
  EXPECT_EQ(one->publish(draft(400'000'000)).error().error, Error::other_price_key);
}

TEST_F(Shared, ATenantThatIsDeletedIsGoneEverywhere) {
  const auto one = open();
  const auto two = open();
  const auto tenant = one->create_tenant("acme").value();
  const auto made = one->create_key(tenant->id, "k", {}).value();
  ASSERT_TRUE(soon([&] { return two->authenticate(made.secret) != nullptr; }));
  std::atomic<std::uint64_t> told = 0;
  two->on_revoked([&](terms::KeyId key) { told = key.value; });
  ASSERT_TRUE(one->delete_tenant(tenant->id).ok());
  EXPECT_TRUE(soon([&] { return two->authenticate(made.secret) == nullptr; }));
  EXPECT_TRUE(soon([&] { return told == made.key->id.value; })) << "what it has running is ended";
  EXPECT_EQ(two->deleted_tenant(tenant->account)->id, tenant->id);
  EXPECT_TRUE(two->create_tenant("acme").ok());
}

TEST_F(Shared, AChangeKnowsWhatOthersChangedAMomentAgo) {
  const auto one = open();
  const auto two = open();
  for (std::int64_t i = 1; i <= 6; ++i) {
    const auto& server = i % 2 == 0 ? one : two;
    const auto list = server->publish(draft(i * 100'000'000));
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(list.value()->list.id.value, static_cast<std::uint64_t>(i)) << "versions in a row";
  }
  ASSERT_TRUE(one->create_tenant("acme").ok());
  EXPECT_EQ(two->create_tenant("acme").error(), Error::name_taken);
  EXPECT_EQ(two->tenant("acme")->name, "acme") << "known as soon as it is refused";
  EXPECT_EQ(one->ensure_model("m").value(), two->ensure_model("m").value());
}

TEST_F(Shared, ASessionThatEndedIsOpenedAgain) {
  const auto one = open();
  ASSERT_TRUE(one->create_tenant("before").ok());
  Cluster::shared().sql("postgres",
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                        "application_name = 'mains'");
  EXPECT_TRUE(one->create_tenant("after").ok());
  EXPECT_TRUE(open()->tenant("after") != nullptr);
}

TEST_F(Shared, AFileIsMovedHereAndGoesOn) {
  const auto tenant = registry->create_tenant("acme").value();
  const auto made = registry->create_key(tenant->id, "k", {1, 2, 3, {4}}).value();
  const auto admin = registry->create_key({}, "operator", {}).value();
  ASSERT_TRUE(registry->publish(draft(100'000'000)).ok());
  const auto list = registry->price_list(terms::PriceListId{1});
  registry.reset();
  EXPECT_EQ(registry::copy_to_postgres(dir / "registry.db", url_, random).value(), 5U);
  const auto moved = open();
  EXPECT_EQ(moved->authenticate(made.secret)->id, made.key->id);
  EXPECT_TRUE(moved->authenticate(admin.secret)->admin());
  EXPECT_EQ(moved->tenant("acme")->account, tenant->account);
  EXPECT_EQ(moved->price_list(terms::PriceListId{1})->canonical, list->canonical);
  EXPECT_GT(moved->create_tenant("next").value()->id, tenant->id) << "ids are not used again";
  EXPECT_EQ(registry::copy_to_postgres(dir / "registry.db", url_, random).error(),
            Error::name_taken);
}

}  // namespace
}  // namespace registry_test
