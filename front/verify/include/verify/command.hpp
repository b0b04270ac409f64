// The command: what may be asked, and what it says.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace verify {

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> log_keys;   ///< Verifier keys, or files with one on each line.
  std::vector<std::string> witnesses;  ///< Likewise.
  std::size_t quorum = 0;
  bool quorum_given = false;
  std::string since;  ///< A file with an earlier checkpoint.
  std::string tiles;  ///< A folder.
  bool json = false;
};

/// The options of `mains-verify` and of `mains verify`. `options` must outlive the parsing.
void declare(CLI::App& command, Options& options);

/// 0: everything holds, one line a file says what was proved. 1: something does not, one line on
/// `err` (with --json on `out`) names file and line. 2: the question makes no sense.
[[nodiscard]] int run(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace verify
