#include "guard.hpp"

#include <algorithm>

namespace engine::llama {

using grammar::Verdict;

Guard::Guard(const Constraints& constraints, const Pieces& pieces,
             const std::map<content::TokenId, std::string>& preserved)
    : pieces_(pieces), preserved_(preserved), matcher_(constraints.grammar) {
  if (constraints.sleeps()) {
    watch_.emplace(constraints);
  } else {
    broken_ = matcher_.accept(constraints.begun) != Verdict::yes;
  }
}

const std::string& Guard::piece(content::TokenId token) const {
  const auto named = preserved_.find(token);
  return named == preserved_.end() ? pieces_.of(token) : named->second;
}

bool Guard::ends(content::TokenId token) const {
  return std::binary_search(pieces_.ends().begin(), pieces_.ends().end(), token);
}

Verdict Guard::allows(content::TokenId token) {
  if (ends(token)) {
    return !awake() || matcher_.may_end() ? Verdict::yes : Verdict::no;
  }
  const std::string& bytes = piece(token);
  if (watch_) {
    TriggerWatch ahead = *watch_;
    const auto begins = ahead.feed(bytes);
    return begins ? matcher_.allows(*begins, work_) : Verdict::yes;
  }
  return bytes.empty() ? Verdict::no : matcher_.allows(bytes, work_);
}

Verdict Guard::accept(content::TokenId token) {
  if (ends(token)) {
    return Verdict::yes;
  }
  const std::string& bytes = piece(token);
  if (watch_) {
    const auto begins = watch_->feed(bytes);
    if (!begins) {
      return Verdict::yes;
    }
    watch_.reset();
    return matcher_.accept(*begins, work_);
  }
  return matcher_.accept(bytes, work_);
}

Verdict Guard::mask(std::vector<bool>& allowed) {
  const std::uint64_t kept = work_.left / 5;
  work_.left -= kept;
  const Verdict verdict = matcher_.mask(pieces_.trie(), allowed, work_);
  work_.left += kept;
  if (verdict == Verdict::too_costly) {
    return verdict;
  }
  if (verdict == Verdict::no) {
    allowed.assign(pieces_.trie().size(), false);
  }
  bool any = verdict == Verdict::yes;
  const auto allow = [&](content::TokenId token, bool yes) {
    allowed[static_cast<std::size_t>(token)] = yes;
    any = any || yes;
  };
  for (const auto& [token, name] : preserved_) {
    allow(token, matcher_.allows(name, work_) == Verdict::yes);
  }
  for (const content::TokenId token : pieces_.ends()) {
    allow(token, matcher_.may_end());
  }
  return any ? Verdict::yes : Verdict::no;
}

}  // namespace engine::llama
