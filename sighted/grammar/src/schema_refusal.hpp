// Refusals in one line each.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <grammar/refusal.hpp>

namespace grammar {

inline Refusal malformed(std::string path, std::string keyword) {
  return {Refusal::Kind::malformed, std::move(path), std::move(keyword), 0};
}
inline Refusal unsatisfiable(std::string path, std::string keyword) {
  return {Refusal::Kind::unsatisfiable, std::move(path), std::move(keyword), 0};
}
inline Refusal unsupported(std::string path, std::string keyword) {
  return {Refusal::Kind::unsupported, std::move(path), std::move(keyword), 0};
}
inline Refusal too_large(std::string path, std::string keyword, std::uint64_t limit) {
  return {Refusal::Kind::too_large, std::move(path), std::move(keyword), limit};
}

}  // namespace grammar
