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
  /// Reads them where they are there, and makes none. A rotation to `current` that was broken off
  /// is finished.
  [[nodiscard]] static Answer<std::optional<Keys>> find(const std::filesystem::path& dir,
                                                        const signing::PublicKey& current,
                                                        base::Random& random);
  /// Whether the folder has a key that signs, or is about to.
  [[nodiscard]] static bool there(const std::filesystem::path& dir);
  /// Removes a key that has signed nothing.
  static void discard(const std::filesystem::path& dir);

  [[nodiscard]] const signing::Key& current() const { return current_; }
  /// Whose signatures a checkpoint carries, the current key's first.
  [[nodiscard]] std::vector<note::VerifierKey> verifiers(const std::string& origin) const;
  /// Whether all of these signatures can be given.
  [[nodiscard]] bool can_sign_as(const std::vector<note::VerifierKey>& who) const;
  /// The signatures of those of the keys that are named.
  [[nodiscard]] std::vector<note::Signature> sign(const std::string& text,
                                                  const std::vector<note::VerifierKey>& who) const;

  /// The key that a rotation will put in place: made once, durable.
  [[nodiscard]] static Answer<signing::Key> prepare_next(const std::filesystem::path& dir,
                                                         base::Random& random);
  /// The current key becomes the previous one, the prepared one the current.
  [[nodiscard]] static Answer<Keys> put_in_place(const std::filesystem::path& dir,
                                                 base::Random& random);
  /// The previous key is gone for good.
  [[nodiscard]] static Answer<Keys> drop_previous(const std::filesystem::path& dir,
                                                  base::Random& random);

 private:
  Keys(signing::Key current, std::optional<signing::Key> previous)
      : current_(std::move(current)), previous_(std::move(previous)) {}

  signing::Key current_;
  std::optional<signing::Key> previous_;
};

}  // namespace tlog
