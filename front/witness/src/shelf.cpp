#include <witness/shelf.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include <note/note.hpp>
#include <receipt/digest.hpp>

namespace witness {
namespace {

using base::Fail;

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(descriptor, text.data(), text.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

/// Names of logs have slashes and more; their hash has none.
std::string file_of(const std::string& origin) {
  const std::vector<std::uint8_t> bytes(origin.begin(), origin.end());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (const std::uint8_t byte : receipt::to_bytes(receipt::sha256(bytes))) {
    name += digits[byte >> 4U];
    name += digits[byte & 15U];
  }
  return name + ".checkpoint";
}

}  // namespace

base::Result<std::optional<std::string>, ShelfError> FolderShelf::read(const std::string& origin) {
  const Descriptor file(folder_ / file_of(origin), O_RDONLY);
  if (!file.open()) {
    if (errno == ENOENT) {
      return std::optional<std::string>{};
    }
    return Fail{ShelfError::unavailable};
  }
  std::string text(note::note_bytes_max + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t size = ::read(file.get(), text.data() + used, text.size() - used);
    if (size < 0) {
      return Fail{ShelfError::unavailable};
    }
    if (size == 0) {
      break;
    }
    used += static_cast<std::size_t>(size);
  }
  text.resize(used);
  return std::optional(std::move(text));
}

base::Result<base::Done, ShelfError> FolderShelf::write(const std::string& origin,
                                                        const std::string& text) {
  const std::filesystem::path place = folder_ / file_of(origin);
  const std::filesystem::path fresh = place.string() + ".new";
  {
    const Descriptor file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.open() || !write_all(file.get(), text) || ::fsync(file.get()) != 0) {
      return Fail{ShelfError::unavailable};
    }
  }
  const Descriptor folder(folder_, O_RDONLY | O_DIRECTORY);
  if (!folder.open() || ::rename(fresh.c_str(), place.c_str()) != 0 || ::fsync(folder.get()) != 0) {
    return Fail{ShelfError::unavailable};
  }
  return base::Done{};
}

}  // namespace witness
