// Which of an answer's tokens became content: the others are thoughts, calls, marks, stop strings.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include <content/reply.hpp>
#include <engine/text_assembler.hpp>

namespace api {

/// One per choice, not thread-safe. The pieces that it returns, joined, are the content, byte for
/// byte; where a token's bytes were no UTF-8, the content has U+FFFD instead. A token of which only
/// a part became content (a stop string began within it, or the blanks in front of an answer were
/// left out) is listed with that part, since a client that joins the pieces must find the content.
class ContentLogprobs {
 public:
  /// The next token of the answer, whatever becomes of it. Its piece is not empty.
  void add(content::TokenLogprob token);
  /// So many bytes of the decoded answer are content, from `at` on. In order; what lies between
  /// two calls is no content. Returns the tokens of which all is known now.
  [[nodiscard]] std::vector<content::TokenLogprob> told(std::size_t at, std::size_t bytes);
  /// The end of the content that was told so far.
  [[nodiscard]] std::size_t end() const { return end_; }
  /// The answer is over: the token that the last content ends in, where there is one.
  [[nodiscard]] std::vector<content::TokenLogprob> finish();

 private:
  struct Placed {
    content::TokenLogprob token;
    std::size_t begin = 0;  ///< In the decoded answer, in bytes.
    std::size_t end = 0;
  };
  void list(std::vector<content::TokenLogprob>& listed);

  engine::TextAssembler decoded_{{}};
  std::size_t decoded_bytes_ = 0;
  std::size_t placed_to_ = 0;
  std::deque<Placed> waiting_;
  std::size_t begin_ = 0;  ///< The content without a gap that was told last.
  std::size_t end_ = 0;
};

}  // namespace api
