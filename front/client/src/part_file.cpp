#include "part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <base/invariant.hpp>

namespace client {

namespace fs = std::filesystem;

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  restart();
}

void Digest::restart() {
  base::invariant(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
                  "SHA-256 is there");
}

void Digest::add(std::string_view bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string Digest::hex() const {
  const std::unique_ptr<EVP_MD_CTX, Free> copy(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  EVP_MD_CTX_copy_ex(copy.get(), context_.get());
  EVP_DigestFinal_ex(copy.get(), bytes.data(), &size);
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text.push_back(digits[bytes[i] >> 4U]);
    text.push_back(digits[bytes[i] & 15U]);
  }
  return text;
}

std::string digest_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return "";
  Digest digest;
  std::string block(1024 * 1024, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.add({block.data(), static_cast<std::size_t>(in.gcount())});
  }
  return in.eof() ? digest.hex() : "";
}

PartFile::PartFile(const fs::path& file)
    : file_(file), part_(file.string() + ".part"), tag_path_(file.string() + ".part.tag") {}

PartFile::~PartFile() {
  if (handle_ >= 0) ::close(handle_);
}

bool PartFile::fail(const char* what) {
  error_ = part_.string() + ": " + what + " (" + std::strerror(errno) + ")";
  return false;
}

bool PartFile::open() {
  handle_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (handle_ < 0) return fail("cannot be written");
  if (::flock(handle_, LOCK_EX | LOCK_NB) != 0) return fail("another download is at work on it");
  std::string block(1024 * 1024, '\0');
  for (;;) {
    const ssize_t n = ::read(handle_, block.data(), block.size());
    if (n < 0) return fail("cannot be read");
    if (n == 0) break;
    digest_.add({block.data(), static_cast<std::size_t>(n)});
    size_ += static_cast<std::uint64_t>(n);
  }
  std::ifstream(tag_path_) >> tag_;
  return true;
}

bool PartFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(handle_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(errno == ENOSPC ? "the disk is full" : "cannot be written");
    digest_.add(bytes.substr(0, static_cast<std::size_t>(n)));
    size_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool PartFile::restart() {
  if (::ftruncate(handle_, 0) != 0 || ::lseek(handle_, 0, SEEK_SET) != 0) {
    return fail("cannot be written");
  }
  size_ = 0;
  digest_.restart();
  tag_.clear();
  std::error_code ec;
  fs::remove(tag_path_, ec);
  return true;
}

void PartFile::remember_tag(std::string_view tag) {
  // Weak tags promise a like meaning, not like bytes.
  if (tag == tag_ || tag.starts_with("W/") || tag.find(' ') != std::string_view::npos) return;
  tag_ = tag;
  std::ofstream(tag_path_, std::ios::trunc) << tag_ << '\n';
}

bool PartFile::finish() {
  if (::fsync(handle_) != 0) return fail("cannot be written");
  if (::rename(part_.c_str(), file_.c_str()) != 0) return fail("cannot be renamed");
  const fs::path folder = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    (void)::fsync(directory);
    ::close(directory);
  }
  std::error_code ec;
  fs::remove(tag_path_, ec);
  return true;
}

void PartFile::discard() {
  std::error_code ec;
  fs::remove(part_, ec);
  fs::remove(tag_path_, ec);
}

}  // namespace client
