// Documents that are longer than one wants to hold in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <ledger/journal.hpp>

namespace bill {

/// A document that is made piece by piece. Used by one thread at a time; blocks on the store.
class Pages {
 public:
  Pages() = default;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  virtual ~Pages() = default;

  /// The next piece, never empty; nothing at the end. After an error the document is broken and
  /// there is no next piece.
  virtual ledger::Stored<std::optional<std::string>> next() = 0;
};

/// Something to send, show or save.
struct Document {
  std::string content_type;
  std::string file_name;  ///< What to save it as.
  std::string body;
  std::unique_ptr<Pages> more;  ///< What follows the body; null where that is all.
};

}  // namespace bill
