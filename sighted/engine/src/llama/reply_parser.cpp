#include "reply_parser.hpp"

#include "../call_id.hpp"

namespace engine::llama {
namespace {

/// What `now` adds to `told`; nothing where the parser changed its mind about what was told.
std::string growth(std::string& told, std::string_view now) {
  if (now.size() <= told.size() || !now.starts_with(told)) {
    return {};
  }
  std::string added(now.substr(told.size()));
  told = now;
  return added;
}

}  // namespace

content::ReplyDelta ReplyDiff::update(const ParsedReply& now, bool complete) {
  content::ReplyDelta delta;
  delta.reasoning = growth(told_.reasoning, now.reasoning);
  delta.text = growth(told_.text, now.text);
  for (std::size_t i = 0; i < now.calls.size(); ++i) {
    const content::ToolCall& call = now.calls[i];
    const auto index = static_cast<std::uint32_t>(i);
    if (i >= told_.calls.size()) {
      // A name may still grow until the arguments or the next call begin.
      const bool certain = complete || !call.arguments.empty() || i + 1 < now.calls.size();
      if (call.name.empty() || !certain || i > told_.calls.size()) {
        break;
      }
      std::string id = call.id.empty() ? call_id(call_ids_, index) : call.id;
      delta.tools.push_back({index, id, call.name, {}});
      told_.calls.push_back({std::move(id), call.name, {}});
    }
    std::string added = growth(told_.calls[i].arguments, call.arguments);
    if (!added.empty()) {
      delta.tools.push_back({index, {}, {}, std::move(added)});
    }
  }
  return delta;
}

}  // namespace engine::llama
