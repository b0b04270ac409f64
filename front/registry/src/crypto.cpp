#include "crypto.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <base/invariant.hpp>

namespace registry {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Reads from `text`, which must outlive it.
Bio memory(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Error error_of_errno() {
  switch (errno) {
    case EROFS:
    case EACCES:
    case EPERM: return Error::read_only;
    case ENOSPC:
    case EDQUOT: return Error::full;
    default: return Error::unavailable;
  }
}

/// Exclusive, so that a key is never overwritten; synced, so that what it signs can be verified
/// after a crash.
bool write_new_file(const std::filesystem::path& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return false;
  }
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int cause = errno;
  ::close(fd);
  if (!written) {
    ::unlink(file.c_str());
  }
  errno = cause;
  return written;
}

/// A key file is small; what is longer is none.
std::string read_small_file(int fd) {
  std::string text(4096, '\0');
  const ssize_t size = ::read(fd, text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

}  // namespace

Hash sha256(std::string_view bytes) {
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  return hash;
}

bool equal_in_constant_time(const Hash& a, const Hash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::array<std::uint8_t, 32> random_bytes(base::Random& random) {
  std::array<std::uint8_t, 32> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = random.next();
    for (std::size_t j = 0; j < 8; ++j) {
      bytes[i + j] = static_cast<std::uint8_t>(word);
      word >>= 8U;
    }
  }
  return bytes;
}

Answer<SigningKey> SigningKey::load_or_create(const std::filesystem::path& file,
                                              base::Random& random) {
  SigningKey key;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    struct ::stat status {};
    const bool private_to_us = ::fstat(fd, &status) == 0 && (status.st_mode & 0077U) == 0;
    const std::string text = read_small_file(fd);
    const Bio pem = memory(text);
    ::close(fd);
    key.key_.reset(PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr));
    if (!private_to_us || !key.key_ || EVP_PKEY_id(key.key_.get()) != EVP_PKEY_ED25519) {
      return base::Fail{Error::bad_key_file};
    }
  } else if (errno != ENOENT) {
    return base::Fail{error_of_errno()};
  } else {
    const auto seed = random_bytes(random);
    key.key_.reset(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    base::invariant(key.key_ != nullptr, "any 32 bytes are an Ed25519 key");
    const Bio pem(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(pem.get(), key.key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    if (!write_new_file(file, text_of(pem.get()))) {
      return base::Fail{error_of_errno()};
    }
  }
  const Bio pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(pem.get(), key.key_.get());
  key.public_pem_ = text_of(pem.get());
  return key;
}

std::vector<std::uint8_t> SigningKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::vector<std::uint8_t> signature(64);
  std::size_t size = signature.size();
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  base::invariant(done && size == signature.size(), "an Ed25519 signature has 64 bytes");
  return signature;
}

bool verify(std::string_view public_pem, std::string_view message,
            std::span<const std::uint8_t> signature) {
  const Bio pem = memory(public_pem);
  EVP_PKEY* const key = PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr);
  const Context context(EVP_MD_CTX_new());
  const bool good =
      key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  EVP_PKEY_free(key);
  return good;
}

}  // namespace registry
