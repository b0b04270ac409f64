// What a conversation asks of its answer's form, compiled.
#pragma once

#include <string>
#include <vector>

#include <base/result.hpp>
#include <content/chat.hpp>
#include <engine/engine.hpp>
#include <grammar/grammar.hpp>

#include "schema_cache.hpp"

namespace engine::llama {

/// A tool that may be called.
struct WantedTool {
  const content::Tool* tool = nullptr;
  std::uint32_t number = 0;  ///< Among all tools of the conversation.
  std::string schema;        ///< Of an object, as JSON text.
  grammar::GrammarPtr arguments;
};

struct Wanted {
  grammar::GrammarPtr answer;     ///< What a schema or a grammar asks of text; null = anything.
  std::string answer_name;        ///< Tells answers' grammars apart.
  std::vector<WantedTool> tools;  ///< In the conversation's order; empty: none may be called.
  std::vector<ConstraintPlace> unenforced;
};

[[nodiscard]] Unrendered refused(const grammar::Refusal& refusal, ConstraintPlace::Of of,
                                 std::uint32_t tool = 0);

/// The result points into `chat`.
/// errors  bad_schema; bad_template_input (a forced tool that is not there).
[[nodiscard]] base::Result<Wanted, Unrendered> wanted_of(const content::Chat& chat,
                                                         SchemaCache& cache);

}  // namespace engine::llama
