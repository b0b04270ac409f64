// Anthropic's server-sent events. One object per streamed message; not thread-safe; any one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <wire/answer.hpp>

namespace wire {

/// Order of calls: start(), any number of delta(), end(). error() may come at any time after
/// construction and is the last. Each returns whole events, ready to send (or nothing).
///
/// One content block is open at a time: text after thinking, or a tool call with a new index,
/// closes the block before. Pieces of a tool call whose block is closed are dropped; engines give
/// one call after the other.
class AnthropicStream {
 public:
  explicit AnthropicStream(ReplyHead head) : head_(std::move(head)) {}

  /// known: the input counts as far as they are known; output is told as 0. A ping follows.
  std::string start(const terms::Usage& known);
  std::string delta(const content::ReplyDelta& delta);
  std::string end(const Finish& finish, const UsageNote& usage);
  std::string error(const ApiError& error);
  static std::string_view keep_alive() { return "event: ping\ndata: {\"type\":\"ping\"}\n\n"; }

 private:
  enum class Block { none, thinking, text, tool };
  void open(std::string& events, Block block);
  void close(std::string& events);
  void add_tool(std::string& events, const content::ReplyDelta::ToolPiece& piece);

  ReplyHead head_;
  Block block_ = Block::none;
  std::uint64_t index_ = 0;        ///< Of the open block, or of the next one.
  std::uint32_t tools_begun_ = 0;  ///< Tool calls 0 .. tools_begun_-1 have had their block.
};

}  // namespace wire
