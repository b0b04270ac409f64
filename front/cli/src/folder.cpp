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

namespace {

namespace fs = std::filesystem;

/// Databases with their logs, and lists of ours. Keys are not among them: whoever opens a key that
/// others could read refuses it, because it may be known already.
bool is_ours(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".db") || name.ends_with(".db-wal") || name.ends_with(".db-shm") ||
         name.ends_with(".toml") || name.ends_with(".json") || name == lock_file;
}

/// Takes the rights of group and others from our files. Names those that had some.
Result<std::vector<std::string>, std::string> tighten(const fs::path& dir) {
  constexpr fs::perms others = fs::perms::group_all | fs::perms::others_all;
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, error)) {
    std::error_code here;
    if (!is_ours(entry.path()) || entry.symlink_status(here).type() != fs::file_type::regular ||
        (entry.status(here).permissions() & others) == fs::perms::none) {
      continue;
    }
    fs::permissions(entry.path(), others, fs::perm_options::remove, here);
    if (here) {
      return Fail{"others may read " + entry.path().string() + ", and that cannot be changed: " +
                  here.message() + "; run: chmod go= " + entry.path().string()};
    }
    names.push_back(entry.path().filename().string());
  }
  return names;
}

}  // namespace

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tightened_(std::move(other.tightened_)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(tightened_, other.tightened_);
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
  // The holder's name is for messages only: the lock itself is what counts.
  const std::string self = std::to_string(::getpid());
  const bool written =
      ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, self.data(), self.size(), 0) > 0;
  static_cast<void>(written);
  auto tightened = tighten(dir);
  if (!tightened.ok()) {
    return Fail{tightened.error()};
  }
  lock.tightened_ = std::move(tightened).value();
  return lock;
}

}  // namespace cli
