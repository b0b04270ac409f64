#include <price/price_list.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace price {
namespace {

constexpr Prices usual{{150'000'000}, {75'000'000}, {600'000'000}};

PriceList list_of(std::vector<PriceEntry> entries) {
  return {{1}, {0}, std::move(entries)};
}

std::vector<ListFinding> check_price(std::int64_t output) {
  return check(list_of({{{4}, {{0}, {0}, {output}}}}));
}

TEST(PriceList, FindsWhatIsListed) {
  const PriceList list = list_of({{{4}, usual}, {{5}, {}}});
  EXPECT_EQ(lookup(list, {4}).value(), usual);
  EXPECT_EQ(lookup(list, {5}).value(), Prices{}) << "free because it is written";
}

TEST(PriceList, AModelThatIsNotListedIsNotFree) {
  const PriceList list = list_of({{{4}, usual}});
  EXPECT_EQ(lookup(list, {6}).error(), LookupError::no_price);
  EXPECT_EQ(lookup(list_of({{{0}, usual}}), {0}).error(), LookupError::no_price);
}

TEST(PriceList, AGoodOneHasNoFindings) {
  EXPECT_TRUE(check(list_of({{{4}, usual}, {{5}, {}}})).empty());
}

TEST(PriceList, PricesThatCannotBeMeant) {
  const auto only = [](ListFault fault) {
    return std::vector<ListFinding>{{fault, TokenClass::output, {4}}};
  };
  EXPECT_EQ(check_price(-1), only(ListFault::negative));
  EXPECT_EQ(check_price(1'000'000'000'000'001), only(ListFault::out_of_range));
  EXPECT_EQ(check_price(10'000'000'000'001), only(ListFault::too_high));
  EXPECT_TRUE(check_price(10'000'000'000'000).empty());
  // 0.60 per million typed as 0.0000006 per token.
  EXPECT_EQ(check_price(600), only(ListFault::too_low));
  EXPECT_EQ(check_price(99'999), only(ListFault::too_low));
  EXPECT_TRUE(check_price(100'000).empty());
  EXPECT_TRUE(check_price(0).empty());
}

TEST(PriceList, CachedTokensAreNotDearer) {
  const auto findings = check(list_of({{{4}, {{100'000'000}, {100'000'001}, {0}}}}));
  EXPECT_EQ(findings,
            (std::vector<ListFinding>{{ListFault::cached_over_input, TokenClass::cached, {4}}}));
}

TEST(PriceList, EachModelOnce) {
  const auto findings = check(list_of({{{4}, usual}, {{5}, usual}, {{4}, usual}, {{4}, usual}}));
  EXPECT_EQ(findings,
            (std::vector<ListFinding>{{ListFault::duplicate_model, TokenClass::none, {4}}}));
}

TEST(PriceList, AllFindingsAtOnce) {
  const auto findings = check({{}, {}, {{{0}, {{-1}, {0}, {0}}}}});
  EXPECT_EQ(findings,
            (std::vector<ListFinding>{{ListFault::no_id, TokenClass::none, {}},
                                      {ListFault::no_model, TokenClass::none, {}},
                                      {ListFault::negative, TokenClass::input, {}},
                                      {ListFault::cached_over_input, TokenClass::cached, {}}}));
  EXPECT_EQ(check(list_of({})),
            (std::vector<ListFinding>{{ListFault::no_entries, TokenClass::none, {}}}));
}

}  // namespace
}  // namespace price
