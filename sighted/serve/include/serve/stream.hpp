// What flows from the engine and the books back to the one who waits for an answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include <base/quantity.hpp>
#include <content/reply.hpp>
#include <settle/commands.hpp>
#include <terms/ids.hpp>
#include <terms/usage.hpp>

namespace serve {

/// The money is held and the engine has taken the request: the first event of what then runs. What
/// a client could have got wrong is refused before it.
struct Admitted {};

/// More of one choice's text.
struct TextPiece {
  std::uint32_t choice = 0;
  std::string text;  ///< Whole UTF-8 characters.
  std::vector<content::TokenLogprob> logprobs;
};

/// One choice is complete.
struct ChoiceEnd {
  std::uint32_t choice = 0;
  terms::EndReason end = terms::EndReason::stop;
  std::string stop_string;    ///< The client's stop string that ended it, if one did.
  bool context_full = false;  ///< With length: the context's end, not the limit asked for.
};

struct EmbeddingPiece {
  std::uint32_t choice = 0;  ///< Which input.
  std::vector<float> values;
};

/// Charged, durably. The last event of a request that cost something.
struct Charged {
  terms::RequestId request;
  terms::Usage usage;
  terms::EndReason end = terms::EndReason::stop;
  base::Nano charge;
  base::Nano balance_after;
};

enum class FailureKind : std::uint32_t {
  refused_by_books,  ///< `refused` says why.
  queue_full,        ///< The engine's queue or the books' queue: try again later.
  draining,          ///< The server is shutting down.
  bad_request,       ///< The engine refused the constraint (schema, grammar) or a token.
  too_costly,        ///< The grammar asked for too much work; maybe in the middle of the answer.
  engine_failed,     ///< Before the first token.
  cancelled,         ///< Before the first token: by us.
  not_recorded,      ///< The store did not take the charge in time; nothing was given.
  recorded_later,    ///< ... but the text was: charged as soon as the store works again.
};

/// Not charged (recorded_later: not yet). The last event of a request without a bill.
struct Failed {
  FailureKind kind = FailureKind::engine_failed;
  settle::Refused refused;
};

using Event = std::variant<Admitted, TextPiece, ChoiceEnd, EmbeddingPiece, Charged, Failed>;

/// How the reader wants it.
enum class Reading : std::uint32_t {
  as_it_comes,    ///< Woken for each piece; a reader that does not keep up is cut.
  when_complete,  ///< Woken once, at the end; an answer is no longer than its context.
};

/// A queue of events with one writer at a time (engine thread, then settle thread) and one reader.
/// The reader is woken, not blocked: it takes what is there.
class Stream {
 public:
  /// bytes_max   waiting to be read as_it_comes; beyond it push() refuses, the request is cut.
  explicit Stream(Reading reading, std::size_t bytes_max = std::size_t{1} << 20U)
      : reading_(reading), bytes_max_(bytes_max) {}

  /// Called after a push that the reader waits for, from the writer's thread: must only hand on.
  /// Set before the request is submitted.
  void on_ready(std::function<void()> wake) { wake_ = std::move(wake); }

  [[nodiscard]] Reading reading() const { return reading_; }

  /// False: the reader does not keep up; the event was dropped. The last event always fits.
  bool push(Event event);
  /// Everything that waits, oldest first.
  [[nodiscard]] std::vector<Event> take();

 private:
  const Reading reading_;
  const std::size_t bytes_max_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Event> events_;
  std::size_t bytes_ = 0;
};

}  // namespace serve
