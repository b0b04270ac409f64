// What an answer is made of, as llama-common's analysis of a template tells it: how it is read, and
// what the sampler must obey.
#pragma once

#include <chat.h>

#include <memory>

#include <content/chat.hpp>

#include "chat.hpp"

namespace engine::llama {

/// Takes what it needs out of `rendered`. May throw what llama-common throws.
[[nodiscard]] std::shared_ptr<const ChatFormat> format_of(common_chat_params& rendered,
                                                          const content::Chat& chat,
                                                          Constraints constraints = {});

}  // namespace engine::llama
