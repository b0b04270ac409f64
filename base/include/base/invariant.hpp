// What cannot happen. Checked in production too: a wrong balance is worse than a stopped process.
#pragma once

#include <source_location>

namespace base {

/// Prints the law and the place that broke it, then aborts. The text is a literal of ours,
/// never data: a crash message must not carry content.
[[noreturn]] void broken_invariant(const char* law, std::source_location where);

/// Where last words go, 2 until this is called: a server closes stderr to its libraries. Any
/// thread.
void set_last_words_descriptor(int descriptor);

/// Stops the process when `holds` is false. `law` says what is always true.
inline void invariant(bool holds, const char* law,
                      std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] {
    broken_invariant(law, where);
  }
}

}  // namespace base
