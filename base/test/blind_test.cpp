// What may cross the wall. What may not stands in cmake/test/twin/crossing.cpp as well, as code
// that must not compile.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include <base/blind.hpp>
#include <base/id.hpp>
#include <base/quantity.hpp>

namespace {

enum class Narrow : std::uint8_t { one };
enum class Wide : std::uint32_t { one };

struct Honest {
  std::uint64_t count = 0;
  Wide reason = Wide::one;
  std::array<bool, 4> flags{};
  static consteval auto fields() {
    return std::tuple{&Honest::count, &Honest::reason, &Honest::flags};
  }
};

struct Padded {
  std::uint64_t count = 0;
  bool flag = false;
  static consteval auto fields() { return std::tuple{&Padded::count, &Padded::flag}; }
};

struct Silent {
  std::uint64_t count = 0;
};

struct Nested {
  Honest inside;
  base::Tokens tokens;
  std::uint32_t more = 0;
  static consteval auto fields() {
    return std::tuple{&Nested::inside, &Nested::tokens, &Nested::more};
  }
};

TEST(Blind, numbers_and_reasons_cross) {
  EXPECT_TRUE(base::Blind<Honest>);
  EXPECT_TRUE(base::Blind<Nested>);
  EXPECT_TRUE((base::Blind<base::Id<struct SomeTag>>));
  EXPECT_TRUE((base::Blind<base::WideId<struct SomeTag>>));
  EXPECT_TRUE((base::Blind<std::array<std::uint16_t, 3>>));
}

TEST(Blind, what_could_be_text_does_not) {
  EXPECT_FALSE(base::Blind<char>);
  EXPECT_FALSE(base::Blind<std::byte>);
  EXPECT_FALSE((base::Blind<std::array<std::byte, 8>>));
  EXPECT_FALSE(base::Blind<Narrow>) << "an array of them is a string";
  EXPECT_FALSE((base::Blind<std::array<std::int8_t, 8>>));
  EXPECT_FALSE(base::Blind<char16_t>);
  EXPECT_FALSE(base::Blind<wchar_t>);
  EXPECT_FALSE(base::Blind<std::string_view>);
  EXPECT_FALSE(base::Blind<const char*>);
}

TEST(Blind, nothing_hides_in_padding_or_behind_an_unlisted_field) {
  EXPECT_FALSE(base::Blind<Padded>);
  EXPECT_FALSE(base::Blind<Silent>);
  EXPECT_FALSE(base::Blind<double>);
}

}  // namespace
