// Model repositories with the API of Hugging Face: what is in them, and which file is meant.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/result.hpp>

namespace cli {

/// A file of a repository.
struct HubFile {
  std::string path;
  std::uint64_t size = 0;  ///< Bytes.
  std::string sha256;      ///< Hexadecimal; empty where the hub does not tell.

  friend bool operator==(const HubFile&, const HubFile&) = default;
};

/// "https://..." or "http://...".
[[nodiscard]] bool is_url(std::string_view source);

/// The last part of a path or URL, where it can be a file's name here; else nothing.
[[nodiscard]] std::optional<std::string> file_name(std::string_view path_or_url);

/// GGUF files of GET /api/models/{repo}/tree/main. errors: no such answer.
[[nodiscard]] base::Result<std::vector<HubFile>, std::string> parse_listing(std::string_view json);

/// The file called `wanted`; without it the only one, else the only Q8_0, else the only Q4_K_M.
/// A model in parts counts once, by its first part. errors: for people, with all choices.
[[nodiscard]] base::Result<HubFile, std::string> choose(const std::vector<HubFile>& files,
                                                        std::string_view wanted);

/// The files of a model in parts (NAME-00001-of-00003.gguf ...), the first part first; any other
/// file alone. errors: a part is missing.
[[nodiscard]] base::Result<std::vector<HubFile>, std::string> parts_of(
    const std::vector<HubFile>& files, const HubFile& chosen);

/// OWNER/NAME as a folder; nothing where it is not two plain names.
[[nodiscard]] std::optional<std::filesystem::path> repository_place(std::string_view repository);

/// The folder of a URL's source: "url=" with its host and port, then its folders. Never leaves
/// where it is put, whatever the URL is. Password and query are left out: they may be secrets.
[[nodiscard]] std::filesystem::path url_place(std::string_view url);

/// Whether an access token may be sent to this base URL: over TLS, or on this machine.
[[nodiscard]] bool may_carry_token(std::string_view base_url);

/// A query value, percent-encoded.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace cli
