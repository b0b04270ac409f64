// Holds one choice's tokens to a grammar.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <content/tokens.hpp>
#include <grammar/matcher.hpp>

#include "constraints.hpp"
#include "pieces.hpp"
#include "trigger_watch.hpp"

namespace engine::llama {

/// One per choice, on the engine thread. Control tokens that the format names write their names.
class Guard {
 public:
  /// `preserved` maps control tokens that the format wants to see to their names. Both outlive it.
  Guard(const Constraints& constraints, const Pieces& pieces,
        const std::map<content::TokenId, std::string>& preserved);

  /// What the prompt has of the answer was refused: nothing can follow.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Gives what the calls until the next one may cost together.
  void allow_work(std::uint64_t operations) { work_.left = operations; }
  /// What they have left of it.
  [[nodiscard]] std::uint64_t work_left() const { return work_.left; }
  /// Only an end token can follow.
  [[nodiscard]] bool must_end() { return awake() && matcher_.must_end(work_); }

  [[nodiscard]] grammar::Verdict allows(content::TokenId token);
  /// The token was chosen.
  [[nodiscard]] grammar::Verdict accept(content::TokenId token);
  /// Which tokens may come next, for the whole vocabulary. Only while awake. It leaves a fifth of
  /// the work for the token that is chosen then.
  [[nodiscard]] grammar::Verdict mask(std::vector<bool>& allowed);
  [[nodiscard]] bool awake() const { return !watch_; }

 private:
  [[nodiscard]] const std::string& piece(content::TokenId token) const;
  [[nodiscard]] bool ends(content::TokenId token) const;

  const Pieces& pieces_;
  const std::map<content::TokenId, std::string>& preserved_;
  std::optional<TriggerWatch> watch_;  ///< While the grammar sleeps.
  grammar::Matcher matcher_;
  grammar::Work work_;
  bool broken_ = false;
};

}  // namespace engine::llama
