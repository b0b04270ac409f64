#include <gtest/gtest.h>
#include <grammar/builder.hpp>
#include <grammar/matcher.hpp>
using namespace grammar;
TEST(Matcher, Simple) {
  Builder b;
  const RuleId digits = b.rule();
  b.bytes(b.begin(digits), '0', '9', b.end(digits));
  const RuleId root = b.rule();
  b.repeat(b.begin(root), digits, 1, 20, b.end(root));
  auto g = b.build(root);
  ASSERT_TRUE(g.ok());
  Matcher m(g.value());
  EXPECT_FALSE(m.may_end());
  EXPECT_EQ(m.accept("12345678901234567890"), Verdict::yes);
  EXPECT_TRUE(m.must_end());
  EXPECT_EQ(m.allows("1"), Verdict::no);
}
