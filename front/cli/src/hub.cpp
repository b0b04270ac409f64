#include "hub.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace cli {
namespace {

namespace json = boost::json;
using base::Fail;
using base::Result;

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return copy;
}

std::optional<std::uint64_t> size_of(const json::object& object) {
  const json::value* size = object.if_contains("size");
  boost::system::error_code error;
  const auto number =
      size == nullptr || size->is_double() ? 0 : size->to_number<std::uint64_t>(error);
  return size == nullptr || error ? std::nullopt : std::optional(number);
}

std::string choices(const std::vector<HubFile>& files) {
  std::string text;
  for (const HubFile& file : files) {
    text += (text.empty() ? "" : ", ") + file.path + " (" + std::to_string(file.size / 1'000'000) +
            " MB)";
  }
  return text;
}

/// The only file whose name has `part` in it; null when none or several have.
const HubFile* only_one(const std::vector<HubFile>& files, std::string_view part) {
  const HubFile* found = nullptr;
  for (const HubFile& file : files) {
    if (lower(file.path).find(part) != std::string::npos) {
      if (found != nullptr) {
        return nullptr;
      }
      found = &file;
    }
  }
  return found;
}

}  // namespace

bool is_url(std::string_view source) {
  return source.starts_with("https://") || source.starts_with("http://");
}

std::optional<std::string> file_name(std::string_view path_or_url) {
  std::string_view path = path_or_url.substr(0, path_or_url.find_first_of("?#"));
  path.remove_prefix(std::min(path.rfind('/') + 1, path.size()));
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
    return c > ' ' && c != '\\' && c != '%' && c != 0x7f;
  });
  if (path.empty() || path.size() > 200 || path.front() == '.' || !plain) {
    return std::nullopt;
  }
  return std::string(path);
}

Result<std::vector<HubFile>, std::string> parse_listing(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !root.is_array()) {
    return Fail{std::string("the hub's list of files cannot be understood")};
  }
  std::vector<HubFile> files;
  for (const json::value& entry : root.get_array()) {
    const json::object* object = entry.if_object();
    const json::value* path = object == nullptr ? nullptr : object->if_contains("path");
    if (path == nullptr || !path->is_string() || !lower(path->get_string()).ends_with(".gguf")) {
      continue;
    }
    HubFile file{std::string(path->get_string()), size_of(*object).value_or(0), ""};
    if (const json::value* lfs = object->if_contains("lfs"); lfs != nullptr && lfs->is_object()) {
      file.size = size_of(lfs->get_object()).value_or(file.size);
      const json::value* oid = lfs->get_object().if_contains("oid");
      if (oid != nullptr && oid->is_string()) {
        std::string_view sha = oid->get_string();
        sha.remove_prefix(sha.starts_with("sha256:") ? 7 : 0);
        file.sha256 = lower(sha);
      }
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<HubFile, std::string> choose(const std::vector<HubFile>& files, std::string_view wanted) {
  if (files.empty()) {
    return Fail{
        std::string("there is no GGUF file in this repository; look for one whose name "
                    "ends in GGUF")};
  }
  if (!wanted.empty()) {
    for (const HubFile& file : files) {
      if (file.path == wanted || file_name(file.path) == wanted) {
        return file;
      }
    }
    return Fail{"there is no file " + std::string(wanted) + "; there are: " + choices(files)};
  }
  if (files.size() == 1) {
    return files.front();
  }
  for (const std::string_view kind : {"q8_0", "q4_k_m"}) {
    if (const HubFile* file = only_one(files, kind)) {
      return *file;
    }
  }
  return Fail{"say which file with --file: " + choices(files)};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("._~-@").find(c) != std::string_view::npos;
    if (plain) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', hex[byte >> 4U], hex[byte & 15U]};
    }
  }
  return encoded;
}

}  // namespace cli
