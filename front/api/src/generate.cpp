// The routes that run a model: parse, prepare, pay, and hand the answer on as it comes.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/bind_executor.hpp>

#include <notation/id_text.hpp>
#include <notation/money_text.hpp>
#include <receipt/digest.hpp>
#include <wire/anthropic_parse.hpp>
#include <wire/anthropic_write.hpp>
#include <wire/openai_parse.hpp>
#include <wire/openai_write.hpp>

#include "content_logprobs.hpp"
#include "inside.hpp"
#include "unfit.hpp"
#include "waiter.hpp"

namespace api {

using terms::EndReason;

namespace {

constexpr std::chrono::seconds keep_alive_pause{15};

/// The error for a client that gets no answer; where a bill may exist all the same, with its id.
Problem without_bill(const serve::Failed& failure, const serve::Ticket& ticket,
                     std::string_view form = {}) {
  Problem problem = failed(failure, form);
  if (failure.kind == serve::FailureKind::not_recorded) {
    problem.headers.emplace_back("x-receipt-id", notation::to_text(ticket.request()));
  }
  return problem;
}

// A larger body may take longer to read than a change of thread does.
constexpr std::size_t quick_body_bytes_max = std::size_t{2} * 1024;

// Each message costs a template about as much as some hundred bytes of text cost the tokenizer.
constexpr std::size_t quick_messages_max = 4;

/// Whether a request of a small body takes well below a millisecond to render and tokenize:
/// nothing has to be compiled for it, and few messages rendered.
bool is_quick_to_prepare(const content::GenerationRequest& request) {
  if (!request.grammar.empty()) {
    return false;
  }
  if (const auto* chat = std::get_if<content::Chat>(&request.prompt)) {
    return chat->messages.size() <= quick_messages_max && chat->tools.empty() &&
           chat->json_schema.empty() && chat->grammar.empty() && chat->template_values.empty();
  }
  return true;
}

/// The field that gave the answer's form; empty: none did. Points into the request.
std::string_view form_field(const content::GenerationRequest& request) {
  const auto* chat = std::get_if<content::Chat>(&request.prompt);
  if (chat == nullptr) {
    return request.grammar_field;
  }
  return chat->form_field.empty() && !chat->tools.empty() ? "tools"
                                                          : std::string_view(chat->form_field);
}

/// Routes below /v1/messages speak Anthropic's protocol.
Dialect dialect_of(const Call& call) {
  return call.request.path.starts_with("/v1/messages") ? Dialect::anthropic : Dialect::openai;
}

}  // namespace

/// An answer under way: one parser for each choice turns text into content, reasoning and calls.
struct Api::Inside::Generation {
  serve::Ticket ticket;
  std::shared_ptr<serve::Stream> stream;
  std::shared_ptr<Waiter> waiter;
  std::unique_ptr<ReplyWriter> writer;
  std::vector<std::unique_ptr<engine::ReplyParser>> parsers;  ///< Empty: plain text.
  std::vector<std::string> echo;                              ///< Empty: no echo.
  std::uint32_t choices = 1;
  base::Tokens input;
  std::string unenforced;  ///< What of the tools' schemas is not enforced, for a header.
  std::string_view form;   ///< See form_field().
  std::vector<ContentLogprobs> logprobs = std::vector<ContentLogprobs>(choices);

  content::ReplyDelta parse(serve::TextPiece& piece) {
    ContentLogprobs& tokens = logprobs[piece.choice];
    for (content::TokenLogprob& token : piece.logprobs) {
      tokens.add(std::move(token));
    }
    content::ReplyDelta delta;
    if (parsers.empty()) {
      delta.text = std::move(piece.text);
      delta.text_at = tokens.end();  // All of the answer is content.
    } else {
      delta = parsers[piece.choice]->feed(piece.text);
    }
    delta.logprobs = tokens.told(delta.text_at, delta.text.size());
    return delta;
  }

  /// The rest of a choice, and how it ended.
  std::pair<content::ReplyDelta, wire::Finish> finish(const serve::ChoiceEnd& how) {
    std::pair<content::ReplyDelta, wire::Finish> end;
    end.second.reason = how.end;
    end.second.stop_sequence = how.stop_string;
    end.second.context_full = how.context_full;
    if (!parsers.empty()) {
      end.first = parsers[how.choice]->finish();
      end.second.called_tool = parsers[how.choice]->called_tool();
    }
    ContentLogprobs& tokens = logprobs[how.choice];
    end.first.logprobs = tokens.told(end.first.text_at, end.first.text.size());
    auto last = tokens.finish();
    std::move(last.begin(), last.end(), std::back_inserter(end.first.logprobs));
    return end;
  }

