// A config is typed by people: whatever it is, it is read or refused with its name and a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <base/invariant.hpp>
#include <config/config.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = config::parse(text, "mains.toml");
  if (config.ok()) {
    base::invariant(!config::check(config.value()), "what parses has passed its checks");
  } else {
    base::invariant(config.error().starts_with("mains.toml:"), "a problem names the file");
    base::invariant(config.error().find('\n') == std::string::npos, "a problem is one line");
  }
  return 0;
}
