#include "openai_tools.hpp"

#include <algorithm>

#include "request_fields.hpp"

namespace wire {

namespace {

constexpr std::string_view functions_only = "is not supported unless it is 'function'.";

content::Tool read_tool(Reader item) {
  content::Tool tool;
  item.required_word("type", {"function"}, functions_only);
  Reader function = item.required_object("function");
  tool.name = function.required_string("name", tool_name_max);
  tool.description = function.optional_string("description", any_length).value_or("");
  check_parameters(function, "parameters");
  tool.parameters =
      function.optional_object_text("parameters").value_or(R"({"type":"object","properties":{}})");
  tool.strict = function.optional_bool("strict").value_or(false);
  return tool;
}

std::string read_named_tool(Reader& holder, const content::Chat& chat) {
  Reader function = holder.required_object("function");
  std::string name = function.required_string("name", tool_name_max);
  if (!has_tool(chat, name)) {
    function.fail("name", ErrorKind::out_of_range, "must be the name of one of 'tools'.");
  }
  return name;
}

/// Only the named tools may be called: the others are not shown to the model.
void read_allowed_tools(Reader& choice, content::Chat& chat) {
  Reader allowed = choice.required_object("allowed_tools");
  if (allowed.required_word("mode", {"auto", "required"}).value_or(0) == 1) {
    chat.tool_choice = content::ToolChoice::required;
  }
  Items items = allowed.required_array("tools", tools_max);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Reader item = items.object(i);
    item.required_word("type", {"function"}, functions_only);
    names.push_back(read_named_tool(item, chat));
  }
  std::erase_if(chat.tools, [&](const content::Tool& tool) {
    return std::find(names.begin(), names.end(), tool.name) == names.end();
  });
}

void read_tool_choice(Reader& root, content::Chat& chat) {
  if (root.type("tool_choice") != JsonType::object) {
    // 'any' is Mistral's word for it.
    const auto word = root.optional_word("tool_choice", {"auto", "required", "none", "any"});
    constexpr content::ToolChoice choices[] = {
        content::ToolChoice::automatic, content::ToolChoice::required, content::ToolChoice::none,
        content::ToolChoice::required};
    chat.tool_choice = choices[word.value_or(0)];
    if (chat.tool_choice == content::ToolChoice::required && chat.tools.empty()) {
      root.fail("tool_choice", ErrorKind::out_of_range, "needs 'tools'.");
    }
    return;
  }
  Reader choice = *root.optional_object("tool_choice");
  const auto type = choice.required_word("type", {"function", "allowed_tools"},
                                         "is not supported: use 'function' or 'allowed_tools'.");
  if (type == 0) {
    chat.tool_choice = content::ToolChoice::required;
    chat.forced_tool = read_named_tool(choice, chat);
  } else if (type == 1) {
    read_allowed_tools(choice, chat);
  }
}

}  // namespace

void read_openai_tools(Reader& root, content::Chat& chat) {
  if (auto items = root.optional_array("tools", tools_max)) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      add_tool(*items, i, read_tool(items->object(i)), chat);
    }
  }
  read_tool_choice(root, chat);
  chat.parallel_tool_calls = root.optional_bool("parallel_tool_calls").value_or(true);
}

}  // namespace wire
