// Registries of before there was a transparency log, and the log's word on a new price list.
#include <sqlite3.h>

#include <signing/key.hpp>

#include "crypto.hpp"
#include "fixture.hpp"

namespace registry_test {
namespace {

using registry::NamedPrices;
using registry::PriceDraft;

class Older : public RegistryTest {
 protected:
  /// As a hand with a database shell would.
  void shell(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((dir / "registry.db").c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  static PriceDraft draft() {
    PriceDraft draft;
    draft.currency = "USD";
    draft.models = {{"a", {{100'000'000}, {50'000'000}, {400'000'000}}}};
    return draft;
  }
};

TEST_F(Older, TenantsWithoutAnAccountGetOneAndKeepIt) {
  const auto tenant = registry->create_tenant("alice").value();
  const auto key = registry->create_key(tenant->id, "key", {}).value();
  EXPECT_TRUE(tenant->account.valid());
  EXPECT_EQ(key.key->account, tenant->account);
  EXPECT_NE(registry->create_tenant("bob").value()->account, tenant->account);
  registry.reset();
  shell(
      "CREATE TABLE old(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
      " created INTEGER NOT NULL, salt BLOB NOT NULL) STRICT;"
      "INSERT INTO old SELECT id, name, created, salt FROM tenants;"
      "DROP TABLE tenants; ALTER TABLE old RENAME TO tenants; PRAGMA user_version = 1;");
  reopen();
  const terms::Pseudonym given = registry->tenant("alice")->account;
  EXPECT_TRUE(given.valid());
  EXPECT_NE(registry->tenant("bob")->account, given);
  EXPECT_EQ(registry->authenticate(key.secret)->account, given);
  reopen();
  EXPECT_EQ(registry->tenant("alice")->account, given);
}

TEST_F(Older, AListThatNamesNoIdsIsRepeatedWithThem) {
  ASSERT_TRUE(registry->ensure_model("a").ok());
  registry.reset();
  PriceDraft old = draft();
  old.valid_from = base::UnixNs{clock.time_ns - clock.time_ns % 1'000'000'000};
  const std::string canonical = registry::canonical_json(1, old);
  EXPECT_EQ(canonical.find("\"id\""), std::string::npos);
  const auto price_key = signing::Key::load_or_create(dir / "price.key", random).value();
  const auto signature = price_key.sign(canonical);
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "registry.db").c_str(), &handle), SQLITE_OK);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(handle, "INSERT INTO price_lists VALUES (1, 1, ?, ?, ?, ?)", -1, &insert,
                     nullptr);
  const registry::Hash hash = registry::sha256(canonical);
  sqlite3_bind_text(insert, 1, canonical.c_str(), -1, nullptr);
  sqlite3_bind_blob(insert, 2, hash.data(), static_cast<int>(hash.size()), nullptr);
  sqlite3_bind_blob(insert, 3, signature.data(), static_cast<int>(signature.size()), nullptr);
  sqlite3_bind_text(insert, 4, price_key.public_pem().c_str(), -1, nullptr);
  EXPECT_EQ(sqlite3_step(insert), SQLITE_DONE);
  sqlite3_finalize(insert);
  sqlite3_close(handle);
  reopen();
  ASSERT_EQ(registry->price_lists().size(), 1U) << "it is still good";
  const auto repeated = registry->publish_missing("USD", draft().models).value();
  ASSERT_NE(repeated, nullptr);
  EXPECT_NE(repeated->canonical.find("\"id\":1,"), std::string::npos);
  EXPECT_EQ(repeated->models.at(0).prices, draft().models.at(0).prices);
  EXPECT_EQ(registry->publish_missing("USD", draft().models).value(), nullptr) << "once";
}

TEST_F(Older, AnIdThatIsAnothersIsRefused) {
  ASSERT_TRUE(registry->publish(draft()).ok());
  PriceDraft wrong = draft();
  wrong.models[0].id = {9};
  EXPECT_EQ(registry->check(wrong).size(), 1U);
  wrong.models[0].id = *registry->model_id("a");
  EXPECT_TRUE(registry->check(wrong).empty());
}

TEST_F(Older, AListThatTheLogDoesNotTakeIsNotInForce) {
  std::string announced;
  bool takes = false;
  registry->before_publishing([&](const std::string& canonical) {
    announced = canonical;
    return takes;
  });
  const auto refused = registry->publish(draft());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().error, registry::Error::not_logged);
  EXPECT_EQ(registry->price_list(clock.now()), nullptr);
  takes = true;
  const auto published = registry->publish(draft()).value();
  EXPECT_EQ(announced, published->canonical) << "exactly these bytes are in the log";
  reopen();
  EXPECT_EQ(registry->price_lists().size(), 1U);
}

}  // namespace
}  // namespace registry_test
