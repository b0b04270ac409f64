#include <signing/key.hpp>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <base/invariant.hpp>

namespace signing {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, FreeKey>;

Bio new_memory() {
  Bio bio(BIO_new(BIO_s_mem()));
  base::invariant(bio != nullptr, "there is memory for a key");
  return bio;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Reads from `text`, which must outlive it.
Bio memory(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

KeyError error_of_errno() {
  switch (errno) {
    case EROFS:
    case EACCES:
    case EPERM: return KeyError::read_only;
    case ENOSPC:
    case EDQUOT: return KeyError::full;
    default: return KeyError::unavailable;
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

std::string public_pem_of(EVP_PKEY* key) {
  const Bio pem = new_memory();
  PEM_write_bio_PUBKEY(pem.get(), key);
  return text_of(pem.get());
}

EvpKey public_key_of(const PublicKey& key) {
  return EvpKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
}

Seed new_seed(base::Random& random) {
  Seed seed{};
  for (std::size_t i = 0; i < seed.size(); i += 8) {
    std::uint64_t word = random.next();
    for (std::size_t j = 0; j < 8; ++j) {
      seed[i + j] = static_cast<std::uint8_t>(word);
      word >>= 8U;
    }
  }
  return seed;
}

bool verify_with(EVP_PKEY* key, std::string_view message, std::span<const std::uint8_t> signature) {
  const Context context(EVP_MD_CTX_new());
  return key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_ED25519 &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

}  // namespace

struct Key::Pair {
  EvpKey key;
};

Key::Key(std::unique_ptr<Pair> pair) : pair_(std::move(pair)) {
  std::size_t size = public_.size();
  const bool done = EVP_PKEY_get_raw_public_key(pair_->key.get(), public_.data(), &size) == 1;
  base::invariant(done && size == public_.size(), "an Ed25519 key has a public half of 32 bytes");
  public_pem_ = public_pem_of(pair_->key.get());
}

Key::Key(Key&&) noexcept = default;
Key& Key::operator=(Key&&) noexcept = default;
Key::~Key() = default;

Key Key::of(const Seed& seed) {
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  base::invariant(key != nullptr, "any 32 bytes are an Ed25519 key");
  return Key(std::make_unique<Pair>(Pair{std::move(key)}));
}

base::Result<Key, KeyError> Key::load_or_create(const std::filesystem::path& file,
                                                base::Random& random) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    struct ::stat status {};
    const bool private_to_us = ::fstat(fd, &status) == 0 && (status.st_mode & 0077U) == 0;
    const std::string text = read_small_file(fd);
    ::close(fd);
    const Bio pem = memory(text);
    EvpKey key(PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr));
    if (!private_to_us || !key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) {
      return base::Fail{KeyError::bad_key_file};
    }
    return Key(std::make_unique<Pair>(Pair{std::move(key)}));
  }
  if (errno != ENOENT) {
    return base::Fail{error_of_errno()};
  }
  Key made = of(new_seed(random));
  const Bio pem = new_memory();
  PEM_write_bio_PrivateKey(pem.get(), made.pair_->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  if (!write_new_file(file, text_of(pem.get()))) {
    return base::Fail{error_of_errno()};
  }
  return made;
}

Signature Key::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  Signature signature{};
  std::size_t size = signature.size();
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair_->key.get()) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message), message.size()) ==
          1;
  base::invariant(done && size == signature.size(), "an Ed25519 signature has 64 bytes");
  return signature;
}

bool verify(const PublicKey& key, std::string_view message,
            std::span<const std::uint8_t> signature) {
  return verify_with(public_key_of(key).get(), message, signature);
}

bool verify(std::string_view public_pem, std::string_view message,
            std::span<const std::uint8_t> signature) {
  const Bio pem = memory(public_pem);
  const EvpKey key(PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr));
  return verify_with(key.get(), message, signature);
}

std::string to_pem(const PublicKey& key) {
  const EvpKey pair = public_key_of(key);
  base::invariant(pair != nullptr, "any 32 bytes are an Ed25519 public key to libcrypto");
  return public_pem_of(pair.get());
}

}  // namespace signing
