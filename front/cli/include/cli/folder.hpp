// The data folder: what lies in it, and who may use it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <base/result.hpp>

namespace cli {

inline constexpr const char* lock_file = "lock";           ///< Held by who uses the folder.
inline constexpr const char* admin_socket = "admin.sock";  ///< Where a server answers.
inline constexpr const char* quickstart_key_file = "quickstart.key";  ///< Of `serve --quickstart`.
inline constexpr const char* models_folder = "models";  ///< What `model pull` fetched.

/// Makes the folder, for its owner only, where there is none. errors: a line for people.
[[nodiscard]] base::Result<base::Done, std::string> make_folder(const std::filesystem::path& dir);

/// The exclusive use of a data folder, as long as this lives. A crash releases it.
class FolderLock {
 public:
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

  /// Does not wait. errors: a line for people; it names the process that has the folder.
  /// Files in the folder that others could read are then for their owner only.
  [[nodiscard]] static base::Result<FolderLock, std::string> take(const std::filesystem::path& dir);

  /// Files that take() had to close to others: names, for people.
  [[nodiscard]] const std::vector<std::string>& tightened() const { return tightened_; }

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
  std::vector<std::string> tightened_;
};

}  // namespace cli
