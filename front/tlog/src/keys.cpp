#include "keys.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace tlog {
namespace {

using base::Fail;

constexpr const char* current_file = "log.key";
constexpr const char* previous_file = "log.previous.key";
constexpr const char* next_file = "log.next.key";

Error of(signing::KeyError error) {
  switch (error) {
    case signing::KeyError::bad_key_file: return Error::bad_key_file;
    case signing::KeyError::read_only: return Error::read_only;
    case signing::KeyError::full: return Error::full;
    case signing::KeyError::unavailable: break;
  }
  return Error::unavailable;
}

Answer<signing::Key> key_in(const std::filesystem::path& file, base::Random& random) {
  auto key = signing::Key::load_or_create(file, random);
  if (!key.ok()) {
    return Fail{of(key.error())};
  }
  return std::move(key).value();
}

bool there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

Answer<base::Done> move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) {
    return Fail{error == std::errc::no_space_on_device ? Error::full
                : error == std::errc::permission_denied || error == std::errc::read_only_file_system
                    ? Error::read_only
                    : Error::unavailable};
  }
  // The names are on disk only once their folder is.
  const int folder = ::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) {
    ::close(folder);
  }
  if (!synced) {
    return Fail{Error::unavailable};
  }
  return base::Done{};
}

}  // namespace

Answer<Keys> Keys::load(const std::filesystem::path& dir, base::Random& random) {
  if (!there(dir / current_file) && there(dir / next_file)) {
    if (auto finished = move_file(dir / next_file, dir / current_file); !finished.ok()) {
      return Fail{finished.error()};
    }
  }
  auto current = key_in(dir / current_file, random);
  if (!current.ok()) {
    return Fail{current.error()};
  }
  if (!there(dir / previous_file)) {
    return Keys(std::move(current).value(), std::nullopt);
  }
  auto previous = key_in(dir / previous_file, random);
  if (!previous.ok()) {
    return Fail{previous.error()};
  }
  return Keys(std::move(current).value(), std::move(previous).value());
}

std::vector<note::VerifierKey> Keys::verifiers(const std::string& origin) const {
  std::vector<note::VerifierKey> all{{origin, note::KeyType::ed25519, current_.public_key()}};
  if (previous_) {
    all.push_back({origin, note::KeyType::ed25519, previous_->public_key()});
  }
  return all;
}

std::vector<note::Signature> Keys::sign(const std::string& text, const std::string& origin) const {
  std::vector<note::Signature> all{note::sign(text, origin, current_)};
  if (previous_) {
    all.push_back(note::sign(text, origin, *previous_));
  }
  return all;
}

Answer<signing::Key> Keys::prepare_next(const std::filesystem::path& dir, base::Random& random) {
  return key_in(dir / next_file, random);
}

Answer<Keys> Keys::put_in_place(const std::filesystem::path& dir, base::Random& random) {
  for (const auto& [from, to] :
       {std::pair{current_file, previous_file}, std::pair{next_file, current_file}}) {
    if (auto renamed = move_file(dir / from, dir / to); !renamed.ok()) {
      return Fail{renamed.error()};
    }
  }
  return load(dir, random);
}

}  // namespace tlog
