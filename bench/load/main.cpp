// mains_load: a closed loop of keep-alive clients against any OpenAI-compatible server.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "disk.hpp"
#include "report.hpp"
#include "run.hpp"

namespace {

// NAME:CLIENTS:WORDS_IN:TOKENS_OUT[:KEY]
bool read_group(const std::string& text, load::Group& group) {
  std::istringstream parts(text);
  std::string clients;
  std::string words_in;
  std::string tokens_out;
  std::getline(parts, group.name, ':');
  std::getline(parts, clients, ':');
  std::getline(parts, words_in, ':');
  std::getline(parts, tokens_out, ':');
  std::getline(parts, group.key);
  group.clients = std::atoi(clients.c_str());
  group.words_in = std::atoi(words_in.c_str());
  group.tokens_out = std::atoi(tokens_out.c_str());
  return group.clients > 0 && group.clients <= 10'000 && group.words_in > 0 && group.tokens_out > 0;
}

int measure_disk(const std::string& folder, double seconds) {
  const load::DiskCost cost = load::disk_cost(folder, seconds);
  if (!cost.measured) {
    std::fprintf(stderr, "mains_load: cannot write and sync in %s\n", folder.c_str());
    return 1;
  }
  std::printf("disk: append of 4 KiB + fdatasync: p50 %.2f ms, p99 %.2f ms, %.0f a second\n",
              cost.p50_ms, cost.p99_ms, cost.syncs_per_s);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Loads an OpenAI-compatible server on loopback and says what it saw.");
  load::Plan plan;
  std::vector<std::string> groups;
  std::string label = "load";
  std::string disk;
  std::string json;
  bool head = false;
  bool completions = false;
  app.add_option("--port", plan.port, "of the server, on 127.0.0.1");
  app.add_option("--model", plan.model, "the model asked for");
  app.add_option("--group", groups,
                 "NAME:CLIENTS:WORDS_IN:TOKENS_OUT[:KEY]; may be repeated; a key that is not given "
                 "is taken from $LOAD_KEY");
  app.add_flag("--stream", plan.stream, "ask for streams");
  app.add_flag("--completions", completions, "/v1/completions instead of /v1/chat/completions");
  app.add_option("--seconds", plan.measured_s, "measured window")->check(CLI::Range(0.1, 600.0));
  app.add_option("--warmup", plan.warmup_s, "seconds before it")->check(CLI::Range(0.0, 600.0));
  app.add_option("--drain", plan.drain_s, "seconds after it")->check(CLI::Range(0.0, 600.0));
  app.add_option("--server-pid", plan.server_pid, "measures this process's processor time");
  app.add_option("--seed", plan.seed, "of the prompts");
  app.add_option("--label", label, "first column of the table");
  app.add_option("--json", json, "a file that gets a line of JSON for each group, too");
  app.add_flag("--head", head, "the table's head above it");
  app.add_option("--disk", disk, "measures nothing but what fdatasync costs in this folder");
  CLI11_PARSE(app, argc, argv);

  if (!disk.empty()) {
    return measure_disk(disk, plan.measured_s);
  }
  if (completions) {
    plan.api = load::Api::completions;
  }
  for (const std::string& text : groups) {
    load::Group group;
    const char* key = std::getenv("LOAD_KEY");
    if (!read_group(text, group)) {
      std::fprintf(stderr, "mains_load: '%s' is not NAME:CLIENTS:WORDS_IN:TOKENS_OUT[:KEY]\n",
                   text.c_str());
      return 2;
    }
    if (group.key.empty() && key != nullptr) {
      group.key = key;
    }
    plan.groups.push_back(group);
  }
  if (plan.groups.empty() || plan.model.empty()) {
    std::fprintf(stderr, "mains_load: needs --model and at least one --group\n");
    return 2;
  }

  load::Outcome outcome = load::run(plan);
  if (head) {
    std::fputs(load::table_head().c_str(), stdout);
  }
  std::fputs(load::table_rows(plan, outcome, label).c_str(), stdout);
  if (!json.empty()) {
    std::ofstream(json, std::ios::app) << load::json_rows(plan, outcome, label);
  }
  for (const load::Tally& tally : outcome.tallies) {
    if (tally.error_count() > 0 || tally.requests + tally.tokens_out + tally.unanswered == 0) {
      return 1;
    }
  }
  return 0;
}
