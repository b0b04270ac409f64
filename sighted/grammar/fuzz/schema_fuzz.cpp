// Schemas out of any bytes: within the bounds of time and memory, without dead ends, and what a
// strict grammar makes satisfies its schema. Bytes that begin with `{` are a schema as they stand.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

// A fuzz target is one program of one file.
#include "schema_maker.cpp"
#include "schema_property.cpp"
#include "schema_validator.cpp"

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(MAINS_FUZZING) || defined(__clang__)
constexpr double slow = 40;
#else
constexpr double slow = 4;
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool text = size > 0 && data[0] == '{';
  const grammar::SchemaTrial trial =
      text ? grammar::try_schema(std::string(reinterpret_cast<const char*>(data), size), size, slow)
           : grammar::try_schema(std::span(data, size), slow);
  if (!trial.fault.empty()) {
    std::fprintf(stderr, "%s\n%s\n", trial.fault.c_str(), trial.schema.c_str());
    std::abort();
  }
  return 0;
}
