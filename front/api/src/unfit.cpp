#include "unfit.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace api {
namespace {

/// Agents shorten their conversation when they meet these sentences, and read the numbers in them.
Problem context_exceeded(const serve::Unfit& unfit, const AskedWith& asked) {
  const std::string context = std::to_string(unfit.context);
  const std::string input = std::to_string(unfit.input);
  if (asked.dialect == Dialect::anthropic) {
    if (unfit.input > unfit.context) {
      return problem(400, "context_length_exceeded",
                     "prompt is too long: " + input + " tokens > " + context + " maximum",
                     asked.prompt);
    }
    const std::uint64_t output = std::max<std::uint64_t>(unfit.output_asked, 1);
    return problem(400, "context_length_exceeded",
                   "input length and `max_tokens` exceed context limit: " + input + " + " +
                       std::to_string(output) + " > " + context +
                       ", decrease input length or `max_tokens` and try again",
                   asked.prompt);
  }
  const bool embed = asked.prompt == "input";
  const std::uint64_t output = embed ? 0 : std::max<std::uint64_t>(unfit.output_asked, 1);
  const std::string more = unfit.input_at_least ? " or more" : "";
  return problem(400, "context_length_exceeded",
                 "This model's maximum context length is " + context +
                     " tokens. However, you requested " + std::to_string(unfit.input + output) +
                     " tokens" + more + " (" + input + more + " in the " + asked.prompt + ", " +
                     std::to_string(output) +
                     " in the completion). Please reduce the length of the " + asked.prompt +
                     (embed ? "." : " or completion."),
                 asked.prompt);
}

std::string field_of(const engine::ConstraintPlace& place, const AskedWith& asked) {
  if (place.of != engine::ConstraintPlace::Of::tool) {
    return asked.form.empty() ? "response_format" : asked.form;
  }
  return "tools[" + std::to_string(place.tool) + "]" +
         (asked.dialect == Dialect::anthropic ? ".input_schema" : ".function.parameters");
}

std::string reason_of(const engine::ConstraintFault& fault) {
  using Kind = engine::ConstraintFault::Kind;
  switch (fault.kind) {
    case Kind::malformed: return "is malformed";
    case Kind::unsatisfiable: return "can never be satisfied";
    case Kind::unsupported: return "cannot be enforced";
    case Kind::too_large: break;
  }
  return "is over the limit of " + std::to_string(fault.limit);
}

/// The path has the client's own names in it: it goes to this client and nowhere else.
Problem bad_constraint(const serve::Unfit& unfit, const AskedWith& asked) {
  if (!unfit.constraint.has_value()) {
    return problem(
        400, "invalid_schema",
        "The form of the answer (a JSON schema, a grammar or a tool's parameters) cannot "
        "be enforced. Simplify it.",
        asked.form.empty() ? "tools" : asked.form);
  }
  const engine::ConstraintFault& fault = *unfit.constraint;
  const std::string field = field_of(fault.place, asked);
  const bool grammar = fault.place.of == engine::ConstraintPlace::Of::grammar;
  std::string message = "'" + field + "'";
  if (!fault.place.path.empty()) {
    message += " at " + fault.place.path;
  }
  if (!fault.keyword.empty()) {
    message += ": '" + fault.keyword + "'";
  }
  message += " " + reason_of(fault) + ". Nothing was charged.";
  return problem(400, grammar ? "invalid_grammar" : "invalid_schema", std::move(message), field);
}

Problem unfit_thinking(serve::Unfit::Kind kind, const AskedWith& asked) {
  const std::string field = asked.thinking.empty() ? "thinking" : asked.thinking;
  if (kind == serve::Unfit::Kind::always_thinks) {
    return problem(400, "thinking_cannot_be_switched_off",
                   "'" + field +
                       "' switches thinking off, but this model always thinks before it answers: "
                       "its template has no way to switch that off. Leave the field out, or use "
                       "another model.",
                   field);
  }
  return problem(400, "thinking_not_supported",
                 "'" + field +
                     "' switches thinking on, but this model's template knows no thinking. Leave "
                     "the field out, or use another model.",
                 field);
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '%' && c != ',') {
      out += c;
    } else {
      out.append({'%', hex[byte >> 4U], hex[byte & 15U]});
    }
  }
}

}  // namespace

std::string unenforced_text(const std::vector<engine::ConstraintPlace>& places, Dialect dialect) {
  constexpr std::size_t bytes_max = 2048;
  AskedWith asked;
  asked.dialect = dialect;
  std::string text;
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::string place = field_of(places[i], asked);
    if (!places[i].path.empty()) {
      append_encoded(place += '.', places[i].path);
    }
    if (text.size() + place.size() > bytes_max) {
      return text + (text.empty() ? "" : ", ") + "and " + std::to_string(places.size() - i) +
             " more";
    }
    text.append(text.empty() ? "" : ", ").append(place);
  }
  return text;
}

AskedWith AskedWith::of(const content::GenerationRequest& request, Dialect dialect) {
  if (const auto* chat = std::get_if<content::Chat>(&request.prompt)) {
    return {dialect, "messages", chat->form_field, std::string(chat->thinking.field)};
  }
  return {dialect, "prompt", request.grammar_field, {}};
}

AskedWith AskedWith::of(const content::EmbeddingRequest& /*request*/) {
  return {Dialect::openai, "input", {}, {}};
}

Problem unfit(const serve::Unfit& unfit, const AskedWith& asked) {
  using Kind = serve::Unfit::Kind;
  switch (unfit.kind) {
    case Kind::empty_prompt:
      return problem(400, "empty_prompt", "The prompt has no tokens.", asked.prompt);
    case Kind::context_exceeded: return context_exceeded(unfit, asked);
    case Kind::no_chat_template:
      return problem(400, "no_chat_template",
                     "This model has no chat template. Use /v1/completions.", "model");
    case Kind::bad_conversation:
      return problem(400, "invalid_messages",
                     "The model's chat template refuses this conversation: check the order of "
                     "roles and the tool messages.",
                     "messages");
    case Kind::always_thinks:
    case Kind::never_thinks: return unfit_thinking(unfit.kind, asked);
    case Kind::bad_schema: return bad_constraint(unfit, asked);
    case Kind::bad_token:
      return problem(400, "invalid_token", "A token id is not in this model's vocabulary.",
                     asked.prompt);
    case Kind::no_embeddings:
      return problem(400, "model_cannot_embed", "This model cannot make embeddings.", "model");
    case Kind::cannot_generate:
      return problem(400, "model_cannot_generate",
                     "This model only makes embeddings. Use /v1/embeddings.", "model");
    case Kind::engine_failed: break;
  }
  return problem(500, "engine_failed", "The engine failed. Nothing was charged. Try again.");
}

}  // namespace api
