// Bytes in, server-sent events out (WHATWG HTML, 9.2.6).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <client/fetch.hpp>

namespace client {

class EventReader {
 public:
  explicit EventReader(const std::function<bool(const Event&)>& take) : take_(take) {}

  /// False as soon as `take` has returned false, or a line is longer than 16 MiB.
  [[nodiscard]] bool feed(std::string_view bytes);

 private:
  [[nodiscard]] bool take_line(std::string_view line);

  const std::function<bool(const Event&)>& take_;
  std::string line_;  // so far
  Event event_;
  bool has_data_ = false;
  bool after_return_ = false;  // "\r\n" is one end of a line, and so is "\r"
};

}  // namespace client
