#include <config/data_folder.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace config {

base::Result<FolderLock, FolderLock::Refusal> FolderLock::take(const std::filesystem::path& dir) {
  std::error_code error;
  if (!std::filesystem::exists(dir, error)) {
    std::filesystem::create_directories(dir, error);
    if (error) {
      return base::Fail{Refusal{false, "cannot make the data folder " + dir.string() + ": " +
                                           error.message() + ". Choose another with --data."}};
    }
    ::chmod(dir.c_str(), S_IRWXU);
  }
  const std::string path = (dir / "lock").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) {
    return base::Fail{Refusal{false, "cannot write to the data folder " + dir.string() + ": " +
                                         std::strerror(errno) +
                                         ". Check its permissions, or choose another with "
                                         "--data."}};
  }
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return base::Fail{Refusal{true, "the data folder " + dir.string() +
                                        " is in use by another Mains process. Stop that one, or "
                                        "choose another folder with --data."}};
  }
  return FolderLock(file);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

}  // namespace config
