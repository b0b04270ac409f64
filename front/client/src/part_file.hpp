// A file that is not complete yet, and the digest of what is there.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace client {

/// SHA-256 of a growing sequence of bytes.
class Digest {
 public:
  Digest();
  void add(std::string_view bytes);
  void restart();
  [[nodiscard]] std::string hex() const;  // of what was added; more may follow

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// Digest of a whole file; empty when it cannot be read.
[[nodiscard]] std::string digest_of_file(const std::filesystem::path& file);

class PartFile {
 public:
  explicit PartFile(const std::filesystem::path& file);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Opens or creates <file>.part, locks it, and takes in what lies there. False: see error().
  [[nodiscard]] bool open();
  [[nodiscard]] bool append(std::string_view bytes);
  [[nodiscard]] bool restart();  // drops all bytes and the tag
  /// Durable, and under its final name.
  [[nodiscard]] bool finish();
  void discard();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::string sha256() const { return digest_.hex(); }
  [[nodiscard]] const std::string& error() const { return error_; }

  /// Tells this version of the remote file from others; empty when it is not known.
  [[nodiscard]] const std::string& tag() const { return tag_; }
  void remember_tag(std::string_view tag);

 private:
  [[nodiscard]] bool fail(const char* what);

  std::filesystem::path file_;
  std::filesystem::path part_;
  std::filesystem::path tag_path_;
  int handle_ = -1;
  std::uint64_t size_ = 0;
  Digest digest_;
  std::string tag_;
  std::string error_;
};

}  // namespace client
