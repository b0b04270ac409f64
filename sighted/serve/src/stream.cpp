#include <serve/stream.hpp>

#include <utility>

namespace serve {
namespace {

std::size_t weight(const Event& event) {
  if (const auto* piece = std::get_if<TextPiece>(&event)) {
    return sizeof(Event) + piece->text.size() + piece->logprobs.size() * 512;
  }
  if (const auto* piece = std::get_if<EmbeddingPiece>(&event)) {
    return sizeof(Event) + piece->values.size() * sizeof(float);
  }
  return 0;
}

}  // namespace

bool Stream::push(Event event) {
  const std::size_t bytes = weight(event);
  const bool last = std::holds_alternative<Charged>(event) || std::holds_alternative<Failed>(event);
  bool ready = last;
  {
    const std::scoped_lock lock(mutex_);
    if (reading_ == Reading::as_it_comes) {
      if (bytes > 0 && bytes_ > 0 && bytes_ + bytes > bytes_max_) {
        return false;
      }
      ready = ready || events_.empty();
    }
    bytes_ += bytes;
    events_.push_back(std::move(event));
  }
  if (ready && wake_) {
    wake_();
  }
  return true;
}

std::vector<Event> Stream::take() {
  const std::scoped_lock lock(mutex_);
  bytes_ = 0;
  return std::exchange(events_, {});
}

}  // namespace serve
