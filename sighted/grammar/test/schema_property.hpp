// What must hold for every schema, whatever it is: bounds of time and memory, and that each text a
// strict grammar makes satisfies the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace grammar {

struct SchemaTrial {
  std::string fault;  ///< empty where all is well
  std::string schema;
  bool compiled = false;
  bool text_whole = false;  ///< a text was made to its end
  double accept_ms = 0;     ///< of this thread's processor time, where strictly compiled
  double refuse_ms = 0;
};

/// Makes a schema of the bytes and compiles it in both modes; with `text`, makes a text and checks
/// it. `slow` is by how much this build may take longer than a release build.
[[nodiscard]] SchemaTrial try_schema(std::span<const std::uint8_t> bytes, double slow,
                                     bool text = true);

/// The same for a schema that is given; whether its text conforms is not checked.
[[nodiscard]] SchemaTrial try_schema(const std::string& schema, std::uint64_t seed, double slow);

}  // namespace grammar
