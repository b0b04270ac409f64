#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plan.hpp"
#include "tally.hpp"
#include "window.hpp"

namespace load {

/// One request and what came of it, as it is counted. Moments are handed in: no clock inside.
class Answer {
 public:
  Answer() = default;
  /// meant_ns  when it should go out: latencies begin here, however late it is sent.
  Answer(const Window& window, std::int64_t meant_ns) : window_(&window), meant_ns_(meant_ns) {}

  /// A piece of text came.
  void text(std::int64_t at_ns, Tally& tally);
  /// It is complete. Counts below 0 were not told.
  void complete(std::int64_t at_ns, const Plan& plan, Tally& tally);
  /// It was given up at this moment: what it waited for so far counts, at least so long was it.
  void cut(std::int64_t at_ns, const Plan& plan, const Ask& ask, Tally& tally);
  /// It failed.
  void failed(std::int64_t at_ns, const std::string& what, Tally& tally) const;

  std::int64_t tokens_in = -1;
  std::int64_t tokens_cached = 0;
  std::int64_t tokens_out = -1;

 private:
  [[nodiscard]] bool counts() const { return window_ != nullptr && window_->holds(meant_ns_); }
  void book(std::int64_t at_ns, const Plan& plan, Tally& tally) const;
  [[nodiscard]] bool good(std::int64_t first_ns, std::int64_t per_token_ns,
                          const Limits& limits) const;

  const Window* window_ = nullptr;
  std::int64_t meant_ns_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t chunks_ = 0;
  std::int64_t window_chunks_ = 0;                                 // of them, within the window
  std::vector<std::pair<std::size_t, std::int64_t>> chunks_in_{};  // by second of the window
};

}  // namespace load
