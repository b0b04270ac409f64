// The only prints of the process.
#pragma once

#include <string>

#include <config/config.hpp>

namespace app {

/// The process for good: files that it makes are for its owner only, it leaves no core dump, and
/// nobody may read its memory.
void harden_process();

/// From now on stdout and stderr lead nowhere, so that no library can print what is in a request.
/// say() and last words still reach what stderr was. An uncaught exception is reported by a line of
/// ours, without its text. Once per process.
void raise_fence();

/// Any thread. What is below it is not printed.
void set_log_level(config::LogLevel level);

/// One line of ours; never with anything of a request's. Any thread.
void say(config::LogLevel level, const std::string& line);

}  // namespace app
