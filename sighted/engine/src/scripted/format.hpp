// The chat format of the scripted engine: how a conversation becomes bytes, and bytes an answer.
#pragma once

#include <memory>
#include <string>

#include <base/result.hpp>
#include <engine/engine.hpp>

namespace engine::scripted {

inline constexpr content::TokenId bos_token = 256;
inline constexpr content::TokenId end_token = 257;
inline constexpr content::TokenId turn_start_token = 258;
inline constexpr content::TokenId turn_end_token = 259;
inline constexpr std::uint32_t vocabulary = 260;

class Format final : public ReplyFormat {
 public:
  explicit Format(std::string fixed) : fixed_(std::move(fixed)) {}
  [[nodiscard]] std::unique_ptr<ReplyParser> parser(std::uint64_t call_ids) const override;
  /// The whole answer where the request leaves no choice (a tool call, a schema); else empty.
  [[nodiscard]] const std::string& fixed() const { return fixed_; }

 private:
  std::string fixed_;
};

/// errors  bad_schema, bad_template_input (a forced tool that is not among the tools; no message).
[[nodiscard]] base::Result<Rendered, Unrendered> render(const content::Chat& chat);

/// Appends the bytes of `text`, one token each.
void append(std::string_view text, content::TokenIds& tokens);

}  // namespace engine::scripted
