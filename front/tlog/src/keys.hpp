// The keys that sign checkpoints, in the data folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <base/ports.hpp>
#include <note/note.hpp>
#include <signing/key.hpp>
#include <tlog/error.hpp>

namespace tlog {

/// log.key, and log.previous.key after a rotation for as long as that file is there. A rotation
/// that was broken off between its two renames is finished by the next load().
class Keys {
 public:
  /// Reads log.key, or makes it.
  [[nodiscard]] static Answer<Keys> load(const std::filesystem::path& dir, base::Random& random);

  [[nodiscard]] const signing::Key& current() const { return current_; }
  /// Whose signatures a checkpoint carries, the current key's first.
  [[nodiscard]] std::vector<note::VerifierKey> verifiers(const std::string& origin) const;
  [[nodiscard]] std::vector<note::Signature> sign(const std::string& text,
                                                  const std::string& origin) const;

  /// The key that a rotation will put in place: made once, durable.
  [[nodiscard]] static Answer<signing::Key> prepare_next(const std::filesystem::path& dir,
                                                         base::Random& random);
  /// The current key becomes the previous one, the prepared one the current.
  [[nodiscard]] static Answer<Keys> put_in_place(const std::filesystem::path& dir,
                                                 base::Random& random);

 private:
  Keys(signing::Key current, std::optional<signing::Key> previous)
      : current_(std::move(current)), previous_(std::move(previous)) {}

  signing::Key current_;
  std::optional<signing::Key> previous_;
};

}  // namespace tlog
