// Where a witness keeps what it has seen.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <base/result.hpp>

namespace witness {

enum class ShelfError : std::uint8_t {
  unavailable,  ///< The disk did not take it, or cannot say what it has.
};

/// One text for each log. Used by one thread at a time.
class Shelf {
 public:
  virtual ~Shelf() = default;
  /// Nothing: never written.
  [[nodiscard]] virtual base::Result<std::optional<std::string>, ShelfError> read(
      const std::string& origin) = 0;
  /// Durable when it returns well; when it does not, the text is the old one or the new one.
  [[nodiscard]] virtual base::Result<base::Done, ShelfError> write(const std::string& origin,
                                                                   const std::string& text) = 0;
};

/// A file for each log: its name is the SHA-256 of the log's.
class FolderShelf final : public Shelf {
 public:
  explicit FolderShelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] base::Result<std::optional<std::string>, ShelfError> read(
      const std::string& origin) override;
  [[nodiscard]] base::Result<base::Done, ShelfError> write(const std::string& origin,
                                                           const std::string& text) override;

 private:
  std::filesystem::path folder_;
};

}  // namespace witness
