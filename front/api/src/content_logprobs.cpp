#include "content_logprobs.hpp"

#include <algorithm>
#include <utility>

namespace api {

void ContentLogprobs::add(content::TokenLogprob token) {
  decoded_bytes_ += decoded_.add(token.piece).size();
  const std::size_t begin = placed_to_;
  // Bytes that wait for the rest of their character count already: as a rule it comes.
  placed_to_ = std::max(begin, decoded_bytes_ + decoded_.waiting());
  waiting_.push_back({std::move(token), begin, placed_to_});
}

/// Lists what stands in front and is content in part or as a whole, and takes it off.
void ContentLogprobs::list(std::vector<content::TokenLogprob>& listed) {
  Placed& placed = waiting_.front();
  const std::size_t from = std::max(placed.begin, begin_);
  const std::size_t to = std::min(placed.end, end_);
  if (from < to) {
    std::string& piece = placed.token.piece;
    // Where U+FFFD stands for some of its bytes, a place in the answer is none in the piece.
    if (piece.size() == placed.end - placed.begin) {
      piece = piece.substr(from - placed.begin, to - from);
    }
    listed.push_back(std::move(placed.token));
  }
  waiting_.pop_front();
}

std::vector<content::TokenLogprob> ContentLogprobs::told(std::size_t at, std::size_t bytes) {
  std::vector<content::TokenLogprob> listed;
  if (bytes == 0) {
    return listed;
  }
  if (at != end_) {
    listed = finish();
    begin_ = at;
  }
  end_ = at + bytes;
  while (!waiting_.empty() && waiting_.front().end <= end_) {
    list(listed);
  }
  return listed;
}

std::vector<content::TokenLogprob> ContentLogprobs::finish() {
  std::vector<content::TokenLogprob> listed;
  while (!waiting_.empty() && waiting_.front().begin < end_) {
    list(listed);
  }
  return listed;
}

}  // namespace api
