#include <fstream>

#include <sqlite3.h>

#include <notation/time_text.hpp>

#include <signing/key.hpp>

#include "fixture.hpp"

namespace {

using registry::Findings;
using registry::PriceDraft;
using registry_test::RegistryTest;

constexpr std::int64_t hour_ns = 3'600'000'000'000;

price::Prices prices(std::int64_t milli) {
  return {{milli * 1'000'000}, {milli * 500'000}, {milli * 4'000'000}};
}

PriceDraft draft(std::int64_t milli) {
  return {"USD", std::nullopt, std::nullopt, {{"b", prices(milli)}, {"a", prices(milli * 2)}}};
}

class PriceLists : public RegistryTest {
 protected:
  Findings refused(const PriceDraft& given) {
    const auto published = registry->publish(given);
    return published.ok() ? Findings{} : published.error().findings;
  }
};

TEST_F(PriceLists, NothingHasAPriceUntilOneIsPublished) {
  const auto model = registry->ensure_model("a").value();
  EXPECT_FALSE(registry->prices(model, clock.now()));
  EXPECT_EQ(registry->price_list(clock.now()), nullptr);
  EXPECT_EQ(registry->price_list(terms::PriceListId{1}), nullptr);
  EXPECT_EQ(registry->price_list(terms::PriceListId{0}), nullptr);
}

TEST_F(PriceLists, APublishedListHoldsAndIsWrittenCanonically) {
  clock.time_ns += 123;
  const auto list = registry->publish(draft(100)).value();
  EXPECT_EQ(list->canonical,
            R"({"currency":"USD","models":[{"cached_input_per_mtok":"0.10","id":2,)"
            R"("input_per_mtok":"0.20","model":"a","output_per_mtok":"0.80"},)"
            R"({"cached_input_per_mtok":"0.05","id":1,"input_per_mtok":"0.10","model":"b",)"
            R"("output_per_mtok":"0.40"}],"valid_from":"2027-01-15T08:00:00Z","version":1})");
  const auto offer = registry->prices(*registry->model_id("a"), clock.now());
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->list, terms::PriceListId{1});
  EXPECT_EQ(offer->prices, prices(200));
  EXPECT_FALSE(registry->prices(registry->ensure_model("c").value(), clock.now()))
      << "a model without a price is not served";
  EXPECT_FALSE(registry->prices({999}, clock.now()));
}

TEST_F(PriceLists, AListForLaterTakesOverWhenItsTimeComes) {
  ASSERT_TRUE(registry->publish(draft(100)).ok());
  PriceDraft later = draft(300);
  later.valid_from = base::UnixNs{clock.time_ns + 2 * hour_ns};
  ASSERT_TRUE(registry->publish(later).ok());
  PriceDraft sooner = draft(200);
  sooner.valid_from = base::UnixNs{clock.time_ns + hour_ns};
  ASSERT_TRUE(registry->publish(sooner).ok());

  const std::int64_t start = clock.time_ns;
  const auto version = [&](std::int64_t after_ns) {
    return registry->price_list(base::UnixNs{start + after_ns})->list.id.value;
  };
  EXPECT_EQ(version(0), 1U);
  EXPECT_EQ(version(hour_ns - 1), 1U);
  EXPECT_EQ(version(hour_ns), 3U);
  EXPECT_EQ(version(2 * hour_ns), 2U);
  EXPECT_EQ(version(-hour_ns), 1U) << "a clock that was set back stops nobody";
  EXPECT_EQ(registry->clock_behind({start - hour_ns}).value, hour_ns);
  EXPECT_EQ(registry->clock_behind({start}).value, 0);

  ASSERT_TRUE(registry->publish(draft(400)).ok());
  ASSERT_TRUE(registry->publish(draft(500)).ok());
  EXPECT_EQ(version(0), 5U) << "of two for the same moment the later published";
}

TEST_F(PriceLists, ListsSurviveARestartWithTheirSignatures) {
  const auto list = registry->publish(draft(100)).value();
  reopen();
  const auto again = registry->price_list(terms::PriceListId{1});
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->canonical, list->canonical);
  EXPECT_EQ(again->hash, list->hash);
  EXPECT_EQ(again->signature, list->signature);
  EXPECT_EQ(again->public_key, list->public_key);
  EXPECT_EQ(again->list.valid_from, list->list.valid_from);
  EXPECT_EQ(registry->prices(*registry->model_id("b"), clock.now())->prices, prices(100));
}

TEST_F(PriceLists, AListTamperedWithIsNotServed) {
  ASSERT_TRUE(registry->publish(draft(100)).ok());
  registry.reset();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "registry.db").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(handle, "UPDATE price_lists SET canonical = replace(canonical, '0.40', '4.00')",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(handle);
  const auto opened = registry::Registry::open(dir, clock, random);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error(), registry::Error::damaged);
}

