// The place where admin commands are answered: by the running server, or by the stopped one's data
// folder.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <admin/admin.hpp>
#include <base/result.hpp>
#include <cli/cli.hpp>
#include <vault/vault.hpp>

namespace cli {

using Query = std::vector<std::pair<std::string, std::string>>;
using Take = std::function<bool(std::string_view)>;

class Door {
 public:
  virtual ~Door() = default;
  /// errors: nobody answered; a line for people.
  [[nodiscard]] virtual base::Result<admin::Reply, std::string> ask(const std::string& method,
                                                                    const std::string& path,
                                                                    const Query& query,
                                                                    const std::string& body) = 0;
  /// A GET whose answer may be longer than memory: where the status is 2xx the body goes to `take`
  /// piece by piece, and stays empty. `take` returns false to stop, which is an error. errors: also
  /// when the answer broke off; what `take` has seen is then not all.
  [[nodiscard]] virtual base::Result<admin::Reply, std::string> pour(const std::string& path,
                                                                     const Query& query,
                                                                     const Take& take) = 0;
};

using DoorPtr = std::unique_ptr<Door>;

/// The server on `dir` where one answers; else the folder itself, locked as long as the door
/// lives. Waits two seconds for another command to finish, or a server to come up. `use`: what is
/// not there is made only where it says so, and that is said on world.err. `ledger`: the address of
/// the books, where they are not in the folder; a server whose books are others is refused. errors:
/// a line for people.
[[nodiscard]] base::Result<DoorPtr, std::string> open_door(const std::filesystem::path& dir,
                                                           const std::string& ledger,
                                                           vault::Use use, const World& world);

/// Whether a server answers on the socket in `dir`, and a door to it; null where none does.
[[nodiscard]] DoorPtr open_socket(const std::filesystem::path& dir);

}  // namespace cli
