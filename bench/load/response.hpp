#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "answer.hpp"

namespace load {

/// Reads one HTTP/1.1 response after the other from a byte stream: as much of HTTP as servers of
/// this API send (Content-Length, chunked). The body is gathered in `body`; who reads it as it
/// comes may cut off what it has read.
class Response {
 public:
  enum class State : std::uint8_t { head, body, done, broken };

  /// Takes bytes until the response is done; bytes after it are not expected (no pipelining) and
  /// break it.
  State feed(std::string_view bytes);
  void begin();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool closes() const { return closes_; }
  std::string body;

 private:
  enum class Chunk : std::uint8_t { size, data, data_end, trailer };

  std::size_t take_head(std::string_view bytes);
  std::size_t take_plain(std::string_view bytes);
  std::size_t take_chunked(std::string_view bytes);
  void read_head();
  void read_line();

  State state_ = State::head;
  Chunk chunk_ = Chunk::size;
  int status_ = 0;
  bool chunked_ = false;
  bool closes_ = false;
  std::size_t left_bytes_ = 0;
  std::string head_;
  std::string line_;
};

/// The number after `"name":`, the last one in the text; -1 where there is none.
std::int64_t number_after(std::string_view text, std::string_view name);

/// Does this event of a stream carry text? True for a non-empty "content", "text" or
/// "reasoning_content".
bool carries_text(std::string_view event);

/// Reads `usage`, where the text has one, into the answer's counts.
void read_usage(std::string_view text, Answer& answer);

}  // namespace load
