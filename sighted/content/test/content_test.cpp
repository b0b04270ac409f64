// No type of this room can cross the wall, and an absent wish is the protocols' default.
#include <gtest/gtest.h>

#include <base/blind.hpp>
#include <content/chat.hpp>
#include <content/reply.hpp>
#include <content/request.hpp>
#include <content/tokens.hpp>
#include <ostream>
#include <type_traits>

namespace content {
namespace {

template <class... Types>
inline constexpr bool none_blind = (!base::Blind<Types> && ...);
static_assert(none_blind<ToolCall, Message, Tool, Chat>);
static_assert(none_blind<TokenLogprob, ReplyDelta, ReplyDelta::ToolPiece>);
static_assert(none_blind<Sampling, RawPrompt, GenerationRequest, EmbeddingRequest, TokenIds>);

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Message> && !Printable<Chat> && !Printable<ToolCall>);
static_assert(!Printable<ReplyDelta> && !Printable<GenerationRequest>);

TEST(Sampling, DefaultsChangeNothing) {
  const Sampling sampling;
  EXPECT_EQ(sampling.temperature, 1.0F);
  EXPECT_EQ(sampling.top_p, 1.0F);
  EXPECT_EQ(sampling.top_k, 0);
  EXPECT_EQ(sampling.min_p, 0.0F);
  EXPECT_EQ(sampling.repeat_penalty, 1.0F);
  EXPECT_FALSE(sampling.seed.has_value());
  EXPECT_LT(sampling.top_logprobs, 0);
  EXPECT_FALSE(sampling.ignore_eos);
}

TEST(ReplyDelta, IsEmptyUntilSomethingIsSaid) {
  ReplyDelta delta;
  EXPECT_TRUE(delta.empty());
  delta.tools.push_back({0, "call_1", "weather", {}});
  EXPECT_FALSE(delta.empty());
  delta = {};
  delta.logprobs.push_back({"a", -1.0F, {}});
  EXPECT_FALSE(delta.empty());
}

}  // namespace
}  // namespace content
