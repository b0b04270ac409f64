#include "request_reader.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/url/parse.hpp>

namespace http {

namespace {

namespace bh = boost::beast::http;

// Bytes that are kept between requests of any connection; larger blocks go back to the system.
constexpr std::size_t body_kept_bytes = 16 * 1024;
// Many small headers cost more memory than their bytes.
constexpr std::size_t headers_max = 256;

Method method_of(bh::verb verb) {
  switch (verb) {
    case bh::verb::get: return Method::get;
    case bh::verb::head: return Method::head;
    case bh::verb::post: return Method::post;
    case bh::verb::put: return Method::put;
    case bh::verb::patch: return Method::patch;
    case bh::verb::delete_: return Method::delete_;
    case bh::verb::options: return Method::options;
    default: return Method::other;
  }
}

boost::system::error_code stop() {
  return boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
}

}  // namespace

void RequestReader::reset() {
  parser_.reset();
  request_.body.clear();
  if (request_.body.capacity() > body_kept_bytes) request_.body.shrink_to_fit();
  request_.method = Method::get;
  request_.version = 11;
  request_.path.clear();
  request_.target.clear();
  headers_count_ = 0;
  header_bytes_ = 0;
  announced_ = 0;
  state_ = Reading::header;
  begun_ = false;
  expects_continue_ = false;
}

void RequestReader::refuse(Refusal why) {
  state_ = Reading::refused;
  refusal_ = why;
}

std::size_t RequestReader::feed(std::string_view bytes) {
  std::size_t taken = 0;
  if (!begun_) {
    // RFC 9112, 2.2: empty lines before the request line are to be ignored.
    while (taken < bytes.size() && (bytes[taken] == '\r' || bytes[taken] == '\n'))
      ++taken;
    if (taken == bytes.size()) return taken;
    begun_ = true;
    parser_.emplace(*this);
    parser_->eager(true);
    parser_->body_limit(boost::none);  // ours depends on the path and is checked here
    parser_->header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
  }
  boost::system::error_code ec;
  const std::size_t put =
      parser_->put(boost::asio::const_buffer{bytes.data() + taken, bytes.size() - taken}, ec);
  taken += put;
  if (state_ == Reading::refused) return taken;
  if (state_ == Reading::header) {
    header_bytes_ += put;
    const std::size_t seen = header_bytes_ + (bytes.size() - taken);
    if (ec == bh::error::header_limit ||
        (ec == bh::error::need_more && seen > options_.header_bytes_max)) {
      refuse(Refusal::header_too_large);
      return taken;
    }
  }
  if (ec && ec != bh::error::need_more) {
    refuse(Refusal::malformed);
  } else if (parser_->is_done()) {
    state_ = Reading::complete;
  } else if (state_ == Reading::body && bytes.size() - taken > options_.header_bytes_max) {
    refuse(Refusal::malformed);  // a chunk header or a trailer without an end
  }
  return taken;
}

bool RequestReader::keep_alive() const {
  return parser_ && parser_->keep_alive();
}

bool RequestReader::take_expectation() {
  return std::exchange(expects_continue_, false);
}

bool RequestReader::understand_target() {
  const std::string& target = request_.target;
  if (target == "*") {
    request_.path = target;
    return true;
  }
  if (target.starts_with('/')) {
    // The usual case, without a percent sign, needs no parser.
    const std::size_t end = target.find_first_of("?#%");
    if (end == std::string::npos || target[end] == '?') {
      request_.path.assign(target, 0, end);
      return true;
    }
    // "//x" is a path here, not an authority.
    const std::string_view path = std::string_view(target).substr(0, target.find_first_of("?#"));
    const auto decoded = boost::urls::make_pct_string_view({path.data(), path.size()});
    if (!decoded) return false;
    request_.path = decoded->decode();
    return true;
  }
  const auto url = boost::urls::parse_uri({target.data(), target.size()});
  if (!url || (url->scheme() != "http" && url->scheme() != "https")) return false;
  request_.path = url->path();
  if (request_.path.empty()) request_.path = "/";
  return true;
}

bool RequestReader::header_is_sound(const Parser& parser) const {
  std::size_t hosts = 0;
  for (const Header& header : request_.headers) {
    if (equal_without_case(header.name, "host")) ++hosts;
    // A coding that we do not undo, or one that hides where the body ends. HTTP/1.0 has none, and
    // whoever forwarded it may have framed it otherwise (RFC 9112, 6.1).
    if (equal_without_case(header.name, "transfer-encoding") &&
        (request_.version == 10 || !parser.chunked() ||
         !equal_without_case(header.value, "chunked"))) {
      return false;
    }
  }
  return hosts == 1 || (hosts == 0 && request_.version == 10);
}

void RequestReader::Parser::on_request_impl(bh::verb method, string_view method_name,
                                            string_view target, int version, error_code& ec) {
  Request& request = reader_.request_;
  request.method = method_of(method);
  request.method_name.assign(method_name.data(), method_name.size());
  request.target.assign(target.data(), target.size());
  request.version = static_cast<unsigned>(version);
  if (!reader_.understand_target()) {
    reader_.refuse(Refusal::malformed);
    ec = stop();
  }
}

void RequestReader::Parser::on_field_impl(bh::field field, string_view name, string_view value,
                                          error_code& ec) {
  if (reader_.state_ != Reading::header) return;  // a trailer: nobody here asks for one
  if (reader_.headers_count_ == headers_max) {
    reader_.refuse(Refusal::header_too_large);
    ec = stop();
    return;
  }
  std::vector<Header>& headers = reader_.request_.headers;
  if (headers.size() <= reader_.headers_count_) headers.emplace_back();
  Header& header = headers[reader_.headers_count_++];
  header.name.assign(name.data(), name.size());
  header.value.assign(value.data(), value.size());
  if (field == bh::field::expect && equal_without_case(header.value, "100-continue")) {
    reader_.expects_continue_ = true;
  }
}

void RequestReader::Parser::on_header_impl(error_code& ec) {
  reader_.request_.headers.resize(reader_.headers_count_);
  reader_.expects_continue_ = reader_.expects_continue_ && reader_.request_.version == 11;
  const Options& options = reader_.options_;
  if (!reader_.header_is_sound(*this)) {
    reader_.refuse(Refusal::malformed);
    ec = stop();
    return;
  }
  reader_.body_limit_ =
      options.body_limit ? options.body_limit(reader_.request_) : options.body_bytes_max;
  const auto length = content_length();
  if (length && *length > reader_.body_limit_) {
    reader_.refuse(Refusal::body_too_large);
    ec = stop();
    return;
  }
  reader_.announced_ = length.value_or(0);
  // A length that is only announced gets little memory.
  if (length) reader_.request_.body.reserve(std::min<std::uint64_t>(*length, 64 * 1024));
  reader_.state_ = Reading::body;
}

std::size_t RequestReader::Parser::on_body_impl(string_view body, error_code& ec) {
  std::string& whole = reader_.request_.body;
  if (body.size() > reader_.body_limit_ - whole.size()) {
    reader_.refuse(Refusal::body_too_large);
    ec = stop();
    return 0;
  }
  whole.append(body.data(), body.size());
  return body.size();
}

void RequestReader::Parser::on_chunk_header_impl(std::uint64_t size, string_view, error_code& ec) {
  if (size > reader_.body_limit_ - reader_.request_.body.size()) {
    reader_.refuse(Refusal::body_too_large);
    ec = stop();
  }
}

}  // namespace http