TEST_F(PriceLists, AbsurdListsAreRefusedInWords) {
  PriceDraft per_token = draft(100);
  per_token.models[0].prices.output = {150};
  ASSERT_EQ(refused(per_token).size(), 1U);
  EXPECT_EQ(refused(per_token)[0],
            "model 'b': output_per_mtok is below 0.0001 per million tokens: a price per token? "
            "(\"0\" is allowed: free on purpose)");

  PriceDraft dear = draft(100);
  dear.models[1].prices.input = {20'000'000'000'000};
  EXPECT_EQ(refused(dear)[0],
            "model 'a': input_per_mtok is above 10000.00 per million tokens, which nobody means: "
            "prices are per million tokens");

  PriceDraft cached = draft(100);
  cached.models[1].prices.cached = {1'000'000'000};
  EXPECT_EQ(refused(cached)[0],
            "model 'a': cached_input_per_mtok is above input_per_mtok: a cached token may not "
            "cost more than a new one");

  PriceDraft past = draft(100);
  past.valid_from = base::UnixNs{clock.time_ns - 1'000'000'000};
  EXPECT_EQ(refused(past)[0],
            "valid_from lies in the past: leave it out for now, or name a time to come");

  PriceDraft empty{"USD", std::nullopt, std::nullopt, {}};
  EXPECT_FALSE(refused(empty).empty());
  EXPECT_TRUE(registry->price_lists().empty()) << "a refused list leaves nothing";
  EXPECT_FALSE(registry->model_id("a"));

  PriceDraft free = draft(0);
  EXPECT_TRUE(refused(free).empty()) << "zero is allowed when written";
  PriceDraft euro = draft(100);
  euro.currency = "EUR";
  EXPECT_EQ(refused(euro)[0], "currency is EUR, every balance is in USD: it cannot change");
  PriceDraft stale = draft(100);
  stale.version = 1;
  EXPECT_EQ(refused(stale)[0],
            "version is 1, the next one is 2: leave version out, or start from the latest list");
}

TEST_F(PriceLists, MissingOnesAreAddedAndPublishedOnesKept) {
  const auto first = registry->publish_missing("USD", {{"a", prices(100)}});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(registry->publish_missing("USD", {{"a", prices(900)}}).value(), nullptr)
      << "a published price is changed by publishing only";
  const auto second = registry->publish_missing("USD", {{"a", prices(900)}, {"b", prices(300)}});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second.value()->list.id, terms::PriceListId{2});
  EXPECT_EQ(registry->prices(*registry->model_id("a"), clock.now())->prices, prices(100));
  EXPECT_EQ(registry->prices(*registry->model_id("b"), clock.now())->prices, prices(300));
}

TEST_F(PriceLists, AClockThatIsSetBackServesTheListThatWasInForce) {
  ASSERT_TRUE(registry->publish(draft(100)).ok());
  PriceDraft later = draft(900);
  later.valid_from = base::UnixNs{clock.time_ns + 3 * hour_ns};
  ASSERT_TRUE(registry->publish(later).ok());
  clock.time_ns += 2 * hour_ns;
  ASSERT_TRUE(registry->publish(draft(200)).ok());
  const auto model = *registry->model_id("b");
  for (const std::int64_t back : {hour_ns, 2 * hour_ns, 48 * hour_ns}) {
    const base::UnixNs wrong{clock.time_ns - back};
    EXPECT_EQ(registry->price_list(wrong)->list.id.value, 3U);
    EXPECT_EQ(registry->prices(model, wrong)->prices, prices(200));
    EXPECT_EQ(registry->lists_to_come(wrong).size(), 1U);
  }
}

TEST_F(PriceLists, AListToComeCanBeWithdrawnAndStaysSigned) {
  std::vector<std::string> announced;
  registry->before_publishing([&](const std::string& text) {
    announced.push_back(text);
    return true;
  });
  ASSERT_TRUE(registry->publish(draft(100)).ok());
  PriceDraft later = draft(900);
  later.valid_from = base::UnixNs{clock.time_ns + hour_ns};
  const auto list = registry->publish(later).value();
  EXPECT_EQ(registry->withdraw({1}).error(), registry::Error::list_in_force);
  EXPECT_EQ(registry->withdraw({0}).error(), registry::Error::unknown_list);
  EXPECT_EQ(registry->withdraw({3}).error(), registry::Error::unknown_list);
  EXPECT_TRUE(registry->withdraw({2}).value()->withdrawn);
  EXPECT_TRUE(registry->withdraw({2}).ok()) << "again is harmless";
  EXPECT_EQ(announced.size(), 3U) << "the log has it, once";
  EXPECT_NE(announced.back().find(list->hash), std::string::npos);
  reopen();
  EXPECT_TRUE(registry->price_list(terms::PriceListId{2})->withdrawn);
  EXPECT_EQ(registry->price_list(terms::PriceListId{2})->canonical, list->canonical);
  EXPECT_TRUE(registry->lists_to_come(clock.now()).empty());
  clock.time_ns += 2 * hour_ns;
  EXPECT_EQ(registry->price_list(clock.now())->list.id.value, 1U);
}

TEST_F(PriceLists, ModelsThatCameLaterAreCarriedIntoListsToCome) {
  ASSERT_TRUE(registry->publish_missing("USD", {{"a", prices(100)}, {"b", prices(100)}}).ok());
  PriceDraft later{"USD", base::UnixNs{clock.time_ns + hour_ns}, {}, {{"a", prices(300)}}};
  ASSERT_TRUE(registry->publish(later).ok()) << "without b, on purpose";
  const std::vector<registry::NamedPrices> served = {
      {"a", prices(100)}, {"b", prices(100)}, {"new", prices(500)}};
  EXPECT_EQ(registry->publish_missing("USD", served).value()->list.id.value, 4U);
  EXPECT_EQ(registry->publish_missing("USD", served).value(), nullptr) << "once";
  const auto model = *registry->model_id("new");
  EXPECT_EQ(registry->prices(model, clock.now())->prices, prices(500));
  clock.time_ns += hour_ns;
  EXPECT_EQ(registry->prices(model, clock.now())->prices, prices(500));
  EXPECT_EQ(registry->prices(*registry->model_id("a"), clock.now())->prices, prices(300));
  EXPECT_FALSE(registry->prices(*registry->model_id("b"), clock.now())) << "it was left out";
}

TEST_F(PriceLists, WhatIsShownCanBeReadAndPublishedAgain) {
  const auto list = registry->publish(draft(100)).value();
  const std::string shown =
      R"({"version":1,"currency":"USD","valid_from":"2027-01-15T08:00:00Z",)"
      R"("published":"2027-01-15T08:00:00Z","models":[{"model":"a","input_per_mtok":"0.40",)"
      R"("cached_input_per_mtok":"0.10","output_per_mtok":"0.80"}],"hash_sha256":")" +
      list->hash + R"(","signature_ed25519":"s","public_key":"k","canonical":"c"})";
  clock.time_ns += hour_ns;
  const auto read = registry::parse_price_document(shown);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(registry->check(read.value()).empty());
  const auto again = registry->publish(read.value()).value();
  EXPECT_EQ(again->list.id.value, 2U);
  EXPECT_EQ(again->list.valid_from.value, clock.time_ns) << "from now on";
  PriceDraft moved = read.value();
  moved.valid_from = base::UnixNs{clock.time_ns - hour_ns / 2};
  EXPECT_EQ(registry->check(moved).size(), 1U) << "another moment is meant, and lies in the past";
}

