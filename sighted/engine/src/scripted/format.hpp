// The chat format of the scripted engine: how a conversation becomes bytes, and bytes an answer.
#pragma once

#include <memory>
#include <string>

#include <base/result.hpp>
#include <engine/engine.hpp>
#include <grammar/grammar.hpp>

namespace engine::scripted {

inline constexpr content::TokenId bos_token = 256;
inline constexpr content::TokenId end_token = 257;
inline constexpr content::TokenId turn_start_token = 258;
inline constexpr content::TokenId turn_end_token = 259;
inline constexpr std::uint32_t vocabulary = 260;

class Format final : public ReplyFormat {
 public:
  enum class Reads : std::uint8_t { turns, plain_text };
  /// Plain text has no thoughts and no calls in it.
  explicit Format(grammar::GrammarPtr answer, Reads reads = Reads::turns)
      : answer_(std::move(answer)), reads_(reads) {}
  [[nodiscard]] std::unique_ptr<ReplyParser> parser(std::uint64_t call_ids) const override;
  /// What the whole answer obeys (a tool call, a schema, a grammar); null = nothing.
  [[nodiscard]] const grammar::GrammarPtr& answer() const { return answer_; }

 private:
  grammar::GrammarPtr answer_;
  Reads reads_;
};

/// Text that obeys a grammar of GBNF.
[[nodiscard]] base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
    const std::string& grammar);

/// errors  bad_schema, bad_template_input (a forced tool that is not among the tools; no message).
[[nodiscard]] base::Result<Rendered, Unrendered> render(const content::Chat& chat);

/// Appends the bytes of `text`, one token each.
void append(std::string_view text, content::TokenIds& tokens);

}  // namespace engine::scripted
