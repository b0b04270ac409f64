// A parsed value back to JSON text, for schemas and tool arguments that pass through.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace wire {

/// False when a number is not finite (1e400 in the body). Order of fields is kept. Numbers with a
/// fraction are written to 15 digits: what was read is that exact, and what was sent has no more.
bool append_json(std::string& out, const boost::json::value& value);

}  // namespace wire
