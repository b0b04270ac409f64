// Price lists come from people and from files: whatever they are, nothing breaks, and what is
// accepted says the same when it is written canonically and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <base/invariant.hpp>
#include <registry/price_document.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto draft = registry::parse_price_document(text);
  if (!draft.ok()) {
    base::invariant(!draft.error().empty(), "a refusal has a reason");
    return 0;
  }
  static_cast<void>(registry::absurdities(draft.value()));
  const std::string canonical = registry::canonical_json(1, draft.value());
  const auto again = registry::parse_price_document(canonical);
  base::invariant(again.ok(), "a canonical list can be read");
  base::invariant(registry::canonical_json(1, again.value()) == canonical,
                  "a canonical list comes back as it was");
  return 0;
}
