// One transfer of libcurl.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <client/fetch.hpp>

namespace client {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Receives what comes. Called on the thread of perform().
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// A piece of the body; the status line and the headers are known. False stops the transfer.
  virtual bool on_body(std::string_view piece) = 0;
};

class Easy {
 public:
  Easy(const std::string& url, std::stop_token stop);
  ~Easy();
  Easy(const Easy&) = delete;
  Easy& operator=(const Easy&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle_, option, value);
  }
  void add_header(const std::string& name, const std::string& value);

  /// Returns how libcurl says that it went; see failure_of().
  [[nodiscard]] CURLcode perform(Receiver& receiver);
  [[nodiscard]] Failure failure_of(CURLcode code) const;

  [[nodiscard]] unsigned status() const;
  [[nodiscard]] const Headers& headers() const { return headers_; }  // of the last answer
  [[nodiscard]] Headers take_headers() { return std::move(headers_); }

 private:
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t n, void* self);
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t n, void* self);
  static int tick(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  CURL* handle_;
  curl_slist* request_headers_ = nullptr;
  std::string url_;
  std::stop_token stop_;
  Receiver* receiver_ = nullptr;
  Headers headers_;
};

/// The value of a header, its name in lower case; empty when there is none.
[[nodiscard]] std::string_view find_header(const Headers& headers, std::string_view name);

}  // namespace client
