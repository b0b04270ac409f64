#include <base/invariant.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace base {

namespace {
std::atomic<int> last_words_descriptor = 2;
}

void set_last_words_descriptor(int descriptor) {
  last_words_descriptor = descriptor;
}

void broken_invariant(const char* law, std::source_location where) {
  dprintf(last_words_descriptor, "mains: broken invariant: %s (%s:%u)\n", law, where.file_name(),
          static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace base
