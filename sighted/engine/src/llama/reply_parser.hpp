// Tells what is new in an answer that is parsed again and again as it grows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <content/chat.hpp>
#include <content/reply.hpp>

namespace engine::llama {

/// An answer as far as it was understood.
struct ParsedReply {
  std::string text;
  std::string reasoning;
  std::vector<content::ToolCall> calls;
};

/// Remembers what was told of an answer, and tells the rest once: text only ever grows, a call's
/// name is told when it is certain.
class ReplyDiff {
 public:
  explicit ReplyDiff(std::uint64_t call_ids) : call_ids_(call_ids) {}

  /// Starts from what the template had already said, which is not told again.
  void begin_with(const ParsedReply& prefix) { told_ = prefix; }

  content::ReplyDelta update(const ParsedReply& now, bool complete);

  [[nodiscard]] bool called_tool() const { return !told_.calls.empty(); }
  [[nodiscard]] const ParsedReply& told() const { return told_; }

 private:
  std::uint64_t call_ids_;
  ParsedReply told_;
};

}  // namespace engine::llama
