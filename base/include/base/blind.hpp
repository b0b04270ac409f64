// The type half of the wall between the wings: what may cross it is numbers, nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace base {

/// A scalar that cannot carry text: a bool, or an enum or integer of at least 16 bits. Character
/// types and bytes (std::byte is an enum) are refused, for an array of them is a string.
template <class T>
inline constexpr bool is_blind_scalar_v =
    std::is_same_v<T, bool> ||
    ((std::is_enum_v<T> || std::is_integral_v<T>)&&sizeof(T) >= 2 && !std::is_same_v<T, char16_t> &&
     !std::is_same_v<T, char32_t> && !std::is_same_v<T, wchar_t>);

namespace detail {
template <class M>
struct MemberType;
template <class Class, class Member>
struct MemberType<Member Class::*> {
  using type = Member;
};
template <class T>
struct IsArray : std::false_type {};
template <class T, std::size_t N>
struct IsArray<std::array<T, N>> : std::true_type {
  using element = T;
};

template <class T>
consteval bool is_blind() {
  if constexpr (is_blind_scalar_v<T>) {
    return true;
  } else if constexpr (IsArray<T>::value) {
    return is_blind<typename IsArray<T>::element>();
  } else if constexpr (!requires { T::fields(); }) {
    return false;
  } else {
    // Every byte belongs to a listed field, so a field left off the list, or padding that could
    // carry something along, makes the sizes differ.
    return std::is_trivially_copyable_v<T> &&
           std::apply(
               [](auto... member) {
                 return ((sizeof(typename MemberType<decltype(member)>::type) + ... + 0) ==
                         sizeof(T)) &&
                        (is_blind<typename MemberType<decltype(member)>::type>() && ...);
               },
               T::fields());
  }
}
}  // namespace detail

/// Satisfied by what may cross from the sighted wing to the blind one: trivially copyable, every
/// field listed by a static consteval fields() (a tuple of member pointers), each field itself
/// Blind, no padding.
template <class T>
concept Blind = detail::is_blind<T>();

}  // namespace base
