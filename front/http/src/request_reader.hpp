// Bytes in, one Request out. No sockets.
#pragma once

#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include <http/server.hpp>

namespace http {

/// The reader's state after it was fed.
enum class Reading : std::uint8_t { header, body, complete, refused };

/// Reads one request; reset() makes it ready for the next and keeps its memory.
class RequestReader {
 public:
  explicit RequestReader(const Options& options) : options_(options) {}
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  void reset();

  /// Takes what it can from `bytes` and returns how much; the rest must be given again, with more
  /// behind it. Reads no further than the end of the request.
  [[nodiscard]] std::size_t feed(std::string_view bytes);

  [[nodiscard]] Reading state() const { return state_; }
  [[nodiscard]] Refusal refusal() const { return refusal_; }
  [[nodiscard]] bool begun() const { return begun_; }
  [[nodiscard]] bool keep_alive() const;
  /// The client waits for "100 Continue" before it sends the body. True once per request.
  [[nodiscard]] bool take_expectation();

  /// The body's length by the header; 0: nothing.
  [[nodiscard]] std::uint64_t announced_bytes() const { return announced_; }

  [[nodiscard]] Request& request() { return request_; }

  void refuse(Refusal why);

 private:
  class Parser;
  friend class Parser;

  /// Beast's parser calls these virtual functions; they fill the Request of the reader.
  class Parser final : public boost::beast::http::basic_parser<true> {
   public:
    explicit Parser(RequestReader& reader) : reader_(reader) {}

   private:
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb method, string_view method_name,
                         string_view target, int version, error_code& ec) override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field field, string_view name, string_view value,
                       error_code& ec) override;
    void on_header_impl(error_code& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code& ec) override;
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) override {
      return on_body_impl(body, ec);
    }
    void on_finish_impl(error_code&) override {}

    RequestReader& reader_;
  };

  [[nodiscard]] bool understand_target();
  [[nodiscard]] bool header_is_sound(const Parser& parser) const;

  const Options& options_;
  std::optional<Parser> parser_;
  Request request_;
  std::size_t headers_count_ = 0;
  std::size_t header_bytes_ = 0;  // consumed by the header so far
  std::uint64_t body_limit_ = 0;
  std::uint64_t announced_ = 0;
  Reading state_ = Reading::header;
  Refusal refusal_ = Refusal::malformed;
  bool begun_ = false;
  bool expects_continue_ = false;
};

}  // namespace http
