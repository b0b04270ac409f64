#include "thinking_limit.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace engine::llama {
namespace {

using content::TokenId;

/// Where a text ends in the middle of a character.
bool is_cut(std::string_view text) {
  std::size_t tail = 0;
  while (tail < 4 && tail < text.size()) {
    const auto byte = static_cast<unsigned char>(text[text.size() - 1 - tail]);
    ++tail;
    if ((byte & 0xC0U) != 0x80U) {
      const std::size_t length = byte < 0x80U ? 1 : byte < 0xE0U ? 2 : byte < 0xF0U ? 3 : 4;
      return length > tail;
    }
  }
  return false;
}

class LimitedThinking final : public Sampler {
 public:
  LimitedThinking(std::unique_ptr<Sampler> inner, const Vocabulary& vocabulary,
                  const ThinkingLimit& limit, content::TokenIds end)
      : inner_(std::move(inner)),
        vocabulary_(vocabulary),
        start_(limit.start),
        ends_(limit.ends),
        end_(std::move(end)),
        max_(limit.tokens_max) {
    read(limit.begun);
    forced_ = thinking_ && max_ == 0 ? 0 : end_.size();
  }

  [[nodiscard]] bool guarded() const override { return inner_->guarded(); }
  void allow_work(std::uint64_t operations) override { inner_->allow_work(operations); }
  [[nodiscard]] std::uint64_t work_left() const override { return inner_->work_left(); }
  [[nodiscard]] bool too_costly() const override { return inner_->too_costly(); }

  std::optional<TokenId> sample(const float* logits) override {
    std::optional<TokenId> token;
    if (forced_ < end_.size()) {
      only_.assign(static_cast<std::size_t>(vocabulary_.size()), -INFINITY);
      only_[static_cast<std::size_t>(end_[forced_])] = 0;
      token = inner_->sample(only_.data());
      forced_ += token ? 1 : 0;  // else it is put off
    } else {
      token = inner_->sample(logits);
    }
    if (token) {
      follow(*token);
    }
    return token;
  }

 private:
  void follow(TokenId token) {
    if (forced_ < end_.size()) {
      return;
    }
    const bool was = thinking_;
    read(vocabulary_.piece(token, true));
    tokens_ = was ? tokens_ + 1 : 0;
    if (thinking_ && tokens_ >= max_ && !is_cut(text_)) {
      forced_ = 0;
    }
  }

  /// Follows the marks in the answer's text; keeps as much of it as a mark may need.
  void read(std::string_view more) {
    constexpr std::size_t kept = 256;
    text_ += more;
    for (;;) {
      std::size_t at = std::string::npos;
      std::size_t length = 0;
      const auto look = [&](const std::string& mark) {
        const std::size_t found = mark.empty() ? std::string::npos : text_.find(mark);
        if (found < at) {
          at = found;
          length = mark.size();
        }
      };
      if (thinking_) {
        std::for_each(ends_.begin(), ends_.end(), look);
      } else {
        look(start_);
      }
      if (at == std::string::npos) {
        break;
      }
      thinking_ = !thinking_;
      text_.erase(0, at + length);
    }
    if (text_.size() > kept) {
      text_.erase(0, text_.size() - kept);
    }
  }

  std::unique_ptr<Sampler> inner_;
  const Vocabulary& vocabulary_;
  std::string start_;
  std::vector<std::string> ends_;
  content::TokenIds end_;
  std::uint32_t max_;
  std::uint32_t tokens_ = 0;
  bool thinking_ = false;
  std::size_t forced_ = 0;  ///< How much of end_ is said; all of it: nothing is forced.
  std::string text_;
  std::vector<float> only_;
};

}  // namespace

std::unique_ptr<Sampler> limit_thinking(std::unique_ptr<Sampler> inner,
                                        const Vocabulary& vocabulary, const ThinkingLimit* limit) {
  if (!inner || limit == nullptr || !limit->can_hold()) {
    return inner;
  }
  auto end = vocabulary.tokenize(limit->ends.front(), true, false);
  if (!end || end->empty()) {
    return inner;
  }
  return std::make_unique<LimitedThinking>(std::move(inner), vocabulary, *limit,
                                           std::move(end).value());
}

}  // namespace engine::llama
