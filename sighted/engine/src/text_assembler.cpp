#include <algorithm>
#include <engine/text_assembler.hpp>
#include <utility>

namespace engine {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

/// What stands at the front of some bytes: a whole character (`complete`), the beginning of one
/// (`partial`), or `length` bytes that can never become one.
struct Front {
  enum class Kind { complete, partial, broken } kind;
  std::size_t length;
};

/// RFC 3629 with the Unicode standard's rule for what is replaced: the longest beginning of a
/// character becomes one U+FFFD.
Front front_of(std::string_view bytes) {
  const unsigned first = byte_at(bytes, 0);
  if (first < 0x80) {
    return {Front::Kind::complete, 1};
  }
  std::size_t length = 0;
  unsigned second_min = 0x80;
  unsigned second_max = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    second_min = first == 0xE0 ? 0xA0 : 0x80;
    second_max = first == 0xED ? 0x9F : 0xBF;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    second_min = first == 0xF0 ? 0x90 : 0x80;
    second_max = first == 0xF4 ? 0x8F : 0xBF;
  } else {
    return {Front::Kind::broken, 1};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) {
      return {Front::Kind::partial, i};
    }
    const unsigned low = i == 1 ? second_min : 0x80;
    const unsigned high = i == 1 ? second_max : 0xBF;
    if (byte_at(bytes, i) < low || byte_at(bytes, i) > high) {
      return {Front::Kind::broken, i};
    }
  }
  return {Front::Kind::complete, length};
}

/// Moves whole characters from the front of `bytes` to `text`; what remains may become one.
void take_characters(std::string& bytes, std::string& text) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Front front = front_of(std::string_view(bytes).substr(at));
    if (front.kind == Front::Kind::partial) {
      break;
    }
    if (front.kind == Front::Kind::complete) {
      text.append(bytes, at, front.length);
    } else {
      text += replacement;
    }
    at += front.length;
  }
  bytes.erase(0, at);
}

/// Where the last beginning of `stop` at the end of `text` starts that could still become all of
/// it; text.size() where there is none.
std::size_t possible_stop(std::string_view text, std::string_view stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.ends_with(stop.substr(0, length))) {
      return text.size() - length;
    }
  }
  return text.size();
}

}  // namespace

TextAssembler::TextAssembler(std::vector<std::string> stop, std::size_t only_text,
                             std::vector<std::string> call_marks)
    : stop_(std::move(stop)), only_text_(only_text), call_marks_(std::move(call_marks)) {}

/// The stop string that is complete first wins, and among those the longest: so the answer does not
/// depend on where the pieces were cut. A call that begins no later than a client's stop string is
/// none of its business; what may yet become the mark of one is waited for.
std::size_t TextAssembler::cut_or_safe(bool at_end) {
  std::size_t safe = text_.size();
  std::size_t call = std::string::npos;
  if (!in_call_ && only_text_ > 0) {
    for (const std::string& mark : call_marks_) {
      call = std::min(call, text_.find(mark));
      safe = at_end ? safe : std::min(safe, possible_stop(text_, mark));
    }
  }
  const std::size_t undecided = std::min(safe, call);
  std::size_t first_end = std::string::npos;
  std::size_t cut = 0;
  for (std::size_t i = in_call_ ? only_text_ : 0; i < stop_.size(); ++i) {
    const std::string& stop = stop_[i];
    const std::size_t at = text_.find(stop);
    if (!at_end) {
      safe = std::min(safe, possible_stop(text_, stop));
    }
    if (at == std::string::npos || (i < only_text_ && at >= undecided)) {
      continue;
    }
    const std::size_t end = at + stop.size();
    if (end < first_end || (end == first_end && at < cut)) {
      first_end = end;
      cut = at;
      matched_ = i;
    }
  }
  stopped_ = first_end != std::string::npos;
  in_call_ = in_call_ || (!stopped_ && call != std::string::npos);
  return stopped_ ? cut : safe;
}

std::string TextAssembler::add(std::string_view piece) {
  if (stopped_) {
    return {};
  }
  bytes_ += piece;
  take_characters(bytes_, text_);
  if (stop_.empty()) {
    return std::exchange(text_, {});
  }
  const std::size_t safe = cut_or_safe(false);
  std::string ready = text_.substr(0, safe);
  text_.erase(0, safe);
  if (stopped_) {
    text_.clear();
    bytes_.clear();
  }
  return ready;
}

std::string TextAssembler::finish() {
  if (stopped_) {
    return {};
  }
  if (!bytes_.empty()) {
    bytes_.clear();
    text_ += replacement;
  }
  if (!stop_.empty()) {
    text_.resize(cut_or_safe(true));
  }
  return std::exchange(text_, {});
}

}  // namespace engine
