// Reads server-sent events back.
#pragma once

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

struct Event {
  std::string name;  ///< Empty where the event has none.
  std::string data;
  boost::json::value json;  ///< Null for [DONE].
};

/// Throws where the bytes are not whole, well-formed events.
inline std::vector<Event> events_of(std::string_view bytes) {
  std::vector<Event> events;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\n\n");
    if (end == std::string_view::npos) throw std::runtime_error("an event is not whole");
    std::string_view block = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    Event event;
    if (block.starts_with("event: ")) {
      const std::size_t line = block.find('\n');
      event.name = block.substr(7, line - 7);
      block.remove_prefix(line + 1);
    }
    if (!block.starts_with("data: ")) throw std::runtime_error("an event has no data");
    event.data = block.substr(6);
    if (event.data.find('\n') != std::string::npos) throw std::runtime_error("two lines of data");
    if (event.data != "[DONE]") event.json = boost::json::parse(event.data);
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace wire
