#include <gtest/gtest.h>

#include <string>
#include <variant>

#include <serve/stream.hpp>

namespace serve {
namespace {

struct Woken {
  explicit Woken(Stream& stream) {
    stream.on_ready([this] { ++times; });
  }
  int times = 0;
};

TextPiece piece(std::size_t bytes = 1) {
  return {0, std::string(bytes, 'x'), {}};
}

TEST(Stream, wakes_once_for_all_that_waits) {
  Stream stream(Reading::as_it_comes);
  const Woken woken(stream);
  EXPECT_TRUE(stream.push(piece()));
  EXPECT_TRUE(stream.push(piece()));
  EXPECT_EQ(woken.times, 1);
  EXPECT_EQ(stream.take().size(), 2U);
  EXPECT_TRUE(stream.push(piece()));
  EXPECT_EQ(woken.times, 2);
  EXPECT_EQ(stream.take().size(), 1U);
  EXPECT_TRUE(stream.take().empty());
}

TEST(Stream, read_when_complete_wakes_at_the_end_only_and_has_no_bound) {
  Stream stream(Reading::when_complete, 1);
  const Woken woken(stream);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(stream.push(piece(100)));
  }
  EXPECT_TRUE(stream.push(ChoiceEnd{}));
  EXPECT_EQ(woken.times, 0);
  EXPECT_TRUE(stream.push(Charged{}));
  EXPECT_EQ(woken.times, 1);
  EXPECT_EQ(stream.take().size(), 102U);
}

TEST(Stream, refuses_what_its_reader_does_not_keep_up_with) {
  Stream stream(Reading::as_it_comes, 1000);
  EXPECT_TRUE(stream.push(piece(2000))) << "one piece always fits, however large";
  EXPECT_FALSE(stream.push(piece()));
  EXPECT_TRUE(stream.push(ChoiceEnd{}));
  EXPECT_EQ(stream.take().size(), 2U) << "what was refused was dropped";
  EXPECT_TRUE(stream.push(piece()));
}

TEST(Stream, the_last_event_always_fits_and_wakes) {
  for (const Event& last : {Event{Charged{}}, Event{Failed{}}}) {
    Stream stream(Reading::as_it_comes, 1);
    const Woken woken(stream);
    EXPECT_TRUE(stream.push(piece(100)));
    EXPECT_TRUE(stream.push(last));
    EXPECT_EQ(woken.times, 2);
    EXPECT_EQ(stream.take().back().index(), last.index());
  }
}

TEST(Stream, nobody_needs_to_listen) {
  Stream stream(Reading::as_it_comes);
  EXPECT_TRUE(stream.push(piece()));
  EXPECT_TRUE(stream.push(Failed{}));
  EXPECT_EQ(stream.take().size(), 2U);
}

}  // namespace
}  // namespace serve
