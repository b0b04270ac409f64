#include <fstream>

#include <sqlite3.h>

#include <notation/time_text.hpp>

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
  EXPECT_EQ(registry->price_list(base::UnixNs{start - hour_ns}), nullptr);

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

TEST_F(PriceLists, TheKeyIsPrivateAndALostOneLeavesOldListsStanding) {
  const auto mode = std::filesystem::status(dir / "price.key").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto old = registry->publish(draft(100)).value();
  std::filesystem::remove(dir / "price.key");
  reopen();
  EXPECT_NE(registry->price_list(terms::PriceListId{1}), nullptr);
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
      {R"({"models":[]})", "currency must be three capital letters"},
      {R"({"currency":"USD"})", "models must be a list with at least one model"},
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
