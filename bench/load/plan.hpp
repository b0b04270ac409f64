#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace load {

/// Clients that behave alike: each sends its next request when it has the answer to its last.
struct Group {
  std::string name;
  int clients = 1;
  int words_in = 8;    // words of the prompt; the server's `usage` says how many tokens they were
  int tokens_out = 8;  // max_tokens, with ignore_eos
  std::string key;     // API key; empty: no authorization header
};

enum class Api : std::uint8_t { chat, completions };

struct Plan {
  std::string host = "127.0.0.1";  // loopback only
  std::uint16_t port = 8080;
  std::string model;
  std::vector<Group> groups;
  Api api = Api::chat;
  bool stream = false;
  double measured_s = 5;
  double warmup_s = 0.5;  // requests run, nothing is counted
  double drain_s = 5;     // what is under way at the end may take this long, then it is cut
  int server_pid = 0;     // 0: the server's processor time is not measured
  std::uint64_t seed = 1;
};

}  // namespace load
