#include "hub.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

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

/// A part's place in its model: "m-00002-of-00003.gguf" is 2 of 3 of "m".
struct Part {
  std::string_view stem;
  unsigned number = 0;
  unsigned of = 0;
};

std::optional<unsigned> five_digits(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = error == std::errc{} && end == text.data() + text.size();
  return text.size() == 5 && all ? std::optional(number) : std::nullopt;
}

std::optional<Part> part_of(std::string_view path) {
  constexpr std::string_view form = "-00001-of-00002.gguf";
  if (path.size() <= form.size()) {
    return std::nullopt;
  }
  const std::string_view end = path.substr(path.size() - form.size());
  const auto number = five_digits(end.substr(1, 5));
  const auto of = five_digits(end.substr(10, 5));
  if (end[0] != '-' || end.substr(6, 4) != "-of-" || lower(end.substr(15)) != ".gguf" || !number ||
      !of || *number < 1 || *number > *of) {
    return std::nullopt;
  }
  return Part{path.substr(0, path.size() - form.size()), *number, *of};
}

/// A name that is a folder here and nothing else.
bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 96 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("._-").find(c) != std::string_view::npos;
         });
}

/// One folder of a URL, made plain: its bytes percent-encoded, its beginning where it is long.
std::string plain_folder(std::string_view text) {
  std::string name = percent_encoded(text).substr(0, 96);
  return name.starts_with('.') ? "%2E" + name.substr(1) : name;
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

Result<HubFile, std::string> choose(const std::vector<HubFile>& listed, std::string_view wanted) {
  std::vector<HubFile> files;
  std::copy_if(listed.begin(), listed.end(), std::back_inserter(files), [](const HubFile& file) {
    const auto part = part_of(file.path);
    return !part || part->number == 1;
  });
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

Result<std::vector<HubFile>, std::string> parts_of(const std::vector<HubFile>& files,
                                                   const HubFile& chosen) {
  const auto first = part_of(chosen.path);
  if (!first) {
    return std::vector<HubFile>{chosen};
  }
  std::vector<HubFile> parts;
  for (unsigned number = 1; number <= first->of; ++number) {
    const auto found = std::find_if(files.begin(), files.end(), [&](const HubFile& file) {
      const auto part = part_of(file.path);
      return part && part->stem == first->stem && part->of == first->of && part->number == number;
    });
    if (found == files.end()) {
      return Fail{"the repository lacks part " + std::to_string(number) + " of " +
                  std::to_string(first->of) + " of " + chosen.path};
    }
    parts.push_back(*found);
  }
  return parts;
}

std::optional<std::filesystem::path> repository_place(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  if (slash == std::string_view::npos || !plain_name(repository.substr(0, slash)) ||
      !plain_name(repository.substr(slash + 1))) {
    return std::nullopt;
  }
  return std::filesystem::path(repository.substr(0, slash)) / repository.substr(slash + 1);
}

std::filesystem::path url_place(std::string_view url) {
  std::string_view rest = url.substr(0, url.find_first_of("?#"));
  rest.remove_prefix(std::min(rest.find("://") + 3, rest.size()));
  std::filesystem::path place;
  // The last part is the file's name; a name and a password before the host are left out.
  for (std::size_t slash = rest.find('/'); slash != std::string_view::npos;
       slash = rest.find('/')) {
    std::string_view folder = rest.substr(0, slash);
    if (place.empty()) {
      const std::size_t at = folder.rfind('@');
      folder.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
      place = "url=" + plain_folder(folder);
    } else if (!folder.empty()) {
      place /= plain_folder(folder);
    }
    rest.remove_prefix(slash + 1);
  }
  return place;
}

bool may_carry_token(std::string_view base_url) {
  if (base_url.starts_with("https://")) {
    return true;
  }
  std::string_view host = base_url;
  host.remove_prefix(std::min<std::size_t>(std::string_view("http://").size(), host.size()));
  host = host.substr(0, host.find('/'));
  const bool local_v6 = host == "[::1]" || host.starts_with("[::1]:");
  host = host.substr(0, host.find(':'));
  return local_v6 || host == "127.0.0.1" || host == "localhost";
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
