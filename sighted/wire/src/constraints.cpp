#include "constraints.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include "request_fields.hpp"

namespace wire {

namespace {

constexpr std::size_t choices_of_text_max = 2000;
constexpr std::string_view any_object = "{}";
constexpr std::string_view no_regex =
    "is not supported: use 'grammar' (GBNF), or 'response_format' with a JSON schema whose "
    "strings have a 'pattern'.";

/// A GBNF literal that matches exactly `text`.
void append_literal(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7F) {
      out.append({'\\', 'x', hex[byte >> 4U], hex[byte & 15U]});
    } else {
      out += c;
    }
  }
  out += '"';
}

/// Takes the first constraint of a request and refuses a second one.
class AnswerForm {
 public:
  explicit AnswerForm(content::Chat& chat) : chat_(chat) {}

  void schema(Reader& holder, std::string_view name, std::string text) {
    if (take(holder, name)) {
      chat_.json_schema = std::move(text);
    }
  }

  void grammar(Reader& holder, std::string_view name, std::string text) {
    if (take(holder, name)) {
      chat_.grammar = std::move(text);
    }
    const bool callable = chat_.tool_choice != content::ToolChoice::none && !chat_.tools.empty();
    if (callable) {
      holder.fail(
          name, ErrorKind::out_of_range,
          "cannot be combined with 'tools': set 'tool_choice' to 'none', or leave one out.");
    }
  }

  void schema_field(Reader& holder, std::string_view name) {
    if (auto text = holder.optional_object_text(name)) {
      schema(holder, name, std::move(*text));
    }
  }

  /// An object, or JSON text of one, as vLLM takes it.
  void schema_or_text_field(Reader& holder, std::string_view name) {
    if (holder.type(name) != JsonType::string) {
      schema_field(holder, name);
      return;
    }
    std::string text = holder.required_string(name, any_length, 0);
    if (Document(text).failed()) {
      holder.fail(name, ErrorKind::out_of_range, "must be a JSON schema: an object.");
    }
    schema(holder, name, std::move(text));
  }

  void grammar_field(Reader& holder, std::string_view name) {
    std::string text = holder.optional_string(name, any_length).value_or("");
    if (!text.empty()) {
      grammar(holder, name, std::move(text));
    }
  }

  /// The answer is one of these texts, as they stand.
  void choice_field(Reader& holder, std::string_view name) {
    auto texts = holder.optional_array(name, choices_of_text_max, 1);
    if (!texts) {
      return;
    }
    std::string rule = "root ::= ";
    for (std::size_t i = 0; i < texts->size(); ++i) {
      if (i > 0) {
        rule += " | ";
      }
      append_literal(rule, texts->string(i, any_length, 1));
    }
    grammar(holder, name, std::move(rule));
  }

 private:
  bool take(Reader& holder, std::string_view name) {
    if (taken_) {
      holder.fail(name, ErrorKind::out_of_range,
                  "contradicts another field: the answer can have one form only. Give one of "
                  "response_format, json_schema, grammar, guided_..., structured_outputs, format.");
      return false;
    }
    taken_ = true;
    chat_.form_field = holder.path(name);
    return true;
  }

  content::Chat& chat_;
  bool taken_ = false;
};

void read_response_format(Reader& root, content::Chat& chat, AnswerForm& form) {
  auto format = root.optional_object("response_format");
  if (!format) {
    return;
  }
  const auto type = format->required_word("type", {"text", "json_object", "json_schema"});
  if (type == 1) {
    if (format->has("schema")) {
      form.schema_field(*format, "schema");
    } else {
      form.schema(root, "response_format", std::string(any_object));
    }
  } else if (type == 2) {
    // llama-server takes the schema beside the type as well.
    const bool nested = format->has("json_schema") || !format->has("schema");
    Reader schema = nested ? format->required_object("json_schema") : *format;
    schema.optional_string("name", any_length);
    schema.optional_string("description", any_length);
    chat.schema_strict = schema.optional_bool("strict").value_or(true);
    if (schema.has("schema")) {
      form.schema_field(schema, "schema");
    } else {
      form.schema(root, "response_format", std::string(any_object));
    }
  }
}

void read_structured_outputs(Reader& root, AnswerForm& form) {
  auto outputs = root.optional_object("structured_outputs");
  if (!outputs) {
    return;
  }
  form.schema_or_text_field(*outputs, "json");
  if (outputs->optional_bool("json_object").value_or(false)) {
    form.schema(*outputs, "json_object", std::string(any_object));
  }
  form.choice_field(*outputs, "choice");
  form.grammar_field(*outputs, "grammar");
  if (outputs->has("regex")) {
    outputs->unsupported("regex", no_regex);
  }
  for (const std::string_view field : {"structural_tag", "whitespace_pattern"}) {
    if (outputs->has(field)) {
      outputs->unsupported(field);
    }
  }
}

void read_ollama_format(Reader& root, AnswerForm& form) {
  if (root.type("format") != JsonType::string) {
    form.schema_field(root, "format");
  } else if (root.optional_word("format", {"", "json"}).value_or(0) == 1) {
    form.schema(root, "format", std::string(any_object));
  }
}

/// What servers other than the vendors take beside the vendors' fields.
void read_server_constraints(Reader& root, AnswerForm& form) {
  form.schema_field(root, "json_schema");
  form.grammar_field(root, "grammar");
  form.schema_or_text_field(root, "guided_json");
  form.choice_field(root, "guided_choice");
  form.grammar_field(root, "guided_grammar");
  if (root.has("guided_regex")) {
    root.unsupported("guided_regex", no_regex);
  }
  if (root.has("guided_whitespace_pattern")) {
    root.unsupported("guided_whitespace_pattern");
  }
  read_structured_outputs(root, form);
  read_ollama_format(root, form);
}

/// A schema for the answer: output_config.format, or output_format as betas write it.
void read_output_format(Reader& holder, std::string_view name, AnswerForm& form) {
  auto format = holder.optional_object(name);
  if (format && format->required_word("type", {"json_schema"})) {
    form.schema(*format, "schema", format->required_object_text("schema"));
  }
}

}  // namespace

void read_constraints(Reader& root, content::Chat& chat) {
  AnswerForm form(chat);
  read_response_format(root, chat, form);
  read_server_constraints(root, form);
}

void read_anthropic_constraints(Reader& root, content::Chat& chat) {
  AnswerForm form(chat);
  if (auto config = root.optional_object("output_config")) {
    read_output_format(*config, "format", form);
  }
  read_output_format(root, "output_format", form);
  if (root.has("response_format")) {
    root.unsupported("response_format", "is not supported here: use 'output_config.format'.");
  }
  read_server_constraints(root, form);
}

void read_raw_constraints(Reader& root, content::GenerationRequest& request) {
  content::Chat chat;
  AnswerForm form(chat);
  read_response_format(root, chat, form);
  read_server_constraints(root, form);
  for (const std::string_view field :
       {"response_format", "json_schema", "guided_json", "structured_outputs", "format"}) {
    if (!chat.json_schema.empty() && root.has(field)) {
      root.unsupported(field,
                       "with a JSON schema is not supported on raw prompts: use "
                       "/v1/chat/completions, or 'grammar'.");
    }
  }
  request.grammar = std::move(chat.grammar);
  request.grammar_field = std::move(chat.form_field);
}

}  // namespace wire
