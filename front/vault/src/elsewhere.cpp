#include "elsewhere.hpp"

#include <fstream>

#include <notation/id_text.hpp>
#include <vault/vault.hpp>

namespace vault {

std::optional<Elsewhere> read_elsewhere(const std::filesystem::path& dir) {
  std::ifstream in(dir / elsewhere_file);
  std::string id;
  Elsewhere elsewhere;
  if (!std::getline(in, id) || !std::getline(in, elsewhere.shown)) {
    return std::nullopt;
  }
  std::getline(in, elsewhere.id);
  const auto home = notation::parse_request_id(id);
  elsewhere.home = home ? store::Home{home->high, home->low} : store::Home{};
  return elsewhere;
}

bool write_elsewhere(const std::filesystem::path& dir, const Elsewhere& elsewhere) {
  std::ofstream out(dir / elsewhere_file, std::ios::trunc);
  out << notation::to_text(terms::RequestId{elsewhere.home.high, elsewhere.home.low}) << "\n"
      << elsewhere.shown << "\n"
      << elsewhere.id << "\n";
  out.close();
  return out.good();
}

}  // namespace vault
