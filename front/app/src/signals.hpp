// Signals: what the operating system tells the server while it runs.
#pragma once

#include <cstdint>

namespace app {

enum class Told : std::uint8_t {
  stop,    ///< SIGTERM, SIGINT, or SIGHUP with a controlling terminal, which is closing.
  reload,  ///< SIGHUP without a terminal.
};

/// Takes the process's signals. Before serving() a signal to stop ends the process at once, and so
/// does a second one later. SIGPIPE is ignored.
void take_signals();
/// From now on there is something to finish.
void serving();
/// Waits for the next signal. One thread.
[[nodiscard]] Told wait_for_signal();

}  // namespace app
