// The engine: text in, tokens out. One implementation per way to run a model (llama, native,
// scripted). It knows no tenant, no price and no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <base/result.hpp>
#include <content/chat.hpp>
#include <content/reply.hpp>
#include <content/request.hpp>
#include <content/tokens.hpp>
#include <terms/ids.hpp>
#include <terms/work.hpp>

namespace engine {

enum class Error {
  no_such_file,        ///< The model file is gone or unreadable.
  bad_model,           ///< Not a GGUF that can be loaded.
  out_of_memory,       ///< Weights or KV cache do not fit.
  no_chat_template,    ///< The model has none: only completions work.
  bad_template_input,  ///< The template refused the conversation (roles, tools).
  bad_schema,          ///< The JSON schema or tool parameters cannot become a grammar.
  bad_token,           ///< A token id outside the vocabulary.
  no_embeddings,       ///< The model cannot embed.
  too_long,            ///< More tokens than one sequence may have.
  always_thinks,       ///< The template has no way to keep the model from thinking.
  never_thinks,        ///< The template knows no thinking.
  failed,              ///< The engine failed in a way that has no other name.
};

/// A place in what a client gave to hold the answer to a form. Meant for that client alone: the
/// path has the client's own names in it.
struct ConstraintPlace {
  enum class Of {
    schema,   ///< The answer's JSON schema.
    tool,     ///< The parameters of tool number `tool`.
    grammar,  ///< The answer's grammar.
  };
  Of of = Of::schema;
  std::uint32_t tool = 0;  ///< In the order of content::Chat::tools.
  std::string path;        ///< "properties.n.minimum", "line 3"; empty = all of it.
};

/// The reason why a constraint is not taken.
struct ConstraintFault {
  enum class Kind {
    malformed,      ///< Against the rules of JSON schema, or of GBNF.
    unsatisfiable,  ///< No answer could ever satisfy it.
    unsupported,    ///< It cannot be enforced here.
    too_large,      ///< Over a bound: `keyword` says of what, `limit` how much is taken.
  };
  Kind kind = Kind::malformed;
  ConstraintPlace place;
  std::string keyword;
  std::uint64_t limit = 0;
};

/// The reason why something could not be rendered. Compares and converts as its error.
struct Unrendered {
  Error error = Error::failed;
  std::optional<ConstraintFault> fault;  ///< With bad_schema, where more is known.

