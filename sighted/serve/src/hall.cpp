#include <serve/hall.hpp>

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include <base/invariant.hpp>

namespace serve {

using terms::EndReason;

namespace {

/// The longest sequence of a flavour: its own bound, and what the engine can hold at all.
std::uint32_t context_of(const Flavour& flavour) {
  return std::min(flavour.context, flavour.loop->engine().facts().sequence_max);
}

Unfit unfit(Unfit::Kind kind) {
  Unfit made;
  made.kind = kind;
  return made;
}

/// A prompt that was refused uncounted. All that is known of it is that it is too long.
Unfit too_long(const Flavour& flavour, std::uint64_t output_asked, std::uint64_t at_least = 0) {
  const std::uint64_t context = context_of(flavour);
  return {Unfit::Kind::context_exceeded,
          std::max(at_least, context + 1),
          true,
          output_asked,
          context,
          {}};
}

Unfit unfit(engine::Error error, const Flavour& flavour, std::uint64_t output_asked) {
  switch (error) {
    case engine::Error::too_long: return too_long(flavour, output_asked);
    case engine::Error::always_thinks: return unfit(Unfit::Kind::always_thinks);
    case engine::Error::never_thinks: return unfit(Unfit::Kind::never_thinks);
    case engine::Error::no_chat_template: return unfit(Unfit::Kind::no_chat_template);
    case engine::Error::bad_template_input: return unfit(Unfit::Kind::bad_conversation);
    case engine::Error::bad_schema: return unfit(Unfit::Kind::bad_schema);
    case engine::Error::bad_token: return unfit(Unfit::Kind::bad_token);
    case engine::Error::no_embeddings: return unfit(Unfit::Kind::no_embeddings);
    default: return unfit(Unfit::Kind::engine_failed);
  }
}

Unfit unfit(const engine::Unrendered& why, const Flavour& flavour, std::uint64_t output_asked) {
  Unfit made = unfit(why.error, flavour, output_asked);
  made.constraint = why.fault;
  return made;
}

/// The least number of tokens that so many bytes can be, where that is known.
std::uint64_t tokens_at_least(const Flavour& flavour, std::uint64_t bytes) {
  const std::uint64_t each = flavour.loop->engine().facts().token_bytes_max;
  return each == 0 ? 0 : bytes / each;
}

/// The least number of tokens that the template's own marks can be. A question and the answer right
/// after it keep turns of their own, however a template's strictness joins the others.
std::uint64_t marks_at_least(const Flavour& flavour, const content::Chat& chat) {
  if (!chat.template_values.empty()) {
    return 0;  // A client's own values may make the template leave out turns.
  }
  std::uint64_t pairs = 0;
  for (std::size_t i = 1; i < chat.messages.size(); ++i) {
    const content::Message& question = chat.messages[i - 1];
    const content::Message& answer = chat.messages[i];
    const bool pair = question.role == "user" && answer.role == "assistant" &&
                      !question.text.empty() && !answer.text.empty();
    pairs += pair ? 1 : 0;
  }
  // The first and the last turn may be written in another way.
  return pairs < 2 ? 0 : (pairs - 2) * flavour.loop->engine().facts().pair_tokens_min;
}

/// The least number of tokens that a chat can be. An assistant's text does not count, because
/// templates leave out some of it.
std::uint64_t tokens_at_least(const Flavour& flavour, const content::Chat& chat) {
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
  for (const content::Message& message : chat.messages) {
    if (message.role != "assistant" && !message.text.empty()) {
      bytes += message.text.size();
      ++messages;
    }
  }
  return std::max(messages, tokens_at_least(flavour, bytes) + marks_at_least(flavour, chat));
}

base::Result<base::Done, Unfit> tokenize_all(const Flavour& flavour,
                                             const std::vector<content::RawPrompt>& prompts,
                                             std::uint64_t output_asked, Prepared& prepared) {
  for (const content::RawPrompt& prompt : prompts) {
    const auto* const text = std::get_if<std::string>(&prompt);
    const std::uint64_t least = text == nullptr ? 0 : tokens_at_least(flavour, text->size());
    if (least > context_of(flavour)) {
      return base::Fail{too_long(flavour, output_asked, least)};
    }
  }
  for (const content::RawPrompt& prompt : prompts) {
    auto tokens = flavour.loop->engine().tokenize(prompt);
    if (!tokens.ok()) {
      return base::Fail{unfit(tokens.error(), flavour, output_asked)};
    }
    prepared.prompts.push_back(std::move(tokens).value());
  }
  return base::Done{};
}

/// Fills in the counts, or says which bound the request breaks.
base::Result<base::Done, Unfit> fit(Prepared& prepared, std::uint64_t output_asked) {
  const std::uint64_t context = context_of(prepared.flavour);
  std::uint64_t input = 0;
  std::uint64_t longest = 0;
  for (const content::TokenIds& prompt : prepared.prompts) {
    if (prompt.empty()) {
      return base::Fail{unfit(Unfit::Kind::empty_prompt)};
    }
    input += prompt.size();
    longest = std::max<std::uint64_t>(longest, prompt.size());
  }
  const bool embed = prepared.kind == terms::WorkKind::embed;
  const std::uint64_t least_output = embed ? 0 : 1;
  const std::uint64_t whole_max = prepared.flavour.loop->engine().facts().embed_whole_max;
  const std::uint64_t bound = embed && whole_max > 0 ? std::min(context, whole_max) : context;
  if (longest + least_output > bound || input > std::numeric_limits<std::int32_t>::max()) {
    return base::Fail{
        Unfit{Unfit::Kind::context_exceeded, longest, false, output_asked, bound, {}}};
  }
  // What is asked for is an upper bound: clients ask for more than fits, and mean what fits.
  const std::uint64_t room = embed ? 0 : bound - longest;
  const std::uint64_t each = prepared.output_asked ? std::min(output_asked, room) : room;
  prepared.context_ends_it = !prepared.output_asked || output_asked > room;
  const std::uint64_t output = each * prepared.choices * prepared.prompts.size();
  base::invariant(output <= std::numeric_limits<std::int32_t>::max(),
                  "the wire bounds choices, so that output fits");
  prepared.output_max_each = static_cast<std::uint32_t>(each);
  prepared.input = {static_cast<std::uint32_t>(input)};
  prepared.output_max = {static_cast<std::uint32_t>(output)};
  return base::Done{};
}

settle::Hold hold_for(const Prepared& prepared, const Caller& caller, const Offer& offer) {
  settle::Hold hold;
  hold.tenant = caller.tenant;
  hold.account = caller.account;
  hold.key = caller.key;
  hold.limits = caller.limits;
  hold.model = prepared.flavour.model;
  hold.price_list = offer.list;
  hold.price_list_hash = offer.list_hash;
  hold.prices = offer.prices;
  hold.input = prepared.input;
  hold.output_max = prepared.output_max;
  hold.choices = prepared.choices * static_cast<std::uint32_t>(prepared.prompts.size());
  hold.output_asked = prepared.output_asked ? 1 : 0;
  return hold;
}

}  // namespace

Hall::Hall(BooksThread& books, const base::Clock& clock, base::Random& random)
    : books_(books), clock_(clock), random_(random) {}

base::Result<Prepared, Unfit> Hall::prepare(const Flavour& flavour,
                                            const content::GenerationRequest& request) {
  const engine::Engine& engine = flavour.loop->engine();
  if (!engine.facts().can_generate) {
    return base::Fail{unfit(Unfit::Kind::cannot_generate)};
  }
  Prepared prepared;
  prepared.flavour = flavour;
  prepared.sampling = request.sampling;
  prepared.choices = request.choices;
  prepared.output_asked = request.output_max.has_value();
  const std::uint64_t output_asked = request.output_max.value_or(0);
  if (const auto* chat = std::get_if<content::Chat>(&request.prompt)) {
    // Counting the tokens of what cannot fit would be work for nothing.
    const std::uint64_t least = tokens_at_least(flavour, *chat);
    if (least > context_of(flavour)) {
      return base::Fail{too_long(flavour, output_asked, least)};
    }
    auto rendered = engine.render(*chat);
    if (!rendered.ok()) {
      return base::Fail{unfit(rendered.error(), flavour, output_asked)};
    }
    prepared.prompts.push_back(std::move(rendered->tokens));
    prepared.format = rendered->format;
    prepared.unenforced = std::move(rendered->unenforced);
    if (chat->tool_choice == content::ToolChoice::required) {
      prepared.sampling.stop
          .clear();  // The answer is a call: there is no text that they could cut.
    }
  } else {
    const auto& prompts = std::get<std::vector<content::RawPrompt>>(request.prompt);
    if (auto done = tokenize_all(flavour, prompts, output_asked, prepared); !done.ok()) {
      return base::Fail{done.error()};
    }
    if (!request.grammar.empty()) {
      auto format = engine.obeying(request.grammar);
      if (!format.ok()) {
        return base::Fail{unfit(format.error(), flavour, output_asked)};
      }
      prepared.format = std::move(format).value();
    }
  }
  if (auto done = fit(prepared, output_asked); !done.ok()) {
    return base::Fail{done.error()};
  }
  return prepared;
}

base::Result<Prepared, Unfit> Hall::prepare(const Flavour& flavour,
                                            const content::EmbeddingRequest& request) {
  const engine::Engine& engine = flavour.loop->engine();
  if (engine.facts().embedding_width == 0) {
    return base::Fail{unfit(Unfit::Kind::no_embeddings)};
  }
  Prepared prepared;
  prepared.flavour = flavour;
  prepared.kind = terms::WorkKind::embed;
  prepared.output_asked = true;
  if (auto done = tokenize_all(flavour, request.inputs, 0, prepared); !done.ok()) {
    return base::Fail{done.error()};
  }
  if (auto done = fit(prepared, 0); !done.ok()) {
    return base::Fail{done.error()};
  }
  return prepared;
}

base::Result<content::TokenIds, Unfit> Hall::beginning(const Flavour& flavour,
                                                       const content::GenerationRequest& request) {
  const auto* chat = std::get_if<content::Chat>(&request.prompt);
  if (chat == nullptr) {
    return base::Fail{unfit(Unfit::Kind::bad_conversation)};
  }
  // Rendered with messages that have nothing in common: what is the same in all. Those that begin
  // with a blank take the template's last token along where a tokenizer joins the two.
  std::optional<content::TokenIds> same;
  for (const char* text : {"0", "A", " b", "\nc"}) {
    content::GenerationRequest one = request;
    content::Message& message = std::get<content::Chat>(one.prompt).messages.emplace_back();
    message.role = "user";
    message.text = text;
    auto prepared = prepare(flavour, one);
    if (!prepared.ok()) {
      return base::Fail{prepared.error()};
    }
    const content::TokenIds& tokens = prepared->prompts.front();
    if (!same) {
      same = tokens;
    }
    same->erase(std::ranges::mismatch(*same, tokens).in1, same->end());
  }
  return std::move(*same);
}

std::optional<Opening> Hall::open_beginning(terms::TenantId owner, const Flavour& flavour,
                                            content::TokenIds beginning,
                                            std::vector<terms::TenantId> to) {
  const OpeningId fresh{random_.next(), random_.next() | 1U};
  return openings_.open(owner, flavour.model, *flavour.loop, std::move(beginning), std::move(to),
                        fresh);
}

Ticket Hall::submit(Prepared prepared, const Caller& caller, const Offer& offer,
                    const terms::Digest& idempotency, std::shared_ptr<Stream> stream) {
  // Time first, so that receipts are written side by side in the store; the rest is random.
  const terms::RequestId id{static_cast<std::uint64_t>(clock_.now().value), random_.next() | 1U};
  EngineLoop& loop = *prepared.flavour.loop;
  auto cancellation = std::make_shared<Cancellation>();
  Ticket ticket(id, loop, cancellation);
  if (!open_) {
    stream->push(Failed{FailureKind::draining, {}});
    return ticket;
  }
  if (!loop.has_room(prepared.prompts.size())) {
    stream->push(Failed{FailureKind::queue_full, {}});
    return ticket;
  }
  settle::Hold hold = hold_for(prepared, caller, offer);
  hold.request = id;
  hold.idempotency = idempotency;
  hold.now = clock_.now();

  FundedRequest order;
  order.request = id;
  order.tenant = caller.tenant;
  order.key = caller.key;
  order.salt = {{random_.next(), random_.next(), random_.next(), random_.next() | 1U}};
  order.model = prepared.flavour.model;
  order.prices = offer.prices;
  order.kind = prepared.kind;
  for (const content::TokenIds& prompt : prepared.prompts) {
    if (prepared.opening.valid()) {
      order.opened.push_back(openings_.find(prepared.opening, caller.tenant, loop, prompt));
    }
  }
  order.prompts = std::move(prepared.prompts);
  order.format = std::move(prepared.format);
  order.sampling = std::move(prepared.sampling);
  order.choices = prepared.choices;
  order.output_max_each = prepared.output_max_each;
  order.context_ends_it = prepared.context_ends_it;
  order.arrived = clock_.since_start();
  order.stream = stream;
  order.cancellation = std::move(cancellation);

  // std::function wants a copyable callable; the order is moved out of the one shared holder.
  auto parked = std::make_shared<FundedRequest>(std::move(order));
  books_.ask(hold, [parked, &loop](const settle::Outcome& outcome) {
    if (const auto* refused = std::get_if<settle::Refused>(&outcome)) {
      parked->stream->push(Failed{FailureKind::refused_by_books, *refused});
      return;
    }
    const auto& held = std::get<settle::Held>(outcome);
    const auto all = static_cast<std::uint32_t>(parked->prompts.size()) * parked->choices;
    const std::uint32_t each = held.output_granted.value / all;
    if (each < parked->output_max_each) {
      parked->output_max_each = each;
      parked->at_limit = EndReason::funds;
    }
    loop.submit(std::move(*parked));
  });
  return ticket;
}

}  // namespace serve