TEST_F(PriceLists, OnlyTheKeyOfTheListsSigns) {
  const auto old = registry->publish(draft(100)).value();
  std::filesystem::rename(dir / "price.key", dir / "kept");
  reopen();
  EXPECT_EQ(registry->publish(draft(200)).error().error, registry::Error::no_price_key);
  EXPECT_FALSE(std::filesystem::exists(dir / "price.key")) << "none is made in its place";
  EXPECT_NE(registry->price_list(clock.now()), nullptr) << "what is in force stays";
  ASSERT_TRUE(signing::Key::load_or_create(dir / "price.key", random).ok());
  EXPECT_EQ(registry->publish(draft(200)).error().error, registry::Error::other_price_key);
  std::filesystem::rename(dir / "kept", dir / "price.key");
  EXPECT_EQ(registry->publish(draft(200)).value()->public_key, old->public_key);

  ASSERT_TRUE(registry->new_price_key().ok());
  const auto next = registry->publish(draft(300)).value();
  EXPECT_NE(next->public_key, old->public_key);
  reopen();
  EXPECT_EQ(registry->publish(draft(400)).value()->public_key, next->public_key);
}

TEST_F(PriceLists, TheKeyIsPrivateAndALostOneLeavesOldListsStanding) {
  const auto old = registry->publish(draft(100)).value();
  const auto mode = std::filesystem::status(dir / "price.key").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::remove(dir / "price.key");
  reopen();
  EXPECT_NE(registry->price_list(terms::PriceListId{1}), nullptr);
  ASSERT_TRUE(registry->new_price_key().ok());
  EXPECT_NE(registry->publish(draft(200)).value()->public_key, old->public_key);
  reopen();
  EXPECT_EQ(registry->price_lists().size(), 2U);

  registry.reset();
  std::filesystem::permissions(dir / "price.key", std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(registry::Registry::open(dir, clock, random).error(), registry::Error::bad_key_file);
}

TEST(Open, AFolderThatIsNotThereOrADatabaseThatIsNoneIsNamed) {
  registry_test::HandClock clock;
  registry_test::SeededRandom random;
  EXPECT_FALSE(registry::Registry::open("/nowhere/at/all", clock, random).ok());

  std::string name = (std::filesystem::temp_directory_path() / "mains-registry-XXXXXX").string();
  const std::filesystem::path dir = ::mkdtemp(name.data());
  std::ofstream(dir / "registry.db") << std::string(10'000, 'x');
  EXPECT_EQ(registry::Registry::open(dir, clock, random).error(), registry::Error::damaged);
  std::filesystem::remove_all(dir);
}

struct Wrong {
  const char* json;
  const char* finding;
};

TEST(PriceDocument, WhatIsWrongIsNamed) {
  const Wrong table[] = {
      {"", "the document is no JSON object"},
      {"[]", "the document is no JSON object"},
      {"{", "the document is no JSON object"},
      {"{}", "currency is missing"},
      {"{}", "models is missing"},
      {R"({"models":[]})", "currency is missing"},
      {R"({"currency":"USD"})", "models is missing"},
      {R"({"currency":"USD","models":[]})", "models must be a list with at least one model"},
      {R"({"currency":"USD","models":[],"extra":1})", "unknown field 'extra' in the price list"},
      {R"({"currency":"USD","models":[{"model":"a","input_per_mtok":0.15,)"
       R"("cached_input_per_mtok":"0","output_per_mtok":"0"}]})",
       "model 'a': input_per_mtok must be text such as \"0.15\": only text is exact"},
      {R"({"currency":"USD","models":[{"model":"a","input_per_mtok":"-1",)"
       R"("cached_input_per_mtok":"0","output_per_mtok":"0"}]})",
       "model 'a': input_per_mtok is below zero"},
      {R"({"currency":"USD","models":[{"model":"a","input_per_mtok":"NaN",)"
       R"("cached_input_per_mtok":"0","output_per_mtok":"0"}]})",
       "model 'a': input_per_mtok is not a plain decimal number"},
      {R"({"currency":"USD","models":[{"model":"a","input_per_mtok":"1",)"
       R"("output_per_mtok":"1"}]})",
       "model 'a': cached_input_per_mtok is missing: no token is free by accident"},
      {R"({"currency":"USD","models":[{"model":"a","input_per_mtok":"1","input":"1",)"
       R"("cached_input_per_mtok":"0","output_per_mtok":"0"}]})",
       "unknown field 'input' in model 'a'"},
      {R"({"currency":"USD","models":[{"model":"a b"}]})", "each of models needs \"model\""},
      {R"({"currency":"USD","models":[3]})", "each of models must be an object"},
      {R"({"currency":"USD","valid_from":"soon","models":[3]})", "valid_from must be a UTC time"},
      {R"({"currency":"USD","version":-1,"models":[3]})", "version must be a whole number"},
  };
  for (const Wrong& wrong : table) {
    const auto draft = registry::parse_price_document(wrong.json);
    ASSERT_FALSE(draft.ok()) << wrong.json;
    bool found = false;
    for (const std::string& finding : draft.error()) {
      found = found || finding.starts_with(wrong.finding);
    }
    EXPECT_TRUE(found) << wrong.json << " -> " << draft.error().front();
  }
}

TEST(PriceDocument, ModelsMayNotAppearTwice) {
  const std::string a = R"({"model":"a","input_per_mtok":"1","cached_input_per_mtok":"0",)"
                        R"("output_per_mtok":"2"})";
  const auto draft =
      registry::parse_price_document(R"({"currency":"USD","models":[)" + a + "," + a + "]}");
  ASSERT_FALSE(draft.ok());
  EXPECT_EQ(draft.error().front(), "model 'a' is there twice");
}

TEST(PriceDocument, CanonicalJsonComesBackAsItWas) {
  const PriceDraft given{"EUR",
                         notation::parse_time("2028-02-29T01:02:03Z"),
                         std::nullopt,
                         {{"z", {{1'000'000}, {0}, {123'456'789}}}, {"Z/1", prices(5)}}};
  const std::string canonical = registry::canonical_json(7, given);
  const auto read = registry::parse_price_document(canonical);
  ASSERT_TRUE(read.ok()) << read.error().front();
  EXPECT_EQ(read.value().version, 7U);
  EXPECT_EQ(read.value().valid_from, given.valid_from);
  EXPECT_EQ(registry::canonical_json(7, read.value()), canonical);
}

}  // namespace
