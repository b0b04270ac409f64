#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace load {

/// What one request asks for.
struct Ask {
  int words_in = 8;      // words of the prompt; the server's `usage` says how many tokens they were
  int tokens_out = 8;    // max_tokens, with ignore_eos
  int shared_words = 0;  // before those, the same for every request of a run
  std::vector<std::uint64_t> blocks = {};  // of a trace: equal numbers stand for equal words
};

/// A request of an open loop: it is meant to go out then, whatever became of those before it.
struct Arrival {
  std::int64_t at_ns = 0;  // since the run began
  Ask ask;
};

/// Clients that behave alike, and one tenant. In a closed loop each sends its next request when it
/// has the answer to its last; in an open one requests have times of their own, and who finds all
/// connections busy waits.
struct Group {
  std::string name;
  int clients = 1;  // connections; of an open loop the most at once
  Ask ask;
  std::string key;                // API key; empty: no authorization header
  int times = 0;                  // requests of each client of a closed loop; 0: until the end
  double after_s = 0;             // > 0: begins so long after the measured window opened
  double rate_per_s = 0;          // > 0: an open loop, arrivals by chance
  std::vector<Arrival> arrivals;  // in order of time
  [[nodiscard]] bool open() const { return rate_per_s > 0 || !arrivals.empty(); }
};

/// In currency units per million tokens, so that tokens times price are millionths of a unit.
struct Prices {
  double input = 0.20;
  double cached = 0.10;
  double output = 0.80;
};

/// What a request must keep to count as good; 0 = no such limit.
struct Limits {
  double first_ms = 0;
  double per_token_ms = 0;
};

enum class Api : std::uint8_t { chat, completions };

struct Plan {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string model;
  std::vector<Group> groups;
  Api api = Api::chat;
  bool stream = false;
  bool plain = false;  // only what the OpenAI API knows: no ignore_eos
  double measured_s = 5;
  double warmup_s = 0.5;    // requests run, nothing is counted
  double drain_s = 5;       // what is under way at the end may take this long, then it is cut
  bool until_done = false;  // the window closes when every group with `times` has its answers
  int server_pid = 0;       // 0: the server's processor time and memory are not measured
  int block_words = 512;    // of a block of a trace
  Prices prices;
  Limits limits;
  std::uint64_t seed = 1;
};

}  // namespace load
