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
  /// stop        none empty.
  /// only_text   the first so many of them cut what a client sees as text: none of them is looked
  ///             for from where a call of a tool begins.
  /// call_marks  with which a call begins, none empty.
  explicit TextAssembler(std::vector<std::string> stop, std::size_t only_text = 0,
                         std::vector<std::string> call_marks = {});

  /// Takes the next token's bytes and returns what may be sent now (possibly nothing).
  std::string add(std::string_view piece);
  /// True once a stop string was completed; what was in front of it was returned, add() is over.
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// Which stop string that was, as an index into the constructor's list. Only when stopped().
  [[nodiscard]] std::size_t matched() const { return matched_; }
  /// The number of bytes taken that wait for the rest of their character.
  [[nodiscard]] std::size_t waiting() const { return bytes_.size(); }
  /// The end came: returns what was held back. A stop string that waited there counts.
  std::string finish();

 private:
  /// The first stop string in text_ that counts, which is cut; else what may be sent.
  std::size_t cut_or_safe(bool at_end);

  std::vector<std::string> stop_;
  std::size_t only_text_;
  std::vector<std::string> call_marks_;
  bool in_call_ = false;
  std::string bytes_;  ///< Incomplete UTF-8.
  std::string text_;   ///< Whole characters that may begin a stop string.
  bool stopped_ = false;
  std::size_t matched_ = 0;
};

}  // namespace engine
