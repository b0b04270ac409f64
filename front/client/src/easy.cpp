#include "easy.hpp"

#include <algorithm>
#include <cerrno>

namespace client {

namespace {

void start_library_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

Reason reason_of(CURLcode code, long system_error) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Reason::bad_url;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return Reason::cannot_resolve;
    case CURLE_COULDNT_CONNECT:
      return system_error == EACCES ? Reason::no_permission : Reason::cannot_connect;
    case CURLE_OPERATION_TIMEDOUT: return Reason::timed_out;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return Reason::tls;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_WRITE_ERROR: return Reason::stopped;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return Reason::broken;
    default: return Reason::other;
  }
}

const char* advice_for(Reason reason) {
  switch (reason) {
    case Reason::bad_url: return "is no http or https address";
    case Reason::cannot_resolve: return "the host is not known; check the name and the network";
    case Reason::cannot_connect: return "nothing answers there; is the server running?";
    case Reason::no_permission: return "permission denied; it belongs to another user";
    case Reason::tls: return "no secure connection; is its certificate valid?";
    case Reason::timed_out: return "no answer in time";
    case Reason::broken: return "the connection broke in the middle";
    case Reason::stopped: return "stopped";
    default: return "the transfer failed";
  }
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

Easy::Easy(const std::string& url, std::stop_token stop) : url_(url), stop_(std::move(stop)) {
  start_library_once();
  handle_ = curl_easy_init();
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "mains");
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Easy::tick);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_WRITEFUNCTION, &Easy::take_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Easy::take_header);
  set(CURLOPT_HEADERDATA, this);
}

Easy::~Easy() {
  curl_slist_free_all(request_headers_);
  curl_easy_cleanup(handle_);
}

void Easy::add_header(const std::string& name, const std::string& value) {
  std::string line = name + ": " + value;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  request_headers_ = curl_slist_append(request_headers_, line.c_str());
}

CURLcode Easy::perform(Receiver& receiver) {
  receiver_ = &receiver;
  set(CURLOPT_HTTPHEADER, request_headers_);
  return curl_easy_perform(handle_);
}

Failure Easy::failure_of(CURLcode code) const {
  long system_error = 0;
  curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &system_error);
  const Reason reason = reason_of(code, system_error);
  std::string text = url_ + ": " + advice_for(reason);
  if (reason != Reason::stopped) text += std::string(" (") + curl_easy_strerror(code) + ")";
  return {reason, std::move(text)};
}

unsigned Easy::status() const {
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<unsigned>(status);
}

std::size_t Easy::take_body(char* bytes, std::size_t size, std::size_t n, void* self) {
  const std::string_view piece(bytes, size * n);
  const bool go_on = static_cast<Easy*>(self)->receiver_->on_body(piece);
  return go_on ? piece.size() : piece.size() + 1;  // another number stops libcurl
}

std::size_t Easy::take_header(char* bytes, std::size_t size, std::size_t n, void* self) {
  Headers& headers = static_cast<Easy*>(self)->headers_;
  std::string_view line(bytes, size * n);
  const std::size_t taken = line.size();
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n'))
    line.remove_suffix(1);
  if (line.starts_with("HTTP/")) headers.clear();  // an answer before was a redirect or a 100
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && !line.starts_with("HTTP/")) {
    std::string name(line.substr(0, colon));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    headers.emplace_back(std::move(name),
                         start == std::string_view::npos ? "" : line.substr(start));
  }
  return taken;
}

int Easy::tick(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Easy*>(self)->stop_.stop_requested() ? 1 : 0;
}

}  // namespace client
