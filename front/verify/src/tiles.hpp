// A copy of a log's tiles in a folder, laid out as the log serves them.
#pragma once

#include <filesystem>

#include <receipt/proof.hpp>

namespace verify {

class TileFolder final : public receipt::TileSource {
 public:
  /// `folder` has checkpoint and tile/ in it.
  explicit TileFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] base::Result<std::vector<terms::Digest>, receipt::ProofError> read(
      const receipt::Tile& tile) override;

 private:
  std::filesystem::path folder_;
};

}  // namespace verify