  /// The header of an answer that is given.
  [[nodiscard]] Headers headers() const {
    Headers all{{"x-receipt-id", notation::to_text(ticket.request())}};
    if (!unenforced.empty()) {
      all.emplace_back("x-unenforced", unenforced);
    }
    return all;
  }
};

terms::Digest Api::Inside::idempotency(const Call& call) const {
  const std::string_view key = call.request.header("idempotency-key");
  const registry::TenantPtr tenant = around_.registry.tenant(call.key->tenant);
  if (key.empty() || tenant == nullptr) {
    return {};
  }
  receipt::Hasher hasher;
  hasher.add_bytes(tenant->salt);
  hasher.add_bytes({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()});
  return hasher.digest();
}

wire::ReplyHead Api::Inside::head(const serve::Ticket& ticket, const std::string& model) const {
  return {notation::to_text(ticket.request()), model, around_.clock.now().value / 1'000'000'000};
}

wire::UsageNote Api::Inside::usage_note(const serve::Charged& charged) const {
  return {charged.usage, notation::to_text(charged.charge), std::to_string(charged.charge.value),
          currency()};
}

/// A request that was rendered and tokenized, and its model.
struct Api::Inside::Ready {
  Served served;
  serve::Prepared prepared;
  std::vector<std::string> echo;  ///< One for each choice; empty: not asked for.
};

base::Result<Api::Inside::Ready, Problem> Api::Inside::make_ready(const Call& call,
                                                                  const Parsed& parsed) const {
  if (!parsed.ok()) {
    return base::Fail{body_error(parsed.error())};
  }
  const content::GenerationRequest& request = parsed.value();
  auto model = served_to(call, request.model);
  // Another server may just have published its price. This is no HTTP thread.
  if (!model.ok() && models_.contains(request.model) && !served(request.model).ok() &&
      around_.registry.catch_up()) {
    model = served_to(call, request.model);
  }
  if (!model.ok()) {
    return base::Fail{model.error()};
  }
  auto prepared = serve::Hall::prepare(model->model->flavour, request);
  if (!prepared.ok()) {
    return base::Fail{unfit(prepared.error(), AskedWith::of(request, dialect_of(call)))};
  }
  prepared->opening = opening_named(call.request.header("x-prefix"));
  std::vector<std::string> echo;
  if (request.echo) {
    for (const content::TokenIds& prompt : prepared->prompts) {
      echo.insert(echo.end(), prepared->choices, model->model->flavour.loop->engine().text(prompt));
    }
  }
  return Ready{*model, std::move(prepared).value(), std::move(echo)};
}

asio::awaitable<void> Api::Inside::chat_completions(Call& call) {
  return generate(call, &wire::parse_chat, Protocol::openai_chat);
}

asio::awaitable<void> Api::Inside::completions(Call& call) {
  return generate(call, &wire::parse_completion, Protocol::openai_completion);
}

asio::awaitable<void> Api::Inside::messages(Call& call) {
  return generate(call, &wire::parse_messages, Protocol::anthropic);
}

asio::awaitable<void> Api::Inside::generate(Call& call, Parser parse, Protocol protocol) {
  std::optional<Parsed> parsed;
  const auto is_quick = [&] {
    if (call.request.body.size() > quick_body_bytes_max) {
      return false;
    }
    parsed.emplace(parse(call.request.body));
    // A model without a price is looked up in the shared registry, which may take a while.
    return !parsed->ok() ||
           (is_quick_to_prepare(parsed->value()) && served(parsed->value().model).ok());
  };
  const auto make = [&] {
    if (!parsed.has_value()) {
      parsed.emplace(parse(call.request.body));
    }
    return make_ready(call, *parsed);
  };
  auto ready = co_await prepared_by(call, make, is_quick);
  if (!ready.ok()) {
    co_await fail(call, ready.error());
    co_return;
  }
  const content::GenerationRequest& request = parsed->value();
  serve::Prepared& prepared = ready->prepared;
  const auto choices = static_cast<std::uint32_t>(prepared.prompts.size()) * prepared.choices;
  const std::shared_ptr<const engine::ReplyFormat> format = prepared.format;
  const base::Tokens input = prepared.input;
  std::string unenforced = unenforced_text(prepared.unenforced, dialect_of(call));
  auto stream = std::make_shared<serve::Stream>(request.stream ? serve::Reading::as_it_comes
                                                               : serve::Reading::when_complete);
  auto waiter = std::make_shared<Waiter>(call.exchange.executor());
  stream->on_ready([waiter] { waiter->signal(); });
  serve::Ticket ticket = around_.hall.submit(std::move(prepared), caller(call), ready->served.offer,
                                             idempotency(call), stream);
  call.exchange.on_gone([ticket] { ticket.cancel(EndReason::disconnect); });
  call.id = notation::to_text(ticket.request());

  const WriterOptions options{protocol, choices, request.sampling.top_logprobs >= 0,
                              request.stream_usage};
  Generation generation{ticket,
                        std::move(stream),
                        std::move(waiter),
                        make_writer(head(ticket, request.model), options),
                        {},
                        std::move(ready->echo),
                        choices,
                        input,
                        std::move(unenforced),
                        form_field(request)};
  for (std::uint32_t i = 0; format != nullptr && i < choices; ++i) {
    generation.parsers.push_back(format->parser(ticket.request().low + i));
  }
  if (request.stream) {
    co_await stream_out(call, generation);
  } else {
    co_await send_whole(call, generation);
  }
}

asio::awaitable<void> Api::Inside::send_whole(Call& call, Generation& generation) {
  // The stream wakes us once, when the answer is complete and charged.
  while (!co_await generation.waiter->wait(std::chrono::hours(1))) {
  }
  std::vector<wire::Answer> answers(generation.choices);
  for (std::size_t i = 0; i < generation.echo.size(); ++i) {
    answers[i].echo = generation.echo[i];
  }
  std::vector<bool> over(generation.choices, false);
  const auto end = [&](const serve::ChoiceEnd& how) {
    auto [rest, finish] = generation.finish(how);
    answers[how.choice].add(std::move(rest));
    answers[how.choice].finish = std::move(finish);
    over[how.choice] = true;
  };
  for (serve::Event& event : generation.stream->take()) {
    if (auto* piece = std::get_if<serve::TextPiece>(&event)) {
      answers[piece->choice].add(generation.parse(*piece));
    } else if (auto* ended = std::get_if<serve::ChoiceEnd>(&event)) {
      end(*ended);
    } else if (const auto* failure = std::get_if<serve::Failed>(&event)) {
      count_refusal(call, *failure);
      co_await fail(call, without_bill(*failure, generation.ticket, generation.form));
      co_return;
    } else if (const auto* charged = std::get_if<serve::Charged>(&event)) {
      if (charged->end == EndReason::error || charged->end == EndReason::cancel) {
        Problem broken = broken_off(charged->end);
        broken.headers.emplace_back("x-receipt-id", call.id);
        co_await fail(call, broken);
        co_return;
      }
      for (std::uint32_t i = 0; i < generation.choices; ++i) {
        if (!over[i]) {
          end({i, charged->end, {}, false});
        }
      }
      http::Response response;
      response.headers = generation.headers();
      response.body = generation.writer->whole(answers, usage_note(*charged));
      co_await send(call, std::move(response));
    }
  }
}

/// The header and what stands before the first token.
asio::awaitable<std::string> Api::Inside::begin_events(Call& call, Generation& generation) {
  around_.metrics.on_answer(200);
  Headers headers = generation.headers();
  headers.emplace_back("cache-control", "no-cache");
  headers.emplace_back("x-accel-buffering", "no");  // nginx would keep events back.
  address(call, headers);
  if (!co_await call.exchange.begin_stream(200, "text/event-stream", std::move(headers))) {
    generation.ticket.cancel(EndReason::disconnect);
  }
  std::string out = generation.writer->start({generation.input, {0}, {0}});
  for (std::uint32_t i = 0; i < generation.echo.size(); ++i) {
    out += generation.writer->echo(i, generation.echo[i]);
  }
  co_return out;
}

asio::awaitable<void> Api::Inside::stream_out(Call& call, Generation& generation) {
  bool begun = false;
  std::vector<bool> over(generation.choices, false);
  for (;;) {
    const bool signalled = co_await generation.waiter->wait(keep_alive_pause);
    std::string out;
    if (!signalled && begun) {
      out = generation.writer->keep_alive();
    }
    bool last = false;
    for (serve::Event& event : generation.stream->take()) {
      const auto* failure = std::get_if<serve::Failed>(&event);
      if (failure != nullptr && !begun) {
        count_refusal(call, *failure);
        co_await fail(call, failed(*failure, generation.form));
        co_return;
      }
      if (!begun) {
        // Admitted: the money is held, the prompt fits, the engine has taken it. What fails from
        // here on is an event.
        begun = true;
        out += co_await begin_events(call, generation);
      }
      last = write_event(call, generation, event, over, out) || last;
    }
    if (!out.empty() && !co_await call.exchange.write(out)) {
      generation.ticket.cancel(EndReason::disconnect);
    }
    if (last) {
      co_await call.exchange.end_stream();
      co_return;
    }
  }
}

/// Adds what an event says to `out`. True: it was the last.
bool Api::Inside::write_event(const Call& call, Generation& generation, serve::Event& event,
                              std::vector<bool>& over, std::string& out) const {
  ReplyWriter& writer = *generation.writer;
  const auto end = [&](const serve::ChoiceEnd& how) {
    auto [rest, finish] = generation.finish(how);
    if (!rest.empty()) {
      out += writer.delta(how.choice, rest);
    }
    out += writer.finish(how.choice, finish);
    over[how.choice] = true;
  };
  const auto fail_with = [&](const Problem& problem) {
    wire::ApiError error = problem.error;
    error.request_id = call.id;
    out += writer.error(error);
    return true;
  };
  if (auto* piece = std::get_if<serve::TextPiece>(&event)) {
    const std::uint32_t choice = piece->choice;
    const content::ReplyDelta delta = generation.parse(*piece);
    if (!delta.empty()) {
      out += writer.delta(choice, delta);
    }
  } else if (auto* ended = std::get_if<serve::ChoiceEnd>(&event)) {
    if (ended->end != EndReason::error) {  // An error ends it all; its event follows.
      end(*ended);
    }
  } else if (const auto* failure = std::get_if<serve::Failed>(&event)) {
    return fail_with(failed(*failure, generation.form));
  } else if (const auto* charged = std::get_if<serve::Charged>(&event)) {
    if (charged->end == EndReason::error || charged->end == EndReason::cancel) {
      return fail_with(broken_off(charged->end));
    }
    for (std::uint32_t i = 0; i < generation.choices; ++i) {
      if (!over[i]) {
        end({i, charged->end, {}, false});
      }
    }
    out += writer.end(usage_note(*charged));
    return true;
  }
  return false;
}

asio::awaitable<void> Api::Inside::embeddings(Call& call) {
  struct ReadyToEmbed {
    content::EmbeddingRequest request;
    Served served;
    serve::Prepared prepared;
  };
  auto ready = co_await prepared_by(call, [&]() -> base::Result<ReadyToEmbed, Problem> {
    auto parsed = wire::parse_embedding(call.request.body);
    if (!parsed.ok()) {
      return base::Fail{body_error(parsed.error())};
    }
    const auto model = served_to(call, parsed->model);
    if (!model.ok()) {
      return base::Fail{model.error()};
    }
    auto made = serve::Hall::prepare(model->model->flavour, *parsed);
    if (!made.ok()) {
      return base::Fail{unfit(made.error(), AskedWith::of(*parsed))};
    }
    return ReadyToEmbed{std::move(parsed).value(), *model, std::move(made).value()};
  });
  if (!ready.ok()) {
    co_await fail(call, ready.error());
    co_return;
  }
  const content::EmbeddingRequest& request = ready->request;
  std::vector<std::vector<float>> vectors(ready->prepared.prompts.size());
  auto stream = std::make_shared<serve::Stream>(serve::Reading::when_complete);
  auto waiter = std::make_shared<Waiter>(call.exchange.executor());
  stream->on_ready([waiter] { waiter->signal(); });
  const serve::Ticket ticket = around_.hall.submit(std::move(ready->prepared), caller(call),
                                                   ready->served.offer, idempotency(call), stream);
  call.exchange.on_gone([ticket] { ticket.cancel(EndReason::disconnect); });
  call.id = notation::to_text(ticket.request());
  while (!co_await waiter->wait(std::chrono::hours(1))) {
  }
  for (serve::Event& event : stream->take()) {
    if (auto* piece = std::get_if<serve::EmbeddingPiece>(&event)) {
      vectors[piece->choice] = std::move(piece->values);
    } else if (const auto* failure = std::get_if<serve::Failed>(&event)) {
      count_refusal(call, *failure);
      co_await fail(call, without_bill(*failure, ticket));
    } else if (const auto* charged = std::get_if<serve::Charged>(&event)) {
      http::Response response;
      response.headers.emplace_back("x-receipt-id", notation::to_text(charged->request));
      if (charged->end != EndReason::done) {
        Problem broken = broken_off(charged->end);
        broken.headers.emplace_back("x-receipt-id", call.id);
        co_await fail(call, broken);
        co_return;
      }
      response.body = wire::embeddings(head(ticket, request.model), vectors, request.base64,
                                       usage_note(*charged));
      co_await send(call, std::move(response));
    }
  }
}

}  // namespace api
