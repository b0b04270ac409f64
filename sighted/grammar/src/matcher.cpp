#include "grammar/matcher.hpp"

#include <utility>

#include "run.hpp"

namespace grammar {

Matcher::Matcher(GrammarPtr grammar) : run_(std::make_unique<Run>(std::move(grammar))) {}
Matcher::~Matcher() = default;
Matcher::Matcher(const Matcher& other) : run_(std::make_unique<Run>(*other.run_)) {}
Matcher& Matcher::operator=(const Matcher& other) {
  if (this != &other) {
    run_ = std::make_unique<Run>(*other.run_);
  }
  return *this;
}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

Verdict Matcher::allows(std::string_view bytes) {
  Work work{token_work + byte_work * bytes.size()};
  return run_->allows(bytes, work);
}
Verdict Matcher::allows(std::string_view bytes, Work& work) {
  return run_->allows(bytes, work);
}

Verdict Matcher::accept(std::string_view bytes) {
  Work work{token_work + byte_work * bytes.size()};
  return run_->accept(bytes, work);
}
Verdict Matcher::accept(std::string_view bytes, Work& work) {
  return run_->accept(bytes, work);
}

bool Matcher::may_end() const {
  return run_->here().ends;
}
/// A place may be left over that only a further count would lead on from, and no count is left.
bool Matcher::must_end() const {
  Work work{token_work};
  return must_end(work);
}
bool Matcher::must_end(Work& work) const {
  if (!run_->here().ends || run_->here().size == 0) {
    return run_->here().ends;
  }
  for (int byte = 0; byte < 256; ++byte) {
    const char letter = static_cast<char>(byte);
    if (run_->allows({&letter, 1}, work) != Verdict::no) {
      return false;
    }
  }
  return true;
}

Verdict Matcher::mask(const VocabularyTrie& trie, std::vector<bool>& allowed) {
  Work work{mask_work};
  return run_->mask(trie, allowed, work);
}
Verdict Matcher::mask(const VocabularyTrie& trie, std::vector<bool>& allowed, Work& work) {
  return run_->mask(trie, allowed, work);
}

std::size_t Matcher::bytes() const {
  return run_->bytes();
}

}  // namespace grammar
