// From token pieces to text that may be sent: whole characters only, stop strings cut out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

/// One per choice. Holds back bytes that are not yet a whole UTF-8 character and text that may be
/// the beginning of a stop string. Bytes that can never be UTF-8 become U+FFFD. Not thread-safe.
class TextAssembler {
 public:
  /// stop   none empty.
  explicit TextAssembler(std::vector<std::string> stop);

  /// Takes the next token's bytes and returns what may be sent now (possibly nothing).
  std::string add(std::string_view piece);
  /// True once a stop string was completed; what was in front of it was returned, add() is over.
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// Which stop string that was, as an index into the constructor's list. Only when stopped().
  [[nodiscard]] std::size_t matched() const { return matched_; }
  /// The number of bytes taken that wait for the rest of their character.
  [[nodiscard]] std::size_t waiting() const { return bytes_.size(); }
  /// The end came without a stop string: returns what was held back.
  std::string finish();

 private:
  std::vector<std::string> stop_;
  std::string bytes_;  ///< Incomplete UTF-8.
  std::string text_;   ///< Whole characters that may begin a stop string.
  bool stopped_ = false;
  std::size_t matched_ = 0;
};

}  // namespace engine
