// What may not stand in a struct that crosses the wall, one case for each value of MAINS_PEEK.
// MAINS_PEEK=0 is the honest twin.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <base/blind.hpp>

enum class Reason : std::uint64_t { stop, length };

struct Crossing {
  std::uint64_t job = 0;
#if MAINS_PEEK == 0
  Reason reason = Reason::stop;
#elif MAINS_PEEK == 1
  std::string reason;
#elif MAINS_PEEK == 2
  std::string_view reason;
#elif MAINS_PEEK == 3
  char reason[8] = {};
#elif MAINS_PEEK == 4
  std::array<char, 8> reason = {};
#elif MAINS_PEEK == 5
  double reason = 0;
#elif MAINS_PEEK == 6
  const char* reason = nullptr;
#elif MAINS_PEEK == 7
  std::vector<std::uint32_t> reason;
#elif MAINS_PEEK == 8
  std::array<std::uint8_t, 8> reason = {};
#elif MAINS_PEEK == 9
  std::array<char32_t, 2> reason = {};
#elif MAINS_PEEK == 10
  Reason reason = Reason::stop;
  std::array<char, 8> unlisted = {};
#elif MAINS_PEEK == 11
  std::array<std::byte, 8> reason = {};
#endif

  static consteval auto fields() {
    return std::tuple{&Crossing::job, &Crossing::reason};
  }
};

static_assert(base::Blind<Crossing>);
