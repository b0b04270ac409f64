#include "parse_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire::fuzz::check(wire::parse_embedding(wire::fuzz::body_of(data, size)));
  return 0;
}
