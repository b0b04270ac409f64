#include "trigger_watch.hpp"

#include <algorithm>

namespace engine::llama {
namespace {

const std::string* ended_by(std::string_view text, const std::vector<std::string>& words) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
    return !word.empty() && text.ends_with(word);
  });
  return found == words.end() ? nullptr : &*found;
}

std::size_t longest_of(const std::vector<std::string>& words, std::size_t least) {
  for (const std::string& word : words) {
    least = std::max(least, word.size());
  }
  return least;
}

}  // namespace

TriggerWatch::TriggerWatch(const Constraints& constraints)
    : constraints_(&constraints),
      longest_(
          longest_of(constraints.trigger_words,
                     longest_of(constraints.thinking.ends, constraints.thinking.start.size()))),
      thinking_(constraints.thinking.open) {}

std::optional<std::string> TriggerWatch::feed(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (woken_by(bytes[i])) {
      return word_.append(bytes.substr(i + 1));
    }
  }
  return std::nullopt;
}

void TriggerWatch::answer_begins() {
  tail_.clear();
  opening_.clear();
  may_open_ = true;
}

bool TriggerWatch::woken_by(char byte) {
  tail_ += byte;
  if (tail_.size() > longest_) {
    tail_.erase(0, tail_.size() - longest_);
  }
  const std::string* const trigger = ended_by(tail_, constraints_->trigger_words);
  if (thinking_) {
    if (const std::string* const end = ended_by(tail_, constraints_->thinking.ends)) {
      thinking_ = false;
      if (trigger != nullptr && *trigger == *end) {
        word_ = *trigger;
        return true;
      }
      answer_begins();
    }
    return false;
  }
  if (trigger != nullptr) {
    word_ = *trigger;
    return true;
  }
  const std::string& start = constraints_->thinking.start;
  if (!start.empty() && std::string_view(tail_).ends_with(start)) {
    thinking_ = true;
    return false;
  }
  const bool blank = byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
  if (!may_open_ || (blank && opening_.empty())) {
    return false;
  }
  opening_ += byte;
  may_open_ = false;
  for (const std::string& word : constraints_->opening_words) {
    if (word == opening_) {
      word_ = word;
      return true;
    }
    may_open_ = may_open_ || word.starts_with(opening_);
  }
  return false;
}

}  // namespace engine::llama
