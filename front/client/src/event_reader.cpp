#include "event_reader.hpp"

namespace client {

namespace {

constexpr std::size_t line_bytes_max = 16 * 1024 * 1024;

}  // namespace

bool EventReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (after_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_return_ = false;
    const std::size_t end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (line_.size() > line_bytes_max) return false;
    if (end == std::string_view::npos) return true;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const bool go_on = take_line(line_);
    line_.clear();
    if (!go_on) return false;
  }
  return true;
}

bool EventReader::take_line(std::string_view line) {
  if (line.empty()) {
    bool go_on = true;
    if (has_data_) {
      if (event_.type.empty()) event_.type = "message";
      go_on = take_(event_);
    }
    event_ = {};
    has_data_ = false;
    return go_on;
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data.push_back('\n');
    event_.data.append(value);
    has_data_ = true;
  } else if (field == "event") {
    event_.type = value;
  }
  return true;
}

}  // namespace client
