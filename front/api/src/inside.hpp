// State that the handlers share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <api/api.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <notation/time_text.hpp>
#include <wire/json_writer.hpp>

#include "envelope.hpp"
#include "errors.hpp"
#include "fair_pool.hpp"
#include "funds.hpp"
#include "reply_writer.hpp"
#include "run_on.hpp"
#include "unpaid.hpp"

namespace api {

namespace asio = boost::asio;

/// One request that found its route and showed its key.
struct Call {
  http::Exchange& exchange;
  const http::Request& request;
  registry::KeyPtr key;  ///< Null for Access::everyone and on the admin socket.
  std::string part;      ///< What stood for the braces of the route.
  /// The request's name in the answer's header; the receipt's id where there may be one.
  std::string id = fresh_request_id();
  Work work = Work::nothing;
  bool penniless = false;  ///< Only what is free may be prepared for it.
  /// Memory that the request holds beside its body.
  std::optional<http::MemoryShare> memory = std::nullopt;
};

/// Processor time that the calling thread has used.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time();

class Waiter;

class Api::Inside {
 public:
  explicit Inside(Surroundings surroundings);
  ~Inside();

  using Handler = asio::awaitable<void> (Inside::*)(Call&);
  struct Route {
    RouteInfo info;
    Handler handler;
  };
  /// The one place where a path gets its handler.
  static std::span<const Route> table();

  asio::awaitable<void> answer(http::Exchange& exchange);
  asio::awaitable<void> answer_metrics(http::Exchange& exchange);
  asio::awaitable<std::optional<http::Response>> admit(http::Exchange& exchange);

 private:
  // The handlers, one for each line of the table.
  asio::awaitable<void> chat_completions(Call& call);
  asio::awaitable<void> completions(Call& call);
  asio::awaitable<void> embeddings(Call& call);
  asio::awaitable<void> messages(Call& call);
  asio::awaitable<void> count_tokens(Call& call);
  asio::awaitable<void> quote(Call& call);
  asio::awaitable<void> open_prefix(Call& call);
  asio::awaitable<void> prefixes(Call& call);
  asio::awaitable<void> close_prefix(Call& call);
  asio::awaitable<void> models(Call& call);
  asio::awaitable<void> model(Call& call);
  asio::awaitable<void> prices(Call& call);
  asio::awaitable<void> price_list(Call& call);
  asio::awaitable<void> balance(Call& call);
  asio::awaitable<void> usage(Call& call);
  asio::awaitable<void> statement(Call& call);
  asio::awaitable<void> proof_statement(Call& call, registry::TenantPtr tenant,
                                        notation::Period period);
  asio::awaitable<void> events(Call& call);
  asio::awaitable<void> receipt(Call& call);
  asio::awaitable<void> liabilities(Call& call);
  asio::awaitable<void> log_checkpoint(Call& call);
  asio::awaitable<void> log_witnessed(Call& call);
  asio::awaitable<void> log_tile(Call& call);
  asio::awaitable<void> hello(Call& call);
  asio::awaitable<void> healthz(Call& call);
  asio::awaitable<void> readyz(Call& call);
  asio::awaitable<void> metrics(Call& call);
  asio::awaitable<void> admin(Call& call);

  struct Authenticated {
    registry::KeyPtr key;  ///< Null for Access::everyone and on the admin socket.
    std::optional<Problem> refused;
  };
  /// Finds out who calls.
  [[nodiscard]] Authenticated authenticate(const Route& route, const http::Request& request) const;
  [[nodiscard]] std::optional<Problem> refused_at_header(const http::Request& request) const;
  /// Where several servers share the registry: whether another one has just made the key that was
  /// not known. Waits half a second at most, on no thread.
  asio::awaitable<bool> is_known_by_now(http::Exchange& exchange);

  /// Adds to an answer's header what is in each of them.
  void address(const Call& call, Headers& headers) const;
  asio::awaitable<void> send(Call& call, http::Response response);
  asio::awaitable<void> send_json(Call& call, std::string body);
  /// An answer that is made piece by piece, as fast as the client takes it.
  /// weight   heavy: among the slow work, so that nobody's read waits for a piece.
  asio::awaitable<void> send_pages(Call& call, http::Response head,
                                   std::unique_ptr<bill::Pages> pages, Weight weight);
  asio::awaitable<ledger::Stored<std::optional<std::string>>> next_piece(Call& call,
                                                                         bill::Pages& pages,
                                                                         Weight weight);
  asio::awaitable<void> fail(Call& call, const Problem& problem);
  asio::awaitable<void> store_failed(Call& call);
  asio::awaitable<void> log_failed(Call& call, tlog::Error error);
  asio::awaitable<void> send_checkpoint(Call& call, std::string checkpoint);
  asio::awaitable<void> receipt_proof(Call& call, const ledger::Receipt& receipt);

  /// A model that is served and priced, with its price of this moment.
  struct Served {
    const ServedModel* model = nullptr;
    serve::Offer offer;
  };
  [[nodiscard]] base::Result<Served, Problem> served(std::string_view name) const;
  /// The same for a caller who may have no money.
  [[nodiscard]] base::Result<Served, Problem> served_to(const Call& call,
                                                        std::string_view name) const;

