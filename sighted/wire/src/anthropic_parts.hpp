// Pieces that a message and its stream share.
#pragma once

#include <wire/answer.hpp>
#include <wire/json_writer.hpp>

namespace wire {

void write_anthropic_usage(JsonWriter& json, const UsageNote& usage);

/// The fields stop_reason and stop_sequence.
void write_stop(JsonWriter& json, const Finish& finish);

}  // namespace wire
