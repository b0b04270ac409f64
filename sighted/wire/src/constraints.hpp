// What the answer must look like.
#pragma once

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

/// response_format.
void read_response_format(Reader& root, content::Chat& chat);

}  // namespace wire
