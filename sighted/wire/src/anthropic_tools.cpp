#include "anthropic_tools.hpp"

#include "request_fields.hpp"

namespace wire {

namespace {

content::Tool read_tool(Reader item) {
  content::Tool tool;
  item.optional_word("type", {"custom"}, "is not supported: this server runs no tools itself.");
  tool.name = item.required_string("name", tool_name_max);
  tool.description = item.optional_string("description", any_length).value_or("");
  check_parameters(item, "input_schema");
  tool.parameters = item.required_object_text("input_schema");
  tool.strict = item.optional_bool("strict").value_or(false);
  return tool;
}

}  // namespace

void read_anthropic_tools(Reader& root, content::Chat& chat) {
  if (auto items = root.optional_array("tools", tools_max)) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      add_tool(*items, i, read_tool(items->object(i)), chat);
    }
  }
  chat.parallel_tool_calls = true;
  auto choice = root.optional_object("tool_choice");
  if (!choice) {
    return;
  }
  const auto type = choice->required_word("type", {"auto", "any", "tool", "none"}).value_or(0);
  constexpr content::ToolChoice choices[] = {
      content::ToolChoice::automatic, content::ToolChoice::required, content::ToolChoice::required,
      content::ToolChoice::none};
  chat.tool_choice = choices[type];
  chat.parallel_tool_calls = !choice->optional_bool("disable_parallel_tool_use").value_or(false);
  if (chat.tool_choice == content::ToolChoice::required && chat.tools.empty()) {
    root.fail("tool_choice", ErrorKind::out_of_range, "needs 'tools'.");
  }
  if (type == 2) {
    chat.forced_tool = choice->required_string("name", tool_name_max);
    if (!has_tool(chat, chat.forced_tool)) {
      choice->fail("name", ErrorKind::out_of_range, "must be the name of one of 'tools'.");
    }
  }
}

}  // namespace wire