  /// Parses, renders, compiles and tokenizes what the client sent: `work` gives a Result whose
  /// error is a Problem. Refused where this tenant has too much waiting.
  /// is_quick  asked on the connection's own thread, after the caller's money and limits; true: the
  ///           work is done there, because it costs less than two changes of thread do.
  template <class Work, class IsQuick>
  asio::awaitable<std::invoke_result_t<Work&>> prepared_by(Call& call, Work work,
                                                           IsQuick is_quick) {
    Funds::Known funds = funds_at_once(call);
    if (funds == Funds::Known::unknown) {
      funds = co_await funds_when_read(call);
    }
    std::optional<Problem> refusal = may_prepare(call, funds);
    if (refusal) {
      co_return base::Fail{std::move(*refusal)};
    }
    const auto measured = [this, &call, &work](auto time) -> std::invoke_result_t<Work&> {
      if (!reserve(call, Stage::preparing)) {
        return base::Fail{out_of_memory()};
      }
      const auto before = time();
      auto result = work();
      count_unpaid(call, !result.ok(), time() - before);
      (void)reserve(call, Stage::prepared);
      return result;
    };
    if (is_quick()) {
      // A thread's own clock costs a system call, and quick work is rarely interrupted.
      co_return measured(&std::chrono::steady_clock::now);
    }
    auto made = co_await run_on(preparation_, call.exchange, party_of(call), weight_of(call),
                                [&] { return measured(&thread_cpu_time); });
    if (!made.has_value()) {
      co_return base::Fail{too_much_waiting()};
    }
    co_return std::move(*made);
  }
  template <class Work>
  asio::awaitable<std::invoke_result_t<Work&>> prepared_by(Call& call, Work work) {
    return prepared_by(call, std::move(work), [] { return false; });
  }

  /// Runs what asks a store for some rows and gives a Result. Fails where too many such questions
  /// of this tenant wait, which happens when the store does not answer.
  template <class Work>
  asio::awaitable<std::invoke_result_t<Work&>> read_by(Call& call, Work work) {
    auto made =
        co_await run_on(reads_, call.exchange, party_of(call), Weight::light, std::move(work));
    if (!made.has_value()) {
      co_return base::Fail{unanswered(made)};
    }
    co_return std::move(*made);
  }

  /// Runs what may take long. Heavy work walks all books; light work waits for none of it.
  template <class Work>
  asio::awaitable<std::optional<std::invoke_result_t<Work&>>> slowly(Call& call, Weight weight,
                                                                     Work work) {
    return run_on(slow_, call.exchange, party_of(call), weight, std::move(work));
  }

  template <class T>
  static ledger::StoreError unanswered(const std::optional<ledger::Stored<T>>& /*made*/) {
    return ledger::StoreError::busy;
  }
  template <class T>
  static tlog::Error unanswered(const std::optional<tlog::Answer<T>>& /*made*/) {
    return tlog::Error::unavailable;
  }

  [[nodiscard]] static FairPool::Party party_of(const Call& call) {
    return call.key == nullptr ? 0 : call.key->tenant.value;
  }
  [[nodiscard]] static Weight weight_of(const Call& call);

  enum class Stage : std::uint8_t { preparing, prepared };
  /// Counts what a request holds in that stage. False: the server has no memory for it.
  [[nodiscard]] static bool reserve(Call& call, Stage stage);
  /// The reason to do nothing for this request: its tenant has no money, or asked too much unpaid.
  std::optional<Problem> may_prepare(Call& call, Funds::Known funds);
  struct Reading;
  /// Has the balance read. False: too many readings of this tenant wait.
  bool read_balance(terms::TenantId tenant, std::shared_ptr<Reading> reading);
  /// From memory. `unknown`: to be read.
  Funds::Known funds_at_once(const Call& call);
  /// Reads them, within a bounded time; `unknown`: that failed.
  asio::awaitable<Funds::Known> funds_when_read(Call& call);
  [[nodiscard]] static bool is_free(const price::Prices& prices);
  [[nodiscard]] bool something_is_free() const;
  /// The books refused a request for which the work was done already.
  void count_refusal(const Call& call, const serve::Failed& failure);
  void count_unpaid(const Call& call, bool refused, std::chrono::nanoseconds cpu);

  using Parsed = base::Result<content::GenerationRequest, wire::ParseError>;
  using Parser = Parsed (*)(std::string_view);
  struct Ready;
  [[nodiscard]] base::Result<Ready, Problem> make_ready(const Call& call,
                                                        const Parsed& parsed) const;
  [[nodiscard]] base::Result<std::string, Problem> make_quote(const Call& call) const;
  asio::awaitable<void> generate(Call& call, Parser parse, Protocol protocol);
  [[nodiscard]] terms::Digest idempotency(const Call& call) const;
  [[nodiscard]] serve::Caller caller(const Call& call);
  [[nodiscard]] wire::ReplyHead head(const serve::Ticket& ticket, const std::string& model) const;
  [[nodiscard]] wire::UsageNote usage_note(const serve::Charged& charged) const;
  [[nodiscard]] std::string currency() const;
  /// None where the text names nothing.
  [[nodiscard]] static serve::OpeningId opening_named(std::string_view text);
  [[nodiscard]] std::optional<std::vector<terms::TenantId>> tenants_of(
      const std::vector<std::string>& accounts) const;
  void write_opening(wire::JsonWriter& json, const serve::Opening& opening) const;

  struct Generation;
  asio::awaitable<void> stream_out(Call& call, Generation& generation);
  asio::awaitable<void> send_whole(Call& call, Generation& generation);
  asio::awaitable<std::string> begin_events(Call& call, Generation& generation);
  bool write_event(const Call& call, Generation& generation, serve::Event& event,
                   std::vector<bool>& over, std::string& out) const;

  Surroundings around_;
  std::unordered_map<std::string, ServedModel> models_;
  UnpaidWork unpaid_;
  Funds funds_;
  FairPool preparation_;
  FairPool reads_;
  FairPool slow_;
  Cors cors_;
};

}  // namespace api
