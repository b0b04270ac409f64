// Statements come from anywhere: whatever they are, nothing breaks, and a line that is read is
// written back byte for byte.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include <base/invariant.hpp>
#include <verify/balance.hpp>
#include <verify/statement.hpp>
#include <verify/verify.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto line = verify::parse_line(text); line.ok()) {
    const auto written =
        std::visit([](const auto& any) { return verify::to_text(any); }, line.value());
    base::invariant(written == text, "a line comes back as it was");
  }
  if (const auto balance = verify::parse_balance(text); balance.ok()) {
    base::invariant(verify::to_text(balance.value()) == text, "a balance comes back as it was");
  }
  static_cast<void>(verify::parse_receipt(text));
  std::istringstream file(text);
  const verify::Trust nobody;
  base::invariant(!verify::check(file, nobody).ok(), "without a key nothing is believed");
  return 0;
}
