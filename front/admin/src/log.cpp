// The transparency log: what it stands at, a new key, the day's liabilities on demand.
#include "handlers.hpp"

#include <note/note.hpp>

namespace admin {
namespace {

using base::Fail;

Problem of(tlog::Error error) {
  return {503, "log_unavailable", std::string(tlog::describe(error)), ""};
}

Problem no_log() {
  return {503, "log_unavailable",
          "the transparency log of this folder cannot be opened; `mains serve` says why", ""};
}

json::object shown(const tlog::PublishedDocument& published) {
  return {{"document", published.document}, {"leaf", published.leaf}};
}

json::array shown(const std::vector<note::VerifierKey>& keys) {
  json::array list;
  for (const note::VerifierKey& key : keys) {
    list.emplace_back(note::to_text(key));
  }
  return list;
}

}  // namespace

Answer show_log(const Call& call) {
  tlog::Log* log = call.around.log;
  if (log == nullptr) {
    return Fail{no_log()};
  }
  const tlog::State state = log->state();
  return json::object{{"origin", log->origin()},
                      {"keys", shown(log->keys())},
                      {"size", log->size()},
                      {"checkpoint", log->checkpoint()},
                      {"witnessed", log->witnessed()},
                      {"signs", log->signs()},
                      {"healthy", state.healthy},
                      {"problem", state.healthy ? "" : tlog::describe(state.error)}};
}

Answer rotate_log_key(const Call& call) {
  tlog::Log* log = call.around.log;
  if (log == nullptr) {
    return Fail{no_log()};
  }
  const auto rotated = log->rotate_key();
  if (!rotated.ok()) {
    return Fail{of(rotated.error())};
  }
  json::object object = shown(rotated.value());
  object["keys"] = shown(log->keys());
  return object;
}

Answer drop_previous_log_key(const Call& call) {
  tlog::Log* log = call.around.log;
  if (log == nullptr) {
    return Fail{no_log()};
  }
  const auto dropped = log->drop_previous_key();
  if (!dropped.ok()) {
    return Fail{of(dropped.error())};
  }
  return json::object{{"keys", shown(log->keys())}};
}

Answer publish_liabilities(const Call& call) {
  tlog::Log* log = call.around.log;
  if (log == nullptr) {
    return Fail{no_log()};
  }
  const auto published = log->publish_liabilities();
  if (!published.ok()) {
    return Fail{of(published.error())};
  }
  return shown(published.value());
}

}  // namespace admin