  Unrendered(Error why) : error(why) {}  // NOLINT: an error is a reason.
  explicit Unrendered(ConstraintFault what) : error(Error::bad_schema), fault(std::move(what)) {}
  friend bool operator==(const Unrendered& a, Error b) { return a.error == b; }
};

/// Facts about a loaded model. Constant after loading.
struct ModelFacts {
  std::string architecture;
  std::string description;
  std::uint64_t parameters = 0;
  std::uint64_t weight_bytes = 0;
  std::uint32_t vocabulary = 0;
  std::uint32_t context_trained = 0;  ///< Tokens.
  std::uint32_t token_bytes_max = 0;  ///< No token stands for more bytes of a prompt; 0 = unknown.
  std::uint32_t pair_tokens_min = 0;  ///< Marks of a chat's template around a question and its
                                      ///< answer, in tokens at least; 0 = unknown.
  std::uint32_t kv_tokens = 0;        ///< KV capacity in tokens, all sequences together.
  std::uint32_t sequence_max = 0;     ///< Most tokens of one lane, prompt and answer.
  std::uint32_t lanes_max = 0;        ///< Sequences that can be resident at once.
  std::uint32_t step_tokens_max = 0;  ///< Most tokens of one step.
  std::uint32_t embedding_width = 0;  ///< 0 = cannot embed.
  std::uint32_t embed_whole_max = 0;  ///< 0 = embed jobs may be prefilled in chunks; else a job's
                                      ///< whole prompt must come in one entry of at most this many.
  bool has_chat_template = false;     ///< false: chats are rendered as ChatML, for want of better.
  bool can_generate = true;           ///< false: an encoder, which only embeds.
  bool can_fork = true;               ///< false: a plan must not fork; each lane computes its own.
  terms::Digest weights;              ///< SHA-256 of the weights file.
  terms::Digest tokenizer;            ///< SHA-256 over vocabulary and merges.
};

/// Follows one answer as its text grows and says what is new: content, reasoning, tool calls.
/// One per choice; not thread-safe; any one thread.
class ReplyParser {
 public:
  virtual ~ReplyParser() = default;
  /// Whole UTF-8 characters. Returns what can already be told.
  virtual content::ReplyDelta feed(std::string_view text) = 0;
  /// The text is complete. Returns the rest. `called_tool()` is final afterwards.
  virtual content::ReplyDelta finish() = 0;
  [[nodiscard]] virtual bool called_tool() const = 0;
};

/// Constraints and parsing that come with a rendered chat. Opaque: made by render(), read by
/// open(); shared by the choices of a job; immutable, safe on any thread.
class ReplyFormat {
 public:
  virtual ~ReplyFormat() = default;
  /// call_ids   what the ids of tool calls are derived from: another number for each choice of
  ///            each request, or two answers in one conversation name their calls alike.
  [[nodiscard]] virtual std::unique_ptr<ReplyParser> parser(std::uint64_t call_ids = 0) const = 0;
  /// Stop strings of the template itself, to be cut like those of the request.
  [[nodiscard]] virtual std::vector<std::string> stops() const { return {}; }
  /// With which a call of a tool may begin that nothing demands: from there on the client's stop
  /// strings have no text to cut.
  [[nodiscard]] virtual std::vector<std::string> call_marks() const { return {}; }
};

/// A prompt in the model's own tokens, BOS and template included. `format` may be null: plain text.
struct Rendered {
  content::TokenIds tokens;
  std::shared_ptr<const ReplyFormat> format;
  /// What of the schemas of tools that are not strict is not enforced; in their order.
  std::vector<ConstraintPlace> unenforced;
};

/// A beginning that its owner opened to others. What is kept of it counts as the owner's; where a
/// prompt goes on after it, it is its own space's again.
struct Opened {
  std::uint64_t owner = 0;   ///< The owner's space.
  std::uint64_t number = 0;  ///< Which one, of all that were ever opened; 0 = none.
  std::uint32_t tokens = 0;  ///< How long it is; only its whole blocks are shared.
};

/// A job for the engine: the sighted twin of terms::WorkItem.
struct JobSpec {
  terms::JobId job;
  terms::WorkKind kind = terms::WorkKind::generate;
  content::TokenIds prompt;
  std::shared_ptr<const ReplyFormat> format;
  content::Sampling sampling;
  std::uint32_t choices = 1;
  /// Beginnings of prompts are shared among jobs of one space only; 0 = this job shares nothing.
  std::uint64_t prefix_space = 0;
  Opened opened;  ///< The prompt begins with all of it.
};

/// The output of one lane in one step.
struct LaneOutput {
  terms::Lane lane;
  std::uint32_t reused = 0;               ///< KV tokens of others that it begins with.
  std::uint32_t computed = 0;             ///< KV tokens made, after those.
  std::optional<content::TokenId> token;  ///< The token sampled, if one was due.
  std::string piece;                      ///< Its bytes; empty for end tokens.
  bool end_token = false;                 ///< The token ends the generation.
  std::optional<content::TokenLogprob> logprob;
  std::vector<float> embedding;  ///< embed jobs, when the prompt is complete; L2-normal.
  bool failed = false;           ///< This lane cannot go on; the others can.
  bool too_costly = false;       ///< With failed: its grammar asked for too much work.
};

struct StepOutput {
  std::vector<LaneOutput> lanes;  ///< One for each entry of the plan's `run`, in its order.
                                  ///< With out_of_kv: the same, nothing computed.
  bool out_of_kv = false;         ///< No room: evictions and forks were done, `run` was not.
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Any thread, at any time, concurrently.
  [[nodiscard]] virtual const ModelFacts& facts() const = 0;
  /// Renders with the model's template and tokenizes. Special tokens of the template are parsed;
  /// names of control tokens in messages stay text.
  /// errors: no_chat_template, bad_template_input, bad_schema, always_thinks, never_thinks,
  /// too_long, failed.
  [[nodiscard]] virtual base::Result<Rendered, Unrendered> render(
      const content::Chat& chat) const = 0;
  /// What holds the continuations of raw prompts to a grammar, which is GBNF text.
  /// errors  bad_schema.
  [[nodiscard]] virtual base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar) const = 0;
  /// Tokenizes a raw prompt, BOS added where the model wants one. Ids are checked.
  [[nodiscard]] virtual base::Result<content::TokenIds, Error> tokenize(
      const content::RawPrompt& prompt) const = 0;
  /// The bytes of tokens, special ones as nothing.
  [[nodiscard]] virtual std::string text(const content::TokenIds& tokens) const = 0;

  // The engine thread only.
  /// Makes a job known; computes nothing.
  /// returns  what of its prompt is kept from others, or computed by one that is open.
  /// errors   bad_schema, bad_token, too_long, no_embeddings.
  virtual base::Result<terms::Prefix, Error> open(JobSpec spec) = 0;
  /// Carries out a plan. Every lane must be of an open job; entries obey facts(). Never throws.
  virtual StepOutput step(const terms::StepPlan& plan) = 0;
  /// Forgets a job and frees its KV. A job that is not open is ignored.
  virtual void close(terms::JobId job) = 0;
  /// Nothing is kept of a space any more, nor of what it opened and of what others' prompts had
  /// after that. What lanes hold at the moment is theirs until they end.
  virtual void forget(std::uint64_t prefix_space) = 0;
  /// KV tokens not in use by lanes, counted by the engine itself; those that several lanes hold
  /// together once. What is kept of closed jobs gives way and is not counted.
  [[nodiscard]] virtual std::uint32_t kv_free() const = 0;
  /// Tokens that several lanes hold together.
  [[nodiscard]] virtual terms::Sharing sharing() const = 0;
};

}  // namespace engine
