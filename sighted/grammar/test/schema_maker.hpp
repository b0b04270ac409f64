// Makes schemas out of bytes: mostly sound ones, with hostile numbers, counts, nesting and
// references among them. The same bytes make the same schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace grammar {

class SchemaMaker {
 public:
  explicit SchemaMaker(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::string make();

 private:
  std::size_t choose(std::size_t count);
  bool often() { return choose(4) != 0; }
  bool seldom() { return choose(12) == 11; }
  std::string schema(int depth);
  std::string typed(int depth);
  std::string number_words();
  std::string string_words();
  std::string array_words(int depth);
  std::string object_words(int depth);
  std::string group(int depth);
  std::string properties(int depth, std::size_t count);
  std::string list(int depth, std::size_t count);
  std::string count_word();
  std::string number_word();
  std::string value(int depth);
  std::string values();
  std::string key();

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::size_t made_ = 0;
};

}  // namespace grammar
