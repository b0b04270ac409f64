#include <cli/folder.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace cli {

using base::Fail;
using base::Result;

Result<base::Done, std::string> make_folder(const std::filesystem::path& dir) {
  std::error_code error;
  if (std::filesystem::is_directory(dir, error)) {
    return base::Done{};
  }
  if (!std::filesystem::create_directories(dir, error) && error) {
    return Fail{"cannot make the data folder " + dir.string() + ": " + error.message() +
                "; name another with --data"};
  }
  std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
  return base::Done{};
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<FolderLock, std::string> FolderLock::take(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / lock_file;
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Fail{"cannot use the data folder " + dir.string() + ": " + std::strerror(errno) +
                "; check its owner and permissions"};
  }
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t size = ::pread(descriptor, holder, sizeof holder - 1, 0);
    const std::string process = size > 0 ? " (process " + std::string(holder) + ")" : "";
    return Fail{"another mains" + process + " is using the data folder " + dir.string() +
                "; stop it, or name another folder with --data"};
  }
  // Who holds it is for messages only: the lock itself is what counts.
  const std::string self = std::to_string(::getpid());
  const bool written =
      ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, self.data(), self.size(), 0) > 0;
  static_cast<void>(written);
  return lock;
}

}  // namespace cli
