// How a template writes tool calls: llama-common's analysis of it, with our schemas put in.
#pragma once

#include <chat.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <content/chat.hpp>

namespace engine::llama {

/// A tool as far as a template's form of calls depends on it.
struct ToolOutline {
  struct Property {
    std::string name;
    bool text = false;  ///< May be a string: templates with tags write it without quotes.
    bool required = false;
  };
  std::string name;
  std::vector<Property> properties;
};

/// The outline of a tool whose parameters are known to be a schema.
[[nodiscard]] ToolOutline outline_of(const content::Tool& tool);

/// A place in the grammar of calls where a schema belongs.
struct SchemaStub {
  std::string text;  ///< Stands there as a literal.
  std::size_t tool = 0;
  std::optional<std::size_t> property;  ///< Nothing: all of the tool's arguments.
};

/// What a template's form of calls says of one tool's arguments beside their schemas.
struct ArgumentsForm {
  bool tagged = false;                ///< One by one, only those that the tool declares.
  std::vector<std::size_t> missable;  ///< Required properties that a call may leave out.
};

/// Immutable.
struct ToolShape {
  common_chat_params params;  ///< For the parser of answers.
  std::string gbnf;           ///< One call, or several; empty: the template has no form for calls.
  std::vector<SchemaStub> stubs;
  std::vector<ArgumentsForm> arguments;  ///< Of each tool.
  std::vector<std::string> trigger_words;
  std::vector<std::string> opening_words;
  [[nodiscard]] std::size_t bytes() const {
    return gbnf.size() + params.parser.size() + params.prompt.size() + 4096;
  }
};

/// inputs  those of the conversation; its messages and tools are replaced by small ones.
/// May throw what llama-common throws.
[[nodiscard]] ToolShape shape_of(const common_chat_templates* templates,
                                 common_chat_templates_inputs inputs,
                                 const std::vector<ToolOutline>& tools);

}  // namespace engine::llama
