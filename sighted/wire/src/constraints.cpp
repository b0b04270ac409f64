#include "constraints.hpp"

#include "request_fields.hpp"

namespace wire {

void read_response_format(Reader& root, content::Chat& chat) {
  auto format = root.optional_object("response_format");
  if (!format) {
    return;
  }
  const auto type = format->required_word("type", {"text", "json_object", "json_schema"});
  if (type == 1) {
    chat.json_schema = "{}";
  } else if (type == 2) {
    Reader schema = format->required_object("json_schema");
    schema.optional_string("name", any_length);
    schema.optional_bool("strict");
    chat.json_schema = schema.optional_object_text("schema").value_or("{}");
  }
}

}  // namespace wire
