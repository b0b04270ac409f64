// The half of a connection that a handler sees: writing its answer.
#include <charconv>

#include "connection.hpp"

namespace http {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::string_view end_of_last_chunk = "\r\n0\r\n\r\n";

}  // namespace

asio::awaitable<bool> Connection::send(Response response) {
  if (answer_ != Answer::none) co_return false;
  answer_ = Answer::streaming;
  keep_ = keep_ && !ended_ && !draining();
  ResponseHead head;
  head.status = response.status;
  head.content_type = response.content_type;
  head.headers = &response.headers;
  head.length_bytes = response.body.size();
  head.close = !keep_;
  head.say_keep_alive = keep_ && request_version() == 10;
  head_.clear();
  append_head(head_, head);
  Pieces pieces{};
  pieces[0] = asio::buffer(head_);
  if (!bodyless() && !never_has_body(response.status)) pieces[1] = asio::buffer(response.body);
  const bool sent = co_await write_all(pieces);
  if (sent) answer_ = Answer::complete;
  co_return sent;
}

asio::awaitable<bool> Connection::begin_stream(
    unsigned status, std::string content_type,
    std::vector<std::pair<std::string, std::string>> headers) {
  if (answer_ != Answer::none) co_return false;
  answer_ = Answer::streaming;
  framing_ = request_version() == 11 ? Framing::chunked : Framing::until_close;
  keep_ = keep_ && !ended_ && !draining() && framing_ == Framing::chunked;
  ResponseHead head;
  head.status = status;
  head.content_type = content_type;
  head.headers = &headers;
  head.framing = framing_;
  head.close = !keep_;
  head_.clear();
  append_head(head_, head);
  Pieces pieces{};
  pieces[0] = asio::buffer(head_);
  co_return co_await write_all(pieces);
}

asio::awaitable<bool> Connection::write(std::string_view chunk) {
  if (answer_ != Answer::streaming || gone_) co_return false;
  if (chunk.empty() || bodyless()) co_return true;
  Pieces pieces{};
  pieces[1] = asio::buffer(chunk);
  if (framing_ == Framing::chunked) {
    pieces[0] = asio::buffer(chunk_size_line(chunk.size()));
    pieces[2] = asio::buffer(line_end);
  }
  co_return co_await write_all(pieces);
}

asio::awaitable<bool> Connection::end_stream(std::string_view last) {
  if (answer_ != Answer::streaming || gone_) co_return false;
  Pieces pieces{};
  if (bodyless()) {
    // Nothing follows the header.
  } else if (framing_ == Framing::until_close) {
    pieces[0] = asio::buffer(last);
  } else if (last.empty()) {
    pieces[0] = asio::buffer(last_chunk);
  } else {
    pieces[0] = asio::buffer(chunk_size_line(last.size()));
    pieces[1] = asio::buffer(last);
    pieces[2] = asio::buffer(end_of_last_chunk);
  }
  bool sent = true;
  if (asio::buffer_size(pieces) != 0) sent = co_await write_all(pieces);
  if (sent) answer_ = Answer::complete;
  co_return sent;
}

std::string_view Connection::chunk_size_line(std::size_t bytes) {
  char* end = std::to_chars(size_line_.data(), size_line_.data() + 16, bytes, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {size_line_.data(), static_cast<std::size_t>(end - size_line_.data())};
}

asio::awaitable<bool> Connection::write_all(Pieces pieces) {
  if (gone_) co_return false;
  std::size_t written = 0;
  if (!transport_->write_now(pieces, written)) {
    lost();
    co_return false;
  }
  desk_.tallies.bytes_out.add(written);
  if (written == asio::buffer_size(pieces)) co_return true;
  for (asio::const_buffer& piece : pieces) {
    const std::size_t taken = std::min(written, piece.size());
    piece += taken;
    written -= taken;
  }
  unsent_ = pieces;
  written_since_armed_ = 0;
  write_deadline_ = std::chrono::steady_clock::now() + desk_.shared.options.write_timeout;
  watch_on();
  transport_->write(unsent_);
  co_await written_.wait();
  co_return write_ok_;
}

}  // namespace http
