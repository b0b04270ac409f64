// The FOCUS export against the rules of the specification, and the rules against planted errors.
#include <algorithm>
#include <random>

#include <bill/focus.hpp>

#include "csv_reader.hpp"
#include "fine_amount.hpp"
#include "focus_rules.hpp"
#include "house.hpp"

namespace bill::testing {
namespace {

constexpr std::int64_t usd = 1'000'000'000;

class Focus : public ::testing::Test {
 protected:
  Focus() {
    acme_ = house.tenant("acme");
    globex_ = house.tenant("globex");
    for (const auto& tenant : {acme_, globex_}) {
      house.at("2028-01-31T23:59:59.999999999Z");
      house.pay(*tenant, 50 * usd);
      house.use(*tenant, "tiny", {{1'000}, {200}, {100}});
    }
    house.at("2028-02-01T00:00:00Z");
    house.pay(*acme_, 3 * usd);
    std::mt19937_64 dice(5);
    for (int i = 0; i < 40; ++i) {
      const auto input = static_cast<std::uint32_t>(dice() % 5'000 + 1);
      house.use(i % 3 == 0 ? *globex_ : *acme_, i % 2 == 0 ? "odd" : "tiny",
                {{input}, {static_cast<std::uint32_t>(dice() % (input + 1))}, {i % 5U}});
      if (i == 20) {
        house.publish("2028-02-10T07:00:00Z", R"("0.20","cached_input_per_mtok":"0.05")");
      } else if (i == 30) {
        house.at("2028-02-29T23:30:00Z");
      }
    }
    house.pay(*globex_, -usd / 4);
    house.at("2028-03-01T00:00:00Z");
    house.use(*acme_, "tiny", {{1'000}, {200}, {100}});
  }

  Table rows(std::vector<registry::TenantPtr> tenants) {
    const Document document =
        focus_csv(house.source(), std::move(tenants), *notation::parse_month("2028-02"));
    std::string text = document.body;
    for (auto piece = document.more->next(); piece.value(); piece = document.more->next()) {
      text += **piece;
    }
    return read_csv(text);
  }

  static Decimal sum(const Table& table, const std::string& column) {
    const auto at = std::find(table[0].begin(), table[0].end(), column) - table[0].begin();
    Decimal total;
    for (std::size_t i = 1; i < table.size(); ++i) {
      const std::string& cell = table[i].at(static_cast<std::size_t>(at));
      total = total + Decimal::parse(cell.empty() ? "0" : cell).value();
    }
    return total;
  }

  House house;
  registry::TenantPtr acme_;
  registry::TenantPtr globex_;
  FocusRules rules_{MAINS_ROOM_DIR "/test/focus.table"};
};

Decimal decimal(base::Nano amount) {
  return Decimal::parse(to_text(fine(amount))).value();
}

TEST_F(Focus, keeps_the_rules) {
  const Table table = rows({acme_, globex_});
  EXPECT_GT(table.size(), 10U);
  EXPECT_EQ(rules_.broken_by(table), std::vector<std::string>{});
}

TEST_F(Focus, adds_up_to_the_statement) {
  for (const auto& tenant : {acme_, globex_}) {
    const Table table = rows({tenant});
    const Statement statement = house.statement(*tenant, "2028-02");
    EXPECT_TRUE(sum(table, "EffectiveCost") == decimal(statement.charged));
    EXPECT_TRUE(sum(table, "BilledCost") == decimal(statement.topped_up));
    std::uint64_t tokens = 0;
    for (const ModelLine& line : statement.models) {
      for (const ClassLine& each : line.classes) {
        tokens += each.tokens.value;
      }
    }
    EXPECT_TRUE(sum(table, "ConsumedQuantity") == Decimal::parse(std::to_string(tokens)).value());
  }
}

TEST_F(Focus, of_a_month_without_anything_is_a_header) {
  EXPECT_EQ(rows({house.tenant("idle")}).size(), 1U);
  EXPECT_EQ(rows({}).size(), 1U);
}

struct Planted {
  const char* row;  ///< The first row with this in some cell.
  const char* column;
  const char* value;
  const char* rule;  ///< A part of the text of a rule that must fall.
};

TEST_F(Focus, planted_errors_are_found) {
  const Table good = rows({acme_, globex_});
  const Planted table[] = {
      {"Usage", "BilledCost", "", "column BilledCost"},
      {"Usage", "BilledCost", "1e3x", "column BilledCost"},
      {"Usage", "BilledCost", "0.01", "BilledCost = 0"},
      {"Usage", "EffectiveCost", "-0.000000001", "0 <= EffectiveCost"},
      {"Usage", "EffectiveCost", "99", "EffectiveCost <= ContractedCost"},
      {"Purchase", "EffectiveCost", "3", "EffectiveCost = 0"},
      {"Purchase", "ChargeFrequency", "Usage-Based", "ChargeFrequency != \"Usage-Based\""},
      {"Usage", "ChargeCategory", "usage", "column ChargeCategory"},
      {"Usage", "ChargeClass", "Mistake", "column ChargeClass"},
      {"Usage", "BillingCurrency", "usd", "column BillingCurrency"},
      {"Usage", "ChargePeriodStart", "2028-02-10T07:00:00+01:00", "column ChargePeriodStart"},
      {"Usage", "ChargePeriodEnd", "2028-03-01T01:00:00Z", "ChargePeriodEnd <= BillingPeriodEnd"},
      {"Usage", "ChargePeriodStart", "2028-01-31T23:00:00Z",
       "BillingPeriodStart <= ChargePeriodStart"},
      {"Usage", "ListCost", "0.5", "ListCost = ListUnitPrice * PricingQuantity"},
      {"Usage", "ContractedUnitPrice", "0.3", "ContractedUnitPrice = ListUnitPrice"},
      {"Usage", "ListUnitPrice", "", "ListUnitPrice != null"},
      {"Usage", "PricingQuantity", "", "PricingQuantity != null"},
      {"Usage", "PricingUnit", "tokens", "column PricingUnit"},
      {"Usage", "ConsumedQuantity", "0", "0 < ConsumedQuantity"},
      {"Usage", "ConsumedUnit", "", "ConsumedUnit != null"},
      {"Purchase", "ConsumedQuantity", "1", "ConsumedQuantity = null"},
      {"Usage", "SkuPriceId", "", "SkuPriceId != null"},
      {"Usage", "SkuId", "other", "one SkuPriceId"},
      {"Usage", "SkuMeter", "Tokens", "column SkuMeter"},
      {"Usage", "SkuPriceDetails", "v1", "column SkuPriceDetails"},
      {"Usage", "SubAccountName", "", "SubAccountName != null"},
      {"Usage", "BillingAccountName", "someone", "one BillingAccountId"},
      {"Usage", "ServiceCategory", "Compute", "column ServiceCategory"},
  };
  for (const Planted& planted : table) {
    SCOPED_TRACE(std::string(planted.column) + " " + planted.value);
    Table bad = good;
    const auto at = std::find(bad[0].begin(), bad[0].end(), planted.column) - bad[0].begin();
    const auto row = std::find_if(bad.begin() + 1, bad.end(), [&](const auto& cells) {
      return std::find(cells.begin(), cells.end(), planted.row) != cells.end();
    });
    ASSERT_NE(row, bad.end());
    row->at(static_cast<std::size_t>(at)) = planted.value;
    const auto broken = rules_.broken_by(bad);
    EXPECT_TRUE(std::any_of(broken.begin(), broken.end(), [&](const std::string& line) {
      return line.find(planted.rule) != std::string::npos;
    })) << planted.rule;
  }
  Table twice = good;
  twice.push_back(twice.back());
  EXPECT_FALSE(rules_.broken_by(twice).empty());
  Table missing = good;
  missing[0][0] = "x_BilledCost";
  EXPECT_FALSE(rules_.broken_by(missing).empty());
  Table shorter = good;
  shorter[1].pop_back();
  EXPECT_FALSE(rules_.broken_by(shorter).empty());
}

TEST(FineAmounts, are_exact_decimals) {
  EXPECT_EQ(to_text(Fine{0}), "0");
  EXPECT_EQ(to_text(Fine{1}), "0.000000000000001");
  EXPECT_EQ(to_text(fine(base::Nano{-250'000'000})), "-0.25");
  EXPECT_EQ(to_text(fine(base::Nano{5'000'000'000})), "5");
  EXPECT_EQ(to_text(fine({UINT64_MAX}, price::highest_price)), "18446744073709551615");
  EXPECT_EQ(in_millions({1'600}), "0.0016");
  EXPECT_EQ(in_millions({2'000'000}), "2");
}

}  // namespace
}  // namespace bill::testing
