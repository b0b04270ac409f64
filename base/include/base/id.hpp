// Identifiers that cannot be mistaken for one another.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tuple>

namespace base {

/// A 64-bit identifier of one kind of thing. 0 means "none" and is never handed out.
template <class Tag>
struct Id {
  std::uint64_t value = 0;

  static consteval auto fields() { return std::tuple{&Id::value}; }
  [[nodiscard]] constexpr bool valid() const { return value != 0; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

/// A 128-bit identifier that can be given out without telling how many there are.
template <class Tag>
struct WideId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  static consteval auto fields() { return std::tuple{&WideId::high, &WideId::low}; }
  [[nodiscard]] constexpr bool valid() const { return (high | low) != 0; }
  friend constexpr auto operator<=>(const WideId&, const WideId&) = default;
};

}  // namespace base

template <class Tag>
struct std::hash<base::Id<Tag>> {
  std::size_t operator()(const base::Id<Tag>& id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9E3779B97F4A7C15ULL);
  }
};

template <class Tag>
struct std::hash<base::WideId<Tag>> {
  std::size_t operator()(const base::WideId<Tag>& id) const noexcept {
    return static_cast<std::size_t>(id.high ^ (id.low * 0x9E3779B97F4A7C15ULL));
  }
};
