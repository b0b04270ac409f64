#include "answer_forms.hpp"

#include <algorithm>
#include <exception>
#include <grammar/matcher.hpp>
#include <string_view>
#include <utility>

#include "answer_format.hpp"
#include "argument_schemas.hpp"
#include "text_tools.hpp"

namespace engine::llama {
namespace {

bool has(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// Where `word` begins in `text` for the last time, after which nothing of `end` follows.
bool is_open(const std::string& text, const std::string& word, const std::string& end) {
  const std::size_t at = text.rfind(word);
  return at != std::string::npos && text.find(end, at + word.size()) == std::string::npos;
}

/// The one mark that ends a thought: not those that are another one with something in front, nor
/// those after the first, by which calls begin.
std::string end_mark(const std::vector<std::string>& ends) {
  for (const std::string& end : ends) {
    const bool longer = std::any_of(ends.begin(), ends.end(), [&](const std::string& other) {
      return other.size() < end.size() && end.ends_with(other);
    });
    if (!longer && !end.empty()) {
      return end;
    }
  }
  return {};
}

/// Templates whose answers have marks around them that llama-common keeps to itself.
void add_marks(const std::vector<std::string>& preserved, AnswerFrame& frame) {
  frame.blanks = !has(preserved, "<|START_ACTION|>") && !has(preserved, "<|channel|>") &&
                 !has(preserved, "<atem:function_calls>");
  if (has(preserved, "<|channel|>")) {
    frame.joint = "<|start|>assistant";
    frame.lead = "<|channel|>final<|message|>";
  } else if (has(preserved, ">>>all")) {
    frame.lead = "all\n";
  } else if (has(preserved, "<|START_TEXT|>")) {
    frame.lead = "<|START_TEXT|>";
    frame.trail = "<|END_TEXT|>";
  } else if (has(preserved, "<|end_of_msg|>")) {
    frame.lead = "<|open|>response<|sep|>";
    frame.trail = "<|close|>response<|sep|>";
  } else if (has(preserved, "<atem:function_calls>")) {
    frame.thinking.start = " to=self<|message|>";
    frame.thinking.ends = {"<|eom|>"};
    frame.joint = "<|start|>assistant";
    frame.lead = "<|message|>";
  }
}

AnswerFrame frame_of(const common_chat_params& rendered, const content::Chat& chat) {
  AnswerFrame frame;
  if (chat.continue_last) {
    return frame;  // The answer is begun.
  }
  const std::string& start = rendered.thinking_start_tag;
  const std::string end = end_mark(rendered.thinking_end_tags);
  const std::string& begun = rendered.generation_prompt;
  const bool ended = begun.find(start) != std::string::npos && !is_open(begun, start, end);
  const bool unwanted = chat.thinking.thinking == content::Thinking::forbid ||
                        chat.thinking.thinking == content::Thinking::avoid;
  const bool open = !start.empty() && !end.empty() && is_open(begun, start, end);
  if (open || (!start.empty() && !end.empty() && !ended && !unwanted)) {
    frame.thinking = {start, {end}, open};
  }
  add_marks(rendered.preserved_tokens, frame);
  return frame;
}

std::string frame_name(const AnswerFrame& frame) {
  std::string name(frame.thinking.open ? "o" : "c");
  name += frame.blanks ? "b" : "-";
  for (const std::string* const text : {&frame.thinking.start, &frame.joint, &frame.lead}) {
    name += std::to_string(text->size()) + ":" + *text;
  }
  return name + (frame.thinking.ends.empty() ? "" : frame.thinking.ends.front()) + frame.trail;
}

/// A format of our own making.
class OwnFormat final : public ChatFormat {
 public:
  OwnFormat(AnswerFrame frame, bool calls) : frame_(std::move(frame)), calls_(calls) {}
  [[nodiscard]] std::unique_ptr<ReplyParser> parser(std::uint64_t call_ids) const override {
    return calls_ ? make_text_tools_parser(frame_, call_ids) : make_framed_parser(frame_);
  }
  [[nodiscard]] std::vector<std::string> stops() const override { return stops_; }
  [[nodiscard]] const Constraints& constraints() const override { return constraints_; }

  Constraints& held_to() { return constraints_; }
  void stop_at(std::vector<std::string> stops) { stops_ = std::move(stops); }

 private:
  AnswerFrame frame_;
  bool calls_;
  Constraints constraints_;
  std::vector<std::string> stops_;
};

std::string calls_name(const std::string& shape, const Wanted& wanted) {
  std::string name = shape;
  for (const WantedTool& tool : wanted.tools) {
    name += (tool.tool->strict ? "s" : "l") + hash_of(tool.schema) +
            std::to_string(tool.tool->name.size()) + ":" + tool.tool->name;
  }
  return name;
}

Unrendered not_enforced(std::uint32_t tool, std::string path) {
  ConstraintFault fault;
  fault.kind = ConstraintFault::Kind::unsupported;
  fault.place = {ConstraintPlace::Of::tool, tool, std::move(path)};
  fault.keyword = "strict";
  return Unrendered(std::move(fault));
}

}  // namespace

AnswerForms::AnswerForms(const common_chat_templates* templates) : templates_(templates) {
  try {
    common_chat_templates_inputs inputs;
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    native_tools_ = !shape_of(templates, inputs, {{"x", {{"y", true, true}}}}).gbnf.empty();
  } catch (const std::exception&) {
    native_tools_ = false;
  }
}

base::Result<Wanted, Unrendered> AnswerForms::want(const content::Chat& chat) {
  return wanted_of(chat, cache_);
}

/// The grammar of the whole answer, or one that sleeps until a call begins.
/// led  Calls stand where text stands, behind the template's marks.
base::Result<base::Done, Unrendered> AnswerForms::constrain(const AnswerFrame& frame,
                                                            const content::Chat& chat,
                                                            const Wanted& wanted,
                                                            const grammar::GrammarPtr& calls,
                                                            const std::string& calls_name, bool led,
                                                            Constraints& constraints) {
  const bool must_call = chat.tool_choice == content::ToolChoice::required && calls;
  if (calls && !must_call && !wanted.answer) {
    constraints.grammar = calls;
    return base::Done{};
  }
  constraints.trigger_words.clear();
  constraints.opening_words.clear();
  std::vector<AnswerBody> bodies;
  if (calls) {
    bodies.push_back({calls, !led});
  }
  if (wanted.answer && !must_call) {
    bodies.push_back({wanted.answer, false});
  }
  if (bodies.empty()) {
    return base::Done{};
  }
  const std::string name = "a" + frame_name(frame) + (calls ? calls_name : "") + "|" +
                           (must_call ? "" : wanted.answer_name);
  auto whole = cache_.made(name, [&] { return framed(frame, bodies); });
  if (!whole.ok()) {
    return base::Fail{
        refused(whole.error(), calls ? ConstraintPlace::Of::tool : ConstraintPlace::Of::schema)};
  }
  constraints.grammar = std::move(whole).value();
  if (chat.continue_last) {
    constraints.begun = chat.messages.back().text;
    if (grammar::Matcher(constraints.grammar).accept(constraints.begun) != grammar::Verdict::yes) {
      return base::Fail{Unrendered(Error::bad_template_input)};
    }
  }
  return base::Done{};
}

base::Result<std::shared_ptr<const ChatFormat>, Unrendered> AnswerForms::text_tools_format(
    common_chat_params& rendered, const content::Chat& chat, const Wanted& wanted) {
  const AnswerFrame frame = frame_of(rendered, chat);
  const bool calls = !wanted.tools.empty();
  auto format = std::make_shared<OwnFormat>(frame, calls);
  Constraints& constraints = format->held_to();
  constraints.preserved = std::move(rendered.preserved_tokens);
  constraints.thinking = frame.thinking;
  format->stop_at(std::move(rendered.additional_stops));
  grammar::GrammarPtr made;
  const std::string name = calls_name(chat.parallel_tool_calls ? "text*" : "text", wanted);
  if (calls) {
    constraints.trigger_words = {text_call_start};
    auto compiled =
        cache_.made(name, [&] { return text_calls(wanted.tools, chat.parallel_tool_calls); });
    if (!compiled.ok()) {
      return base::Fail{refused(compiled.error(), ConstraintPlace::Of::tool)};
    }
    made = std::move(compiled).value();
  }
  if (const auto done = constrain(frame, chat, wanted, made, name, true, constraints); !done.ok()) {
    return base::Fail{done.error()};
  }
  return std::shared_ptr<const ChatFormat>(std::move(format));
}

std::shared_ptr<const ToolShape> AnswerForms::shape(const common_chat_templates_inputs& inputs,
                                                    const content::Chat& chat,
                                                    const std::vector<ToolOutline>& tools,
                                                    std::string& name) {
  common_chat_templates_inputs asked = inputs;
  asked.tool_choice = chat.tool_choice == content::ToolChoice::required
                          ? COMMON_CHAT_TOOL_CHOICE_REQUIRED
                          : COMMON_CHAT_TOOL_CHOICE_AUTO;
  asked.parallel_tool_calls = chat.parallel_tool_calls;
  name = std::to_string(asked.tool_choice) + (asked.parallel_tool_calls ? "*" : "1") +
         (asked.enable_thinking ? "t" : "-");
  for (const auto& [key, value] : asked.chat_template_kwargs) {
    name += "\x01" + key + "=" + value;
  }
  for (const ToolOutline& tool : tools) {
    name += "\x02" + tool.name;
    for (const auto& property : tool.properties) {
      name += std::string(property.text ? "\x03" : "\x04") + (property.required ? "!" : "") +
              property.name;
    }
  }
  name = hash_of(name);
  if (auto kept = shapes_.find(name)) {
    return kept->shape;
  }
  auto made = std::make_shared<const ToolShape>(shape_of(templates_, std::move(asked), tools));
  shapes_.keep(name, {made});
  return made;
}

AnswerForms::Made AnswerForms::compile_calls(const ToolShape& shape,
                                             const std::vector<ToolOutline>& tools,
                                             const Wanted& wanted) {
  grammar::GbnfOptions options;
  std::optional<ArgumentSchemas> arguments;  // One tool's at a time: stubs come tool by tool.
  std::size_t arguments_of = tools.size();
  for (const SchemaStub& stub : shape.stubs) {
    const WantedTool& tool = wanted.tools[stub.tool];
    if (!stub.property) {
      options.substitutes.emplace(stub.text, tool.arguments);
      continue;
    }
    if (arguments_of != stub.tool) {
      arguments.emplace(tool.schema);
      arguments_of = stub.tool;
    }
    const auto schema = arguments->property(tools[stub.tool].properties[*stub.property].name);
    auto compiled =
        cache_.schema(schema.value_or("true"), tool.tool->strict ? grammar::SchemaMode::strict
                                                                 : grammar::SchemaMode::lenient);
    if (!compiled.ok()) {
      return base::Fail{compiled.error()};
    }
    options.substitutes.emplace(stub.text, compiled->grammar);
  }
  auto parsed = grammar::parse_gbnf(shape.gbnf, options);
  if (!parsed.ok()) {
    return base::Fail{parsed.error()};
  }
  if (parsed->substituted == 0 && !options.substitutes.empty()) {
    // Its rules name the schemas, but no call leads there: what is held to nothing is not given.
    return base::Fail{grammar::Refusal{grammar::Refusal::Kind::unsupported, {}, "strict", 0}};
  }
  return parsed->grammar;
}

/// Templates that write a property's text without quotes cannot hold it to more than that it is
/// text; those that write arguments one by one hold to nothing that is said of them together; and
/// some do not hold arguments to their schema at all.
base::Result<base::Done, Unrendered> AnswerForms::tell_unenforced(
    const ToolShape& shape, const std::vector<ToolOutline>& tools, Wanted& wanted) const {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const WantedTool& tool = wanted.tools[i];
    const ArgumentsForm& form = shape.arguments[i];
    const auto stands_for = [&](std::optional<std::size_t> property) {
      return std::any_of(shape.stubs.begin(), shape.stubs.end(), [&](const SchemaStub& stub) {
        return stub.tool == i && stub.property == property;
      });
    };
    std::vector<std::string> paths;
    if (!stands_for(std::nullopt)) {
      ArgumentSchemas arguments(tool.schema);
      paths = arguments.of_the_whole();
      if (!form.tagged) {
        paths.insert(paths.begin(), std::string());
      }
      for (std::size_t k = 0; k < tools[i].properties.size(); ++k) {
        const auto& property = tools[i].properties[k];
        const bool held = stands_for(k) ? arguments.property(property.name).has_value()
                                        : property.text && !arguments.narrows_text(property.name);
        if (!held) {
          paths.push_back("properties." + property.name);
        }
      }
    }
    if (!form.missable.empty()) {
      paths.emplace_back("required");
    }
    if (tool.tool->strict && !paths.empty()) {
      return base::Fail{not_enforced(tool.number, paths.front())};
    }
    for (std::string& path : paths) {
      wanted.unenforced.push_back({ConstraintPlace::Of::tool, tool.number, std::move(path)});
    }
  }
  return base::Done{};
}

base::Result<grammar::GrammarPtr, Unrendered> AnswerForms::native_calls(
    const ToolShape& shape, const std::string& name, const std::vector<ToolOutline>& tools,
    Wanted& wanted) {
  if (const auto done = tell_unenforced(shape, tools, wanted); !done.ok()) {
    return base::Fail{done.error()};
  }
  auto made = cache_.made(name, [&] { return compile_calls(shape, tools, wanted); });
  if (!made.ok()) {
    return base::Fail{refused(made.error(), ConstraintPlace::Of::tool, wanted.tools[0].number)};
  }
  return std::move(made).value();
}

base::Result<std::shared_ptr<const ChatFormat>, Unrendered> AnswerForms::native_format(
    common_chat_params& rendered, const common_chat_templates_inputs& inputs,
    const content::Chat& chat, Wanted& wanted) {
  std::vector<ToolOutline> tools;
  for (const WantedTool& tool : wanted.tools) {
    content::Tool plain = *tool.tool;
    plain.parameters = tool.schema;
    tools.push_back(outline_of(plain));
  }
  std::string shape_name;
  const auto shaped = shape(inputs, chat, tools, shape_name);
  const std::string name = calls_name(shape_name, wanted);
  const AnswerFrame frame = frame_of(rendered, chat);
  Constraints constraints;
  constraints.trigger_words = shaped->trigger_words;
  constraints.opening_words = shaped->opening_words;
  constraints.thinking = frame.thinking;
  for (const std::string& end : shaped->params.thinking_end_tags) {
    if (!frame.thinking.start.empty() && !has(constraints.thinking.ends, end)) {
      constraints.thinking.ends.push_back(end);
    }
  }
  common_chat_params read = shaped->params;
  read.generation_prompt = rendered.generation_prompt;
  const bool lazy = chat.tool_choice != content::ToolChoice::required && !wanted.answer;
  if (lazy && !constraints.sleeps()) {
    for (const WantedTool& tool : wanted.tools) {
      if (tool.tool->strict) {
        return base::Fail{not_enforced(tool.number, {})};
      }
      wanted.unenforced.push_back({ConstraintPlace::Of::tool, tool.number, {}});
    }
    return format_of(read, chat);
  }
  auto calls = native_calls(*shaped, name, tools, wanted);
  if (!calls.ok()) {
    return base::Fail{calls.error()};
  }
  if (const auto done = constrain(frame, chat, wanted, calls.value(), name, false, constraints);
      !done.ok()) {
    return base::Fail{done.error()};
  }
  return format_of(read, chat, std::move(constraints));
}

base::Result<std::shared_ptr<const ChatFormat>, Unrendered> AnswerForms::format(
    common_chat_params& rendered, const common_chat_templates_inputs& inputs,
    const content::Chat& chat, Wanted& wanted, bool in_text) {
  if (wanted.tools.empty() && !wanted.answer) {
    return format_of(rendered, chat);
  }
  if (wanted.tools.empty() || in_text) {
    return text_tools_format(rendered, chat, wanted);
  }
  return native_format(rendered, inputs, chat, wanted);
}

base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> AnswerForms::obeying(
    const std::string& grammar) {
  auto compiled = cache_.gbnf(grammar);
  if (!compiled.ok()) {
    return base::Fail{refused(compiled.error(), ConstraintPlace::Of::grammar)};
  }
  auto format = std::make_shared<OwnFormat>(AnswerFrame{}, false);
  format->held_to().grammar = std::move(compiled).value();
  return std::shared_ptr<const ReplyFormat>(std::move(format));
}

}  // namespace engine::llama
