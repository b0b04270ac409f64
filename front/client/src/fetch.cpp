#include <client/fetch.hpp>

#include "easy.hpp"
#include "event_reader.hpp"

namespace client {

namespace {

class BodyReceiver : public Receiver {
 public:
  explicit BodyReceiver(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  bool on_body(std::string_view piece) override {
    too_large = piece.size() > bytes_max_ - body.size();
    if (!too_large) body.append(piece);
    return !too_large;
  }

  std::string body;
  bool too_large = false;

 private:
  std::size_t bytes_max_;
};

class PieceReceiver final : public BodyReceiver {
 public:
  PieceReceiver(const Request& request, const Easy& easy,
                const std::function<bool(std::string_view)>& take)
      : BodyReceiver(request.response_bytes_max), easy_(easy), take_(take) {}

  bool on_body(std::string_view piece) override {
    const unsigned status = easy_.status();
    if (status < 200 || status > 299) return BodyReceiver::on_body(piece);
    return take_(piece);
  }

 private:
  const Easy& easy_;
  const std::function<bool(std::string_view)>& take_;
};

class EventReceiver final : public BodyReceiver {
 public:
  EventReceiver(const Request& request, const Easy& easy,
                const std::function<bool(const Event&)>& take)
      : BodyReceiver(request.response_bytes_max), easy_(easy), events_(take) {}

  bool on_body(std::string_view piece) override {
    const unsigned status = easy_.status();
    if (status < 200 || status > 299) return BodyReceiver::on_body(piece);
    return events_.feed(piece);
  }

 private:
  const Easy& easy_;
  EventReader events_;
};

void prepare(Easy& easy, const Request& request) {
  const bool sends = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                     request.method == "PATCH";
  if (sends) {
    easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    easy.set(CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method == "HEAD") {
    easy.set(CURLOPT_NOBODY, 1L);
  } else {
    easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (!request.unix_socket.empty()) {
    easy.set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    easy.set(CURLOPT_PROXY, "");
  }
  easy.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  easy.set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  bool typed = false;
  for (const auto& [name, value] : request.headers) {
    easy.add_header(name, value);
    typed = typed || name == "content-type" || name == "Content-Type";
  }
  if (sends && !typed) easy.add_header("content-type", "application/json");
  easy.add_header("Expect", "");  // no round trip before the body
}

base::Result<Response, Failure> finish(Easy& easy, BodyReceiver& receiver) {
  const CURLcode code = easy.perform(receiver);
  if (receiver.too_large) {
    return base::Fail{Failure{Reason::too_large, "the answer is larger than is taken here"}};
  }
  if (code != CURLE_OK) return base::Fail{easy.failure_of(code)};
  Response response;
  response.status = easy.status();
  response.headers = easy.take_headers();
  response.body = std::move(receiver.body);
  return response;
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  return find_header(headers, name);
}

base::Result<Response, Failure> fetch(const Request& request) {
  Easy easy(request.url, request.stop);
  prepare(easy, request);
  BodyReceiver receiver(request.response_bytes_max);
  return finish(easy, receiver);
}

base::Result<Response, Failure> pour(const Request& request,
                                     const std::function<bool(std::string_view)>& take) {
  Easy easy(request.url, request.stop);
  prepare(easy, request);
  PieceReceiver receiver(request, easy, take);
  return finish(easy, receiver);
}

base::Result<Response, Failure> stream(const Request& request,
                                       const std::function<bool(const Event&)>& take) {
  Easy easy(request.url, request.stop);
  prepare(easy, request);
  EventReceiver receiver(request, easy, take);
  return finish(easy, receiver);
}

}  // namespace client
