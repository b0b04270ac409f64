#include <notation/id_text.hpp>

#include <gtest/gtest.h>

namespace {

TEST(IdText, RequestIdsGoBothWays) {
  const terms::RequestId id{0x0123456789abcdefULL, 0xfULL};
  EXPECT_EQ(notation::to_text(id), "0123456789abcdef000000000000000f");
  EXPECT_EQ(notation::parse_request_id("0123456789ABCDEF000000000000000F"), id);
  for (const char* bad : {"", "0123456789abcdef000000000000000", "0x23456789abcdef000000000000000f",
                          "0123456789abcdef00000000000000zz", "-123456789abcdef000000000000000f"}) {
    EXPECT_FALSE(notation::parse_request_id(bad)) << bad;
  }
}

TEST(IdText, ADigestReadsAsItsBytes) {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 8 + 1);
  }
  EXPECT_EQ(notation::to_text(notation::digest_of(bytes)), notation::to_hex(bytes));
  EXPECT_EQ(notation::to_hex(bytes).substr(0, 8), "01091119");
}

TEST(IdText, Base64UrlOfRfc4648) {
  const std::uint8_t foobar[] = {'f', 'o', 'o', 'b', 'a', 'r'};
  const std::span all(foobar);
  EXPECT_EQ(notation::to_base64url(all.first(0)), "");
  EXPECT_EQ(notation::to_base64url(all.first(1)), "Zg");
  EXPECT_EQ(notation::to_base64url(all.first(2)), "Zm8");
  EXPECT_EQ(notation::to_base64url(all), "Zm9vYmFy");
  const std::uint8_t high[] = {0xfb, 0xff, 0xfe};
  EXPECT_EQ(notation::to_base64url(high), "-__-");
}

TEST(IdText, CountsArePlainNumbers) {
  EXPECT_EQ(notation::parse_count("9223372036854775807"), 9'223'372'036'854'775'807ULL);
  for (const char* bad :
       {"", "-1", "+1", "1.0", "1e3", " 1", "9223372036854775808", "18446744073709551616", "0x1"}) {
    EXPECT_FALSE(notation::parse_count(bad)) << bad;
  }
}

}  // namespace
