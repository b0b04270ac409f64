#include "keys.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

Error of(const std::error_code& error) {
  return error == std::errc::no_space_on_device ? Error::full
         : error == std::errc::permission_denied || error == std::errc::read_only_file_system
             ? Error::read_only
             : Error::unavailable;
}

/// Names are on disk only once their folder is.
Answer<base::Done> sync_folder(const std::filesystem::path& dir) {
  const int folder = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) {
    ::close(folder);
  }
  if (!synced) {
    return Fail{Error::unavailable};
  }
  return base::Done{};
}

Answer<base::Done> move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) {
    return Fail{of(error)};
  }
  return sync_folder(to.parent_path());
}

}  // namespace

Answer<Keys> Keys::load(const std::filesystem::path& dir, base::Random& random) {
  if (!is_there(dir / current_file) && is_there(dir / next_file)) {
    if (auto finished = move_file(dir / next_file, dir / current_file); !finished.ok()) {
      return Fail{finished.error()};
    }
  }
  auto current = key_in(dir / current_file, random);
  if (!current.ok()) {
    return Fail{current.error()};
  }
  if (!is_there(dir / previous_file)) {
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

bool Keys::can_sign_as(const std::vector<note::VerifierKey>& who) const {
  return !who.empty() && std::all_of(who.begin(), who.end(), [this](const auto& verifier) {
    return verifier.key == current_.public_key() ||
           (previous_ && verifier.key == previous_->public_key());
  });
}

std::vector<note::Signature> Keys::sign(const std::string& text,
                                        const std::vector<note::VerifierKey>& who) const {
  std::vector<note::Signature> all;
  for (const note::VerifierKey& verifier : who) {
    if (verifier.key == current_.public_key()) {
      all.push_back(note::sign(text, verifier.name, current_));
    } else if (previous_ && verifier.key == previous_->public_key()) {
      all.push_back(note::sign(text, verifier.name, *previous_));
    }
  }
  return all;
}

bool Keys::there(const std::filesystem::path& dir) {
  return is_there(dir / current_file) || is_there(dir / next_file);
}

void Keys::discard(const std::filesystem::path& dir) {
  std::error_code ignored;
  std::filesystem::remove(dir / current_file, ignored);
}

Answer<std::optional<Keys>> Keys::find(const std::filesystem::path& dir,
                                       const signing::PublicKey& current, base::Random& random) {
  if (!there(dir)) {
    return std::optional<Keys>{};
  }
  auto keys = load(dir, random);
  if (keys.ok() && keys->current_.public_key() != current && is_there(dir / next_file)) {
    auto next = key_in(dir / next_file, random);
    if (!next.ok()) {
      return Fail{next.error()};
    }
    if (next->public_key() == current) {
      keys = put_in_place(dir, random);
    }
  }
  if (!keys.ok()) {
    return Fail{keys.error()};
  }
  return std::optional{std::move(keys).value()};
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

Answer<Keys> Keys::drop_previous(const std::filesystem::path& dir, base::Random& random) {
  std::error_code error;
  std::filesystem::remove(dir / previous_file, error);
  if (error) {
    return Fail{of(error)};
  }
  if (auto synced = sync_folder(dir); !synced.ok()) {
    return Fail{synced.error()};
  }
  return load(dir, random);
}

}  // namespace tlog
