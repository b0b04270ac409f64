#include <base/invariant.hpp>

#include <cstdio>
#include <cstdlib>

namespace base {

void broken_invariant(const char* law, std::source_location where) {
  std::fprintf(stderr, "mains: broken invariant: %s (%s:%u)\n", law, where.file_name(),
               static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace base
