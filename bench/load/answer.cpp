#include "answer.hpp"

#include <algorithm>

namespace load {

void Answer::text(std::int64_t at_ns, Tally& tally) {
  ++chunks_;
  if (window_->holds(at_ns)) {
    ++window_chunks_;
    const std::size_t second = window_->second(at_ns);
    if (chunks_in_.empty() || chunks_in_.back().first != second) {
      chunks_in_.emplace_back(second, 0);
    }
    ++chunks_in_.back().second;
  }
  if (chunks_ == 1) {
    first_ns_ = at_ns;
    if (counts()) {
      tally.first.add(at_ns - meant_ns_);
    }
  } else if (window_->holds(at_ns) || window_->holds(last_ns_)) {
    tally.between.add(at_ns - last_ns_);
  }
  last_ns_ = at_ns;
}

/// The part of its tokens that came within the window; a chunk may be more than one token.
void Answer::book(std::int64_t at_ns, const Plan& plan, Tally& tally) const {
  const double prompt = static_cast<double>(tokens_in - tokens_cached) * plan.prices.input +
                        static_cast<double>(tokens_cached) * plan.prices.cached;
  const auto came = [&](std::int64_t then_ns) {
    if (window_->holds(then_ns)) {
      tally.tokens_in += tokens_in;
      tally.tokens_cached += tokens_cached;
      tally.serve(window_->second(then_ns), prompt);
    }
  };
  if (chunks_ == 0) {
    came(at_ns);
    if (window_->holds(at_ns)) {
      tally.tokens_out += tokens_out;
      tally.serve(window_->second(at_ns), static_cast<double>(tokens_out) * plan.prices.output);
    }
    return;
  }
  came(first_ns_);
  tally.tokens_out += tokens_out * window_chunks_ / chunks_;
  for (const auto& [second, count] : chunks_in_) {
    tally.serve(second, static_cast<double>(tokens_out * count) / static_cast<double>(chunks_) *
                            plan.prices.output);
  }
}

bool Answer::good(std::int64_t first_ns, std::int64_t per_token_ns, const Limits& limits) const {
  const auto kept = [](std::int64_t span_ns, double limit_ms) {
    return limit_ms <= 0 || static_cast<double>(span_ns) <= limit_ms * 1e6;
  };
  return kept(first_ns, limits.first_ms) && kept(per_token_ns, limits.per_token_ms);
}

void Answer::complete(std::int64_t at_ns, const Plan& plan, Tally& tally) {
  if (window_->holds(at_ns)) {
    ++tally.requests;
  }
  if (tokens_in < 0 || tokens_out < 0) {
    ++tally.errors["no usage"];
  } else {
    book(at_ns, plan, tally);
  }
  if (!counts()) {
    return;
  }
  ++tally.meant;
  tally.whole.add(at_ns - meant_ns_);
  // Without a stream the first token is not seen before the last.
  const std::int64_t first_ns = chunks_ > 0 ? first_ns_ - meant_ns_ : at_ns - meant_ns_;
  std::int64_t per_token_ns = 0;
  if (chunks_ > 1 && tokens_out > 1) {
    per_token_ns = (last_ns_ - first_ns_) / (tokens_out - 1);
    tally.per_token.add(per_token_ns);
  }
  tally.good += good(first_ns, per_token_ns, plan.limits) ? 1 : 0;
}

void Answer::cut(std::int64_t at_ns, const Plan& plan, const Ask& ask, Tally& tally) {
  if (window_ == nullptr) {
    return;
  }
  if (chunks_ > 0 && (window_->holds(last_ns_) || window_->holds(at_ns))) {
    tally.between.add(at_ns - last_ns_);
  }
  if (chunks_ > 0) {
    // No usage came: a chunk is taken for a token, a word of the prompt, too.
    tokens_in = ask.shared_words + ask.words_in;
    tokens_out = chunks_;
    book(at_ns, plan, tally);
  }
  if (counts()) {
    ++tally.meant;
    ++tally.unanswered;
    if (chunks_ == 0) {
      ++tally.unanswered_without_token;
      tally.first.add(at_ns - meant_ns_);
    }
    tally.whole.add(at_ns - meant_ns_);
  }
}

void Answer::failed(std::int64_t at_ns, const std::string& what, Tally& tally) const {
  if (window_->holds(at_ns) || counts()) {
    ++tally.errors[what];
  }
  if (counts()) {
    ++tally.meant;
  }
}

}  // namespace load
