// The admin handler over real books and a real registry, in a folder of their own.
#include <admin/admin.hpp>

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <boost/json.hpp>
#include <notation/time_text.hpp>
#include <settle/books.hpp>
#include <store/sqlite.hpp>

namespace {

namespace json = boost::json;

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return time; }
  [[nodiscard]] base::SpanNs since_start() const override { return {time.value}; }
  base::UnixNs time = *notation::parse_time("2027-01-15T08:00:00Z");
};

class SeededRandom final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{7};
};

class DirectMoney final : public admin::Money {
 public:
  explicit DirectMoney(ledger::Journal& journal) : books_(journal) {}
  [[nodiscard]] settle::Outcome execute(const settle::Command& command) override {
    if (broken) {
      return settle::Refused{};
    }
    return books_.apply({&command, 1}).at(0);
  }
  bool broken = false;

 private:
  settle::Books books_;
};

class AdminTest : public ::testing::Test {
 protected:
  AdminTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mains-admin-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    registry_ = registry::Registry::open(dir_, clock_, random_).value();
    journal_ = store::open_sqlite_journal(dir_ / "ledger.db").value();
    reader_ = store::open_sqlite_reader(dir_ / "ledger.db").value();
    money_ = std::make_unique<DirectMoney>(*journal_);
    admin_ = std::make_unique<admin::Admin>(admin::Surroundings{
        *registry_, *reader_, *money_, clock_, random_,
        [this](terms::KeyId key) { revoked_.push_back(key.value); },
        [] {
          return std::vector{admin::ServedModel{"tiny", "/m/tiny.gguf", 512, true}};
        }});
  }
  ~AdminTest() override { std::filesystem::remove_all(dir_); }

  struct Got {
    unsigned status;
    json::value body;
    /// "" when there is none.
    [[nodiscard]] std::string at(const char* pointer) const {
      boost::system::error_code error;
      const json::value* value = body.find_pointer(pointer, error);
      if (value == nullptr) {
        return "";
      }
      return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
    }
  };

  admin::Reply reply_to(std::string_view method, std::string_view path, std::string_view body,
                        const std::map<std::string, std::string>& query) {
    return admin_->handle({method, path,
                           [&](std::string_view name) {
                             const auto found = query.find(std::string(name));
                             return found == query.end() ? std::nullopt
                                                         : std::optional(found->second);
                           },
                           body});
  }

  Got ask(std::string_view method, std::string_view path, std::string_view body = "",
          const std::map<std::string, std::string>& query = {}) {
    const admin::Reply reply = reply_to(method, path, body, query);
    return {reply.status, json::parse(reply.body)};
  }

  /// Holds the money for a request of 1,000 input tokens.
  void begin(std::uint64_t number, terms::TenantId tenant, terms::KeyId key, std::uint32_t output) {
    const terms::ModelId model = *registry_->model_id("tiny");
    const auto offer = registry_->prices(model, clock_.now());
    settle::Hold hold{};
    hold.account = {1, 1};
    hold.price_list_hash = {{1, 2, 3, 4}};
    hold.request = {9, number};
    hold.tenant = tenant;
    hold.key = key;
    hold.model = model;
    hold.price_list = offer->list;
    hold.prices = offer->prices;
    hold.now = clock_.now();
    hold.input = {1'000};
    hold.output_max = {output};
    hold.choices = 1;
    hold.output_asked = 1;
    ASSERT_TRUE(std::holds_alternative<settle::Held>(money_->execute(hold)));
  }

  /// One request of 1,000 input tokens (200 of them cached) and `output` tokens, all paid.
  void use(std::uint64_t number, terms::TenantId tenant, terms::KeyId key, std::uint32_t output) {
    begin(number, tenant, key, output);
    settle::Settle settle{};
    settle.salt = {{1, 2, 3, 4}};
    settle.request = {9, number};
    settle.now = clock_.now();
    settle.usage = {{1'000}, {200}, {output}};
    ASSERT_TRUE(std::holds_alternative<settle::Settled>(money_->execute(settle)));
  }

  static constexpr const char* prices =
      R"({"currency":"USD","models":[{"model":"tiny","input_per_mtok":"0.10",)"
      R"("cached_input_per_mtok":"0.05","output_per_mtok":"0.40"}]})";

  std::filesystem::path dir_;
  HandClock clock_;
  SeededRandom random_;
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<ledger::Journal> journal_;
  std::unique_ptr<ledger::Reader> reader_;
  std::unique_ptr<DirectMoney> money_;
  std::unique_ptr<admin::Admin> admin_;
  std::vector<std::uint64_t> revoked_;
};

TEST_F(AdminTest, ATenantIsCreatedWithCredit) {
  const Got made = ask("POST", "/admin/v1/tenants", R"({"name":"acme","credit":"5.00"})");
  EXPECT_EQ(made.status, 201U);
  EXPECT_EQ(made.at("/name"), "acme");
  EXPECT_EQ(made.at("/available"), "5.00");
  EXPECT_EQ(made.at("/held"), "0.00");
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/acme").at("/available"), "5.00");
  EXPECT_EQ(ask("GET", "/admin/v1/tenants").at("/data/0/name"), "acme");

  const Got again = ask("POST", "/admin/v1/tenants", R"({"name":"acme"})");
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.at("/error/code"), "name_taken");
  EXPECT_EQ(again.at("/error/param"), "name");
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/nobody").status, 404U);
}

TEST_F(AdminTest, ACreditIdWithOtherValuesIs409AndBooksNothing) {
  ask("POST", "/admin/v1/tenants", R"({"name":"a"})");
  ask("POST", "/admin/v1/tenants", R"({"name":"b"})");
  const std::string id = R"("id":"c0ffee00000000000000000000000001"})";
  ask("POST", "/admin/v1/tenants/a/credit", R"({"amount":"1.00",)" + id);
  const std::pair<const char*, const char*> others[] = {
      {"a", R"({"amount":"2.00",)"}, {"a", R"({"amount":"-1.00",)"}, {"b", R"({"amount":"1.00",)"}};
  for (const auto& [tenant, amount] : others) {
    const Got got =
        ask("POST", std::string("/admin/v1/tenants/") + tenant + "/credit", amount + id);
    EXPECT_EQ(got.status, 409U);
    EXPECT_EQ(got.at("/error/code"), "id_used");
    EXPECT_NE(got.at("/error/message").find("nothing was booked"), std::string::npos);
  }
  EXPECT_EQ(ask("POST", "/admin/v1/tenants/a/credit", R"({"amount":"1.00",)" + id).status, 200U);
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/a").at("/available"), "1.00");
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/b").at("/available"), "0.00");
}

TEST_F(AdminTest, CreditGoesInAndOutAndARepeatedIdCountsOnce) {
  ask("POST", "/admin/v1/tenants", R"({"name":"acme"})");
  const std::string in = R"({"amount":"2.50","id":"000000000000000000000000000000aa"})";
  EXPECT_EQ(ask("POST", "/admin/v1/tenants/acme/credit", in).at("/available"), "2.50");
  EXPECT_EQ(ask("POST", "/admin/v1/tenants/acme/credit", in).at("/available"), "2.50");
  EXPECT_EQ(ask("POST", "/admin/v1/tenants/acme/credit", R"({"amount":"-1.00"})").at("/available"),
            "1.50");
  const Got over = ask("POST", "/admin/v1/tenants/acme/credit", R"({"amount":"-1.51"})");
  EXPECT_EQ(over.status, 409U);
  EXPECT_EQ(over.at("/error/code"), "insufficient_balance");
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/acme").at("/available"), "1.50");
}

TEST_F(AdminTest, ADeletedTenantLeavesNumbersOnly) {
  ask("POST", "/admin/v1/prices", prices);
  ask("POST", "/admin/v1/tenants", R"({"name":"acme-corporation","credit":"5.00"})");
  const Got key = ask("POST", "/admin/v1/keys", R"({"tenant":"acme-corporation","name":"bobs"})");
  const registry::TenantPtr tenant = registry_->tenant("acme-corporation");
  use(1, tenant->id, {std::stoull(key.at("/id"))}, 100);
  const std::string path = "/admin/v1/tenants/acme-corporation";
  const std::map<std::string, std::string> refund{{"refund", "true"}};
  EXPECT_EQ(ask("DELETE", path, "", {{"refund", "yes"}}).at("/error/param"), "refund");
  EXPECT_EQ(ask("DELETE", path).at("/error/code"), "credit_remains");
  EXPECT_NE(registry_->authenticate(key.at("/key")), nullptr) << "nothing happened";

  begin(2, tenant->id, {std::stoull(key.at("/id"))}, 100);
  EXPECT_EQ(ask("DELETE", path, "", refund).at("/error/code"), "requests_running");
  ASSERT_TRUE(
      std::holds_alternative<settle::Voided>(money_->execute(settle::Void{{9, 2}, clock_.now()})));
  const Got gone = ask("DELETE", path, "", refund);
  EXPECT_EQ(gone.status, 200U);
  EXPECT_EQ(gone.at("/refunded"), "4.99987");
  EXPECT_EQ(registry_->authenticate(key.at("/key")), nullptr);
  EXPECT_EQ(revoked_.size(), 1U) << "what its key has running is ended";
  EXPECT_EQ(ask("GET", path).status, 404U);
  EXPECT_EQ(ask("GET", "/admin/v1/ledger/check").at("/ok"), "true");
  EXPECT_EQ(reader_->receipts_of_leaves(0, 9)->size(), 1U) << "receipts are kept as configured";
  for (const auto& file : std::filesystem::directory_iterator(dir_)) {
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    for (const char* name : {"acme-corporation", "bobs"}) {
      EXPECT_EQ(bytes.find(name), std::string::npos) << name << " in " << file.path();
    }
  }
  const std::map<std::string, std::string> left{{"tenant", gone.at("/account")}};
  const Got bill = ask("GET", "/admin/v1/bill", "", left);
  EXPECT_EQ(bill.at("/tenant"), "#" + gone.at("/account"));
  EXPECT_EQ(bill.at("/charged"), "0.00013");
  EXPECT_EQ(bill.at("/closing_balance"), "0.00");
  EXPECT_EQ(ask("GET", "/admin/v1/usage", "", left).at("/data/0/requests"), "1");
  const auto focus = reply_to("GET", "/admin/v1/export/focus", "", {}).more->next();
  EXPECT_NE((*focus)->find("#" + gone.at("/account")), std::string::npos) << **focus;
  const Got again = ask("POST", "/admin/v1/tenants", R"({"name":"acme-corporation"})");
  EXPECT_NE(again.at("/id"), std::to_string(tenant->id.value)) << "a number is given once";
}

struct BadBody {
  const char* method;
  const char* path;
  const char* body;
  unsigned status;
  const char* param;
};

TEST_F(AdminTest, BadBodiesNameTheFieldAndChangeNothing) {
  ask("POST", "/admin/v1/tenants", R"({"name":"acme"})");
  const BadBody table[] = {
      {"POST", "/admin/v1/tenants", "", 400, "name"},
      {"POST", "/admin/v1/tenants", "[]", 400, "null"},
      {"POST", "/admin/v1/tenants", "{", 400, "null"},
      {"POST", "/admin/v1/tenants", R"({"name":7})", 400, "name"},
      {"POST", "/admin/v1/tenants", R"({"name":"a b"})", 400, "name"},
      {"POST", "/admin/v1/tenants", R"({"name":"b","credit":5})", 400, "credit"},
      {"POST", "/admin/v1/tenants", R"({"name":"b","credit":"-5"})", 400, "credit"},
      {"POST", "/admin/v1/tenants", R"({"name":"b","credit":"1e9"})", 400, "credit"},
      {"POST", "/admin/v1/tenants", R"({"name":"b","kredit":"1"})", 400, "kredit"},
      {"POST", "/admin/v1/tenants/acme/credit", "{}", 400, "amount"},
      {"POST", "/admin/v1/tenants/acme/credit", R"({"amount":"0"})", 400, "amount"},
      {"POST", "/admin/v1/tenants/acme/credit", R"({"amount":"9223372037"})", 400, "amount"},
      {"POST", "/admin/v1/tenants/acme/credit", R"({"amount":"1","id":"x"})", 400, "id"},
      {"POST", "/admin/v1/tenants/nobody/credit", R"({"amount":"1"})", 404, "tenant"},
      {"POST", "/admin/v1/keys", "{}", 400, "tenant"},
      {"POST", "/admin/v1/keys", R"({"tenant":"nobody"})", 404, "tenant"},
      {"POST", "/admin/v1/keys", R"({"tenant":"acme","admin":true})", 400, "admin"},
      {"POST", "/admin/v1/keys", R"({"tenant":"acme","limits":{"requests_per_minute":-1}})", 400,
       "limits.requests_per_minute"},
      {"POST", "/admin/v1/keys", R"({"tenant":"acme","limits":{"requests_per_minute":1.5}})", 400,
       "limits.requests_per_minute"},
      {"POST", "/admin/v1/keys",
       R"({"tenant":"acme","limits":{"requests_per_minute":18446744073709551616}})", 400,
       "limits.requests_per_minute"},
      {"POST", "/admin/v1/keys", R"({"tenant":"acme","limits":{"cap_per_month":10}})", 400,
       "limits.cap_per_month"},
      {"POST", "/admin/v1/keys", R"({"tenant":"acme","limits":{"rpm":1}})", 400, "limits.rpm"},
      {"PUT", "/admin/v1/keys/99/limits", "{}", 404, "id"},
      {"DELETE", "/admin/v1/keys/x", "", 404, "id"},
      {"DELETE", "/admin/v1/keys/0", "", 404, "id"},
  };
  for (const BadBody& bad : table) {
    const Got got = ask(bad.method, bad.path, bad.body);
    EXPECT_EQ(got.status, bad.status) << bad.path << " " << bad.body;
    EXPECT_EQ(got.at("/error/param"), bad.param) << bad.path << " " << bad.body;
    EXPECT_FALSE(got.at("/error/message").empty());
    EXPECT_FALSE(got.at("/error/code").empty());
  }
  EXPECT_EQ(registry_->tenants().size(), 1U);
  EXPECT_TRUE(registry_->keys(registry_->tenant("acme")->id).empty());
}

TEST_F(AdminTest, AKeyIsShownOnceAndRevokedForGood) {
  ask("POST", "/admin/v1/tenants", R"({"name":"acme"})");
  const Got made = ask("POST", "/admin/v1/keys",
                       R"({"tenant":"acme","name":"ci","limits":{"requests_per_minute":60,)"
                       R"("cap_per_month":"10.00"}})");
  EXPECT_EQ(made.status, 201U);
  const std::string secret = made.at("/key");
  ASSERT_NE(registry_->authenticate(secret), nullptr);
  EXPECT_EQ(registry_->authenticate(secret)->limits, (settle::Limits{60, 0, 0, {10'000'000'000}}));

  const Got listed = ask("GET", "/admin/v1/keys", "", {{"tenant", "acme"}});
  EXPECT_EQ(listed.at("/data/0/name"), "ci");
  EXPECT_EQ(listed.at("/data/0/limits/cap_per_month"), "10.00");
  EXPECT_EQ(json::serialize(listed.body).find(secret), std::string::npos);

  const std::string path = "/admin/v1/keys/" + made.at("/id");
  const Got limited = ask("PUT", path + "/limits", R"({"tokens_per_minute":7})");
  EXPECT_EQ(limited.at("/limits/tokens_per_minute"), "7");
  EXPECT_EQ(limited.at("/limits/requests_per_minute"), "60") << "what is not given stays";

  EXPECT_EQ(ask("DELETE", path).status, 200U);
  EXPECT_EQ(registry_->authenticate(secret), nullptr);
  EXPECT_EQ(revoked_.size(), 1U) << "what the key has running is ended";
  EXPECT_NE(ask("POST", path + "/revoke").at("/revoked_at"), "null");
}

TEST_F(AdminTest, AnAdminKeyHasNoTenantAndNoLimits) {
  const Got made = ask("POST", "/admin/v1/keys", R"({"admin":true,"name":"ops"})");
  EXPECT_EQ(made.status, 201U);
  EXPECT_TRUE(registry_->authenticate(made.at("/key"))->admin());
  EXPECT_EQ(ask("PUT", "/admin/v1/keys/" + made.at("/id") + "/limits", "{}").status, 400U);
  EXPECT_EQ(ask("GET", "/admin/v1/keys").at("/data/0/admin"), "true");
}

TEST_F(AdminTest, PricesAreCheckedPublishedAndShown) {
  EXPECT_EQ(ask("GET", "/admin/v1/prices").at("/current"), "null");
  EXPECT_EQ(ask("POST", "/admin/v1/prices/check", prices).at("/ok"), "true");
  EXPECT_EQ(ask("GET", "/admin/v1/prices").at("/current"), "null") << "a check publishes nothing";
  EXPECT_EQ(ask("POST", "/admin/v1/prices", prices).at("/version"), "1");
  EXPECT_EQ(ask("GET", "/admin/v1/prices").at("/current/models/0/output_per_mtok"), "0.40");
  EXPECT_EQ(ask("GET", "/admin/v1/prices/1").at("/version"), "1");
  EXPECT_EQ(ask("GET", "/admin/v1/prices/2").status, 404U);
  EXPECT_EQ(ask("GET", "/admin/v1/models").at("/data/0/priced"), "true");

  std::string later = prices;
  later.insert(1, R"("valid_from":"2027-02-01T00:00:00Z",)");
  EXPECT_EQ(ask("POST", "/admin/v1/prices", later).status, 201U);
  EXPECT_EQ(ask("GET", "/admin/v1/prices").at("/current/version"), "1");
  EXPECT_EQ(ask("GET", "/admin/v1/prices").at("/to_come/0/version"), "2");

  const char* per_token =
      R"({"currency":"USD","models":[{"model":"tiny","input_per_mtok":"0.0000001",)"
      R"("cached_input_per_mtok":"0","output_per_mtok":"0.0000004"}]})";
  const Got checked = ask("POST", "/admin/v1/prices/check", per_token);
  EXPECT_EQ(checked.at("/ok"), "false");
  EXPECT_EQ(checked.body.at("findings").as_array().size(), 2U);
  const Got refused = ask("POST", "/admin/v1/prices", per_token);
  EXPECT_EQ(refused.status, 400U);
  EXPECT_NE(refused.at("/error/message").find("a price per token?"), std::string::npos);
}

std::string list_of(const std::string& models, const std::string& more = "") {
  return R"({"currency":"USD",)" + more + R"("models":[)" + models + "]}";
}
std::string priced(const std::string& model, const std::string& input) {
  return R"({"model":")" + model + R"(","input_per_mtok":")" + input +
         R"(","cached_input_per_mtok":"0.05","output_per_mtok":"0.40"})";
}

TEST_F(AdminTest, AListThatStopsAModelNeedsAYes) {
  ASSERT_EQ(ask("POST", "/admin/v1/prices", list_of(priced("tiny", "0.10"))).status, 201U);
  const std::string one_letter = list_of(priced("tinY", "0.10"));
  const Got checked = ask("POST", "/admin/v1/prices/check", one_letter);
  EXPECT_EQ(checked.at("/ok"), "false");
  EXPECT_EQ(checked.at("/findings"), "[]");
  EXPECT_EQ(checked.at("/needs_confirmation/0"), "tinY is served nowhere; did you mean tiny?");
  EXPECT_EQ(checked.at("/needs_confirmation/1"),
            "tiny is served and is not on this list: it will stop");
  const Got refused = ask("POST", "/admin/v1/prices", one_letter);
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.at("/error/code"), "price_list_needs_confirmation");
  for (const char* part : {"tinY", "it will stop", "--yes"}) {
    EXPECT_NE(refused.at("/error/message").find(part), std::string::npos) << part;
  }
  EXPECT_EQ(registry_->price_lists().size(), 1U) << "nothing was published";
  EXPECT_EQ(ask("POST", "/admin/v1/prices", list_of(priced("tinY", "0.10"), R"("confirm":1,)"))
                .at("/error/param"),
            "confirm");
  EXPECT_EQ(
      ask("POST", "/admin/v1/prices", list_of(priced("tinY", "0.10"), R"("confirm":true,)")).status,
      201U);
}

TEST_F(AdminTest, AFactorOfTenNeedsAYes) {
  ask("POST", "/admin/v1/prices", list_of(priced("tiny", "0.10")));
  for (const char* price : {"1.00", "5.00", "0.01", "0"}) {
    std::string list = list_of(priced("tiny", price));
    const std::size_t cached = list.find("0.05");
    if (price[0] == '0') list.replace(cached, 4, "0.00");
    EXPECT_EQ(ask("POST", "/admin/v1/prices", list).status, 409U) << price;
  }
  const Got checked = ask("POST", "/admin/v1/prices/check", list_of(priced("tiny", "0.99")));
  EXPECT_EQ(checked.at("/ok"), "true");
  EXPECT_EQ(checked.at("/changes/0/before"), "0.10");
  EXPECT_EQ(checked.at("/changes/0/after"), "0.99");
}

TEST_F(AdminTest, AListToComeIsComparedWithTheOneBeforeItAndCanBeWithdrawn) {
  ask("POST", "/admin/v1/prices", list_of(priced("tiny", "0.10")));
  const std::string march = R"("valid_from":"2027-03-01T00:00:00Z",)";
  ASSERT_EQ(ask("POST", "/admin/v1/prices", list_of(priced("tiny", "0.60"), march)).status, 201U);
  const std::string april = R"("valid_from":"2027-04-01T00:00:00Z",)";
  EXPECT_EQ(ask("POST", "/admin/v1/prices", list_of(priced("tiny", "5.00"), april)).status, 201U)
      << "not ten times the list of March";
  ASSERT_EQ(ask("POST", "/admin/v1/prices", list_of(priced("tiny", "0.70"), march)).status, 201U);
  const Got shown = ask("GET", "/admin/v1/prices");
  EXPECT_EQ(shown.at("/to_come/0/version"), "2") << "in the order of their moments";
  EXPECT_EQ(shown.at("/to_come/0/wins"), "false");
  EXPECT_EQ(shown.at("/to_come/1/version"), "4");
  EXPECT_EQ(shown.at("/to_come/1/wins"), "true");
  EXPECT_EQ(shown.at("/to_come/2/version"), "3");
  EXPECT_EQ(ask("POST", "/admin/v1/prices/3/withdraw").at("/withdrawn"), "true");
  EXPECT_EQ(ask("GET", "/admin/v1/prices").body.at("to_come").as_array().size(), 2U);
  EXPECT_EQ(ask("POST", "/admin/v1/prices/1/withdraw").status, 409U);
  EXPECT_EQ(ask("POST", "/admin/v1/prices/9/withdraw").status, 404U);
  EXPECT_EQ(ask("POST", "/admin/v1/prices/x/withdraw").status, 404U);
}

TEST_F(AdminTest, WhatIsShownCanBePublishedAgain) {
  ask("POST", "/admin/v1/prices", list_of(priced("tiny", "0.10")));
  const std::string current = json::serialize(ask("GET", "/admin/v1/prices").body.at("current"));
  EXPECT_EQ(ask("POST", "/admin/v1/prices/check", current).at("/ok"), "true");
  EXPECT_EQ(ask("POST", "/admin/v1/prices", current).at("/version"), "2");
  const Got empty = ask("POST", "/admin/v1/prices/check", "{}");
  EXPECT_NE(empty.at("/findings").find("currency is missing"), std::string::npos);
  EXPECT_NE(empty.at("/findings").find("models is missing"), std::string::npos);
}

TEST_F(AdminTest, AMonthAddsUp) {
  ask("POST", "/admin/v1/prices", prices);
  ask("POST", "/admin/v1/tenants", R"({"name":"acme","credit":"5.00"})");
  const Got key = ask("POST", "/admin/v1/keys", R"({"tenant":"acme"})");
  const auto tenant = registry_->tenant("acme")->id;
  const terms::KeyId key_id{std::stoull(key.at("/id"))};
  use(1, tenant, key_id, 100);  // 0.00008 + 0.00001 + 0.00004
  clock_.time = *notation::parse_time("2027-02-10T00:00:00Z");
  ask("POST", "/admin/v1/tenants/acme/credit", R"({"amount":"1.00"})");
  use(2, tenant, key_id, 200);  // 0.00008 + 0.00001 + 0.00008
  use(3, tenant, key_id, 300);  // 0.00008 + 0.00001 + 0.00012

  const Got january = ask("GET", "/admin/v1/bill", "", {{"tenant", "acme"}, {"month", "2027-01"}});
  EXPECT_EQ(january.at("/opening_balance"), "0.00");
  EXPECT_EQ(january.at("/closing_balance"), "4.99987");
  const Got february = ask("GET", "/admin/v1/bill", "", {{"tenant", "acme"}});
  EXPECT_EQ(february.at("/opening_balance"), "4.99987");
  EXPECT_EQ(february.at("/top_ups/0/amount"), "1.00");
  EXPECT_EQ(february.at("/usage/0/model"), "tiny");
  EXPECT_EQ(february.at("/usage/0/requests"), "2");
  EXPECT_EQ(february.at("/usage/0/classes/0/tokens"), "1600");
  EXPECT_EQ(february.at("/usage/0/classes/0/amount"), "0.00016");
  EXPECT_EQ(february.at("/usage/0/classes/1/tokens"), "400");
  EXPECT_EQ(february.at("/usage/0/classes/2/amount"), "0.0002");
  EXPECT_EQ(february.at("/usage/0/rounding"), "0.00");
  EXPECT_EQ(february.at("/charged"), "0.00038");
  EXPECT_EQ(february.at("/closing_balance"), "5.99949");
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/acme").at("/available"), "5.99949");
  const admin::Reply page =
      reply_to("GET", "/admin/v1/bill", "", {{"tenant", "acme"}, {"format", "text"}});
  EXPECT_EQ(page.content_type, "text/plain; charset=utf-8");
  const std::string& text = page.body;
  EXPECT_NE(text.find("400 cached input tokens at 0.05 per million = 0.00002"), std::string::npos)
      << text;
  EXPECT_NE(text.find("(month not over)"), std::string::npos) << text;

  const Got usage = ask("GET", "/admin/v1/usage", "",
                        {{"tenant", "acme"},
                         {"from", "2027-01-01"},
                         {"to", "2027-03-01"},
                         {"group_by", "month,key"}});
  EXPECT_EQ(usage.body.at("data").as_array().size(), 2U);
  EXPECT_EQ(usage.at("/data/0/start"), "2027-01-01T00:00:00Z");
  EXPECT_EQ(usage.at("/data/0/charge"), "0.00013");
  EXPECT_EQ(usage.at("/data/1/requests"), "2");
  EXPECT_EQ(usage.at("/data/1/key"), "default");
  EXPECT_EQ(usage.at("/data/1/cached_input_tokens"), "400");
}

TEST_F(AdminTest, TheLedgerCheckIsCleanUntilSomeoneTouchesTheFile) {
  ask("POST", "/admin/v1/prices", prices);
  ask("POST", "/admin/v1/tenants", R"({"name":"acme","credit":"5.00"})");
  const Got key = ask("POST", "/admin/v1/keys", R"({"tenant":"acme"})");
  const auto tenant = registry_->tenant("acme")->id;
  use(1, tenant, {std::stoull(key.at("/id"))}, 100);
  const Got clean = ask("GET", "/admin/v1/ledger/check");
  EXPECT_EQ(clean.at("/ok"), "true");
  EXPECT_EQ(clean.at("/receipts"), "1");
  EXPECT_EQ(clean.at("/open_holds"), "0");

  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((dir_ / "ledger.db").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "UPDATE tenants SET available = available + 1000000000", nullptr,
                         nullptr, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
  const Got touched = ask("GET", "/admin/v1/ledger/check");
  EXPECT_EQ(touched.at("/ok"), "false");
  EXPECT_EQ(touched.at("/findings/0/code"), "available_differs");
  EXPECT_EQ(touched.at("/findings/0/tenant"), "acme");
  EXPECT_EQ(touched.at("/findings/0/expected"), "4.99987");
  EXPECT_EQ(touched.at("/findings/0/found"), "5.99987");
}

TEST_F(AdminTest, QuestionsAboutMoneyMustMakeSense) {
  ask("POST", "/admin/v1/tenants", R"({"name":"acme"})");
  using Query = std::map<std::string, std::string>;
  EXPECT_EQ(ask("GET", "/admin/v1/usage").at("/error/param"), "tenant");
  EXPECT_EQ(ask("GET", "/admin/v1/usage", "", Query{{"tenant", "acme"}, {"from", "x"}})
                .at("/error/param"),
            "from");
  EXPECT_EQ(ask("GET", "/admin/v1/usage", "",
                Query{{"tenant", "acme"}, {"from", "2027-02-01"}, {"to", "2027-01-01"}})
                .status,
            400U);
  EXPECT_EQ(ask("GET", "/admin/v1/usage", "", Query{{"tenant", "acme"}, {"group_by", "prompt"}})
                .at("/error/param"),
            "group_by");
  EXPECT_EQ(
      ask("GET", "/admin/v1/bill", "", Query{{"tenant", "acme"}, {"month", "2027-13"}}).status,
      400U);
  EXPECT_EQ(
      ask("GET", "/admin/v1/bill", "", Query{{"tenant", "acme"}, {"month", "2031-01"}}).status,
      400U);
  EXPECT_EQ(ask("GET", "/admin/v1/bill", "", Query{{"tenant", "nobody"}}).status, 404U);
  EXPECT_EQ(ask("GET", "/admin/v1/bill", "", Query{{"tenant", "acme"}, {"format", "pdf"}})
                .at("/error/param"),
            "format");
}

TEST_F(AdminTest, AStoreThatFailsIsA503AndATenantIsNotLost) {
  money_->broken = true;
  const Got made = ask("POST", "/admin/v1/tenants", R"({"name":"acme","credit":"5.00"})");
  EXPECT_EQ(made.status, 503U);
  EXPECT_EQ(made.at("/error/type"), "server_error");
  EXPECT_NE(made.at("/error/message").find("mains credit add"), std::string::npos);
  EXPECT_EQ(ask("GET", "/admin/v1/tenants/acme").at("/available"), "0.00");
}

TEST_F(AdminTest, RoutesThatAreNoneAndMethodsThatDoNotFit) {
  for (const char* path :
       {"", "/", "/admin", "/admin/v1", "/admin/v1/", "/admin/v1/tenant", "/admin/v1/tenants/",
        "/admin/v1//tenants", "/admin/v1/tenants/a/b", "/admin/v1tenants", "/v1/tenants"}) {
    const Got got = ask("GET", path);
    EXPECT_EQ(got.status, 404U) << path;
  }
  EXPECT_EQ(ask("GET", "/admin/v1/" + std::string(100'000, 'a')).status, 404U);
  EXPECT_EQ(ask("DELETE", "/admin/v1/tenants").status, 405U);
  EXPECT_EQ(ask("get", "/admin/v1/tenants").status, 405U);
}

TEST_F(AdminTest, TheMonthsExportComesInPieces) {
  ask("POST", "/admin/v1/prices", prices);
  ask("POST", "/admin/v1/tenants", R"({"name":"acme","credit":"5.00"})");
  ask("POST", "/admin/v1/tenants", R"({"name":"globex","credit":"7.00"})");
  const auto rows = [&](const std::map<std::string, std::string>& query) {
    const admin::Reply reply = reply_to("GET", "/admin/v1/export/focus", "", query);
    EXPECT_EQ(reply.content_type, "text/csv; charset=utf-8; header=present");
    std::string all = reply.body;
    for (auto piece = reply.more->next(); piece.value(); piece = reply.more->next()) {
      all += **piece;
    }
    return std::count(all.begin(), all.end(), '\n');
  };
  EXPECT_EQ(rows({{"month", "2027-01"}}), 3);
  EXPECT_EQ(rows({{"tenant", "globex"}}), 2);
  EXPECT_EQ(ask("GET", "/admin/v1/export/focus", "", {{"tenant", "nobody"}}).status, 404U);
  EXPECT_EQ(ask("GET", "/admin/v1/export/focus", "", {{"month", "x"}}).at("/error/param"), "month");
}

TEST_F(AdminTest, EveryRouteAnswersWithJsonOrADocument) {
  for (const std::string& route : admin::all_routes()) {
    const std::size_t space = route.find(' ');
    const admin::Reply reply = reply_to(route.substr(0, space), route.substr(space + 1), "", {});
    EXPECT_NE(reply.status, 405U) << route;
    EXPECT_TRUE(reply.more != nullptr || json::parse(reply.body).is_object()) << route;
  }
}

}  // namespace
