// The hall: one request's life, from the parsed request to the settled receipt.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <content/request.hpp>
#include <price/price.hpp>
#include <serve/books_thread.hpp>
#include <serve/engine_loop.hpp>
#include <serve/openings.hpp>
#include <serve/order.hpp>
#include <serve/stream.hpp>
#include <settle/commands.hpp>
#include <terms/ids.hpp>

namespace serve {

/// A flavour: a name's id, the engine that runs its weights, and how long a sequence may be.
struct Flavour {
  terms::ModelId model;
  EngineLoop* loop = nullptr;
  std::uint32_t context = 0;  ///< Tokens, prompt and output of one choice together.
};

/// A request in the model's tokens, within its bounds, not yet paid.
struct Prepared {
  Flavour flavour;
  terms::WorkKind kind = terms::WorkKind::generate;
  std::vector<content::TokenIds> prompts;
  std::shared_ptr<const engine::ReplyFormat> format;  ///< Null: plain text.
  content::Sampling sampling;
  std::uint32_t choices = 1;          ///< For each prompt.
  std::uint32_t output_max_each = 0;  ///< What was asked for, as far as the context has room.
  bool output_asked = false;
  bool context_ends_it = false;  ///< output_max_each is all that the context has room for.
  OpeningId opening;        ///< What the client says its prompts begin with; none: nothing opened.
  base::Tokens input;       ///< Over all prompts.
  base::Tokens output_max;  ///< Over all choices.
  /// What of the schemas of tools that are not strict is not enforced. For the client alone.
  std::vector<engine::ConstraintPlace> unenforced;
};

/// Why a request cannot be run at all. Numbers, so that the message can be made in any language.
struct Unfit {
  enum class Kind : std::uint32_t {
    empty_prompt,
    context_exceeded,  ///< `input` leaves no room for a token in `context`.
    no_chat_template,
    bad_conversation,  ///< The model's template refuses it.
    always_thinks,     ///< Thinking cannot be switched off.
    never_thinks,      ///< Thinking cannot be switched on.
    bad_schema,
    bad_token,
    no_embeddings,
    cannot_generate,
    engine_failed,
  };
  Kind kind = Kind::engine_failed;
  std::uint64_t input = 0;
  bool input_at_least = false;  ///< Not counted: `input` is what the prompt has at the least.
  std::uint64_t output_asked = 0;
  std::uint64_t context = 0;
  std::optional<engine::ConstraintFault> constraint;  ///< With bad_schema, where more is known.
};

/// Who asks, and what their key may do. Made by authentication, never from the request's body.
struct Caller {
  terms::TenantId tenant;
  terms::Pseudonym account;  ///< What receipts call the tenant.
  terms::KeyId key;
  settle::Limits limits;
};

/// A model's price at the moment of admission.
struct Offer {
  terms::PriceListId list;
  terms::Digest list_hash;  ///< SHA-256 of its canonical JSON.
  price::Prices prices;
};

/// A request under way. Dropping it does not end the request.
class Ticket {
 public:
  Ticket(terms::RequestId request, EngineLoop& loop, std::shared_ptr<Cancellation> cancellation)
      : request_(request), loop_(loop), cancellation_(std::move(cancellation)) {}
  [[nodiscard]] terms::RequestId request() const { return request_; }
  /// Any thread; repeatable. The request ends within one step and is charged for what it used.
  void cancel(terms::EndReason why) const {
    cancellation_->cancel(why);
    loop_.cancel(request_);
  }

 private:
  terms::RequestId request_;
  EngineLoop& loop_;
  std::shared_ptr<Cancellation> cancellation_;
};

/// Any thread may call. Owns nothing; everything it is given must outlive it.
class Hall {
 public:
  Hall(BooksThread& books, const base::Clock& clock, base::Random& random);

  /// Renders, tokenizes, checks bounds. Costs CPU in proportion to the prompt, nothing else.
  [[nodiscard]] static base::Result<Prepared, Unfit> prepare(
      const Flavour& flavour, const content::GenerationRequest& request);
  [[nodiscard]] static base::Result<Prepared, Unfit> prepare(
      const Flavour& flavour, const content::EmbeddingRequest& request);

  /// What every conversation has in common that begins with a chat's messages and tools, and goes
  /// on with a message of the user's. Costs CPU like prepare(); runs nothing.
  [[nodiscard]] static base::Result<content::TokenIds, Unfit> beginning(
      const Flavour& flavour, const content::GenerationRequest& request);
  /// Opens a beginning to other tenants; see Openings.
  std::optional<Opening> open_beginning(terms::TenantId owner, const Flavour& flavour,
                                        content::TokenIds beginning,
                                        std::vector<terms::TenantId> to);
  [[nodiscard]] Openings& openings() { return openings_; }

  /// Holds the money, then runs the request. Never blocks; all that happens arrives on `stream`,
  /// which ends with exactly one Charged or Failed.
  /// idempotency   salted digest of the client's idempotency key; none = not asked for.
  Ticket submit(Prepared prepared, const Caller& caller, const Offer& offer,
                const terms::Digest& idempotency, std::shared_ptr<Stream> stream);

  /// From now on submit() fails with `draining`.
  void close() { open_ = false; }

 private:
  BooksThread& books_;
  const base::Clock& clock_;
  base::Random& random_;
  Openings openings_;
  std::atomic<bool> open_ = true;
};

}  // namespace serve
