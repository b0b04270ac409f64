#include <notation/end_text.hpp>

namespace notation {

std::string_view to_text(terms::EndReason end) {
  switch (end) {
    case terms::EndReason::stop: return "stop";
    case terms::EndReason::length: return "length";
    case terms::EndReason::funds: return "funds";
    case terms::EndReason::disconnect: return "disconnect";
    case terms::EndReason::cancel: return "cancel";
    case terms::EndReason::error: return "error";
    case terms::EndReason::drain: return "drain";
    case terms::EndReason::done: return "done";
  }
  return "unknown";
}

}  // namespace notation
