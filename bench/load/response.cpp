#include "response.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace load {
namespace {

constexpr std::size_t head_bytes_max = 64 * 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool same_letters(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

}  // namespace

void Response::begin() {
  state_ = State::head;
  chunk_ = Chunk::size;
  status_ = 0;
  chunked_ = false;
  closes_ = false;
  left_bytes_ = 0;
  head_.clear();
  line_.clear();
  body.clear();
}

Response::State Response::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t taken = 0;
    if (state_ == State::head) {
      taken = take_head(bytes);
    } else if (state_ == State::body && chunked_) {
      taken = take_chunked(bytes);
    } else if (state_ == State::body) {
      taken = take_plain(bytes);
    } else {
      state_ = State::broken;
      return state_;
    }
    bytes.remove_prefix(taken);
  }
  return state_;
}

std::size_t Response::take_head(std::string_view bytes) {
  const std::size_t before = head_.size();
  head_.append(bytes);
  const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (head_.size() > head_bytes_max) {
      state_ = State::broken;
    }
    return bytes.size();
  }
  head_.resize(end + 4);
  read_head();
  return head_.size() - before;
}

void Response::read_head() {
  std::string_view rest = head_;
  const std::size_t space = rest.find(' ');
  if (!rest.starts_with("HTTP/1.") || space + 4 > rest.size()) {
    state_ = State::broken;
    return;
  }
  std::from_chars(rest.data() + space + 1, rest.data() + space + 4, status_);
  rest.remove_prefix(rest.find('\n') + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      continue;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_letters(name, "content-length")) {
      std::from_chars(value.data(), value.data() + value.size(), left_bytes_);
    } else if (same_letters(name, "transfer-encoding")) {
      chunked_ = same_letters(value, "chunked");
    } else if (same_letters(name, "connection")) {
      closes_ = same_letters(value, "close");
    }
  }
  state_ = !chunked_ && left_bytes_ == 0 ? State::done : State::body;
}

std::size_t Response::take_plain(std::string_view bytes) {
  const std::size_t taken = std::min(left_bytes_, bytes.size());
  body.append(bytes.substr(0, taken));
  left_bytes_ -= taken;
  if (left_bytes_ == 0) {
    state_ = State::done;
  }
  return taken;
}

std::size_t Response::take_chunked(std::string_view bytes) {
  if (chunk_ == Chunk::data) {
    const std::size_t taken = std::min(left_bytes_, bytes.size());
    body.append(bytes.substr(0, taken));
    left_bytes_ -= taken;
    if (left_bytes_ == 0) {
      chunk_ = Chunk::data_end;
    }
    return taken;
  }
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    line_.append(bytes);
    return bytes.size();
  }
  line_.append(bytes.substr(0, end));
  read_line();
  line_.clear();
  return end + 1;
}

void Response::read_line() {
  if (chunk_ == Chunk::data_end) {
    chunk_ = Chunk::size;
    return;
  }
  if (chunk_ == Chunk::trailer) {
    if (trimmed(line_).empty()) {
      state_ = State::done;
    }
    return;
  }
  const auto read = std::from_chars(line_.data(), line_.data() + line_.size(), left_bytes_, 16);
  if (read.ec != std::errc()) {
    state_ = State::broken;
  } else if (left_bytes_ == 0) {
    chunk_ = Chunk::trailer;
  } else {
    chunk_ = Chunk::data;
  }
}

std::int64_t number_after(std::string_view text, std::string_view name) {
  const std::size_t place = text.rfind(name);
  if (place == std::string_view::npos) {
    return -1;
  }
  text.remove_prefix(place + name.size());
  const std::size_t digit = text.find_first_not_of("\": ");
  std::int64_t number = -1;
  if (digit != std::string_view::npos) {
    std::from_chars(text.data() + digit, text.data() + text.size(), number);
  }
  return number;
}

void read_usage(std::string_view text, Answer& answer) {
  const std::int64_t in = number_after(text, R"("prompt_tokens")");
  if (in < 0) {
    return;
  }
  answer.tokens_in = in;
  answer.tokens_out = number_after(text, R"("completion_tokens")");
  answer.tokens_cached = std::clamp<std::int64_t>(number_after(text, R"("cached_tokens")"), 0, in);
}

bool carries_text(std::string_view event) {
  for (const std::string_view name : {R"(content":)", R"("text":)"}) {
    std::size_t place = event.find(name);
    if (place == std::string_view::npos) {
      continue;
    }
    place = event.find_first_not_of(' ', place + name.size());
    if (place != std::string_view::npos && event[place] == '"' && place + 1 < event.size() &&
        event[place + 1] != '"') {
      return true;
    }
  }
  return false;
}

}  // namespace load
