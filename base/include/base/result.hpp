// A value, or the reason why there is none.
#pragma once

#include <utility>
#include <variant>

#include <base/invariant.hpp>

namespace base {

/// Marks the error side of a Result: `return base::Fail{Error::overflow};`.
template <class E>
struct Fail {
  E error;
};
template <class E>
Fail(E) -> Fail<E>;

/// What a Result holds when success carries nothing.
struct Done {
  friend constexpr bool operator==(Done, Done) = default;
};

/// Either a T or an E, owned by value. std::expected needs C++23. Asking for the side that is not
/// there breaks an invariant (and so stops the process) rather than returning garbage.
template <class T, class E>
class [[nodiscard]] Result {
 public:
  Result(T value) : side_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Result(Fail<E> fail) : side_(std::in_place_index<1>, std::move(fail.error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return side_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & {
    invariant(ok(), "Result has a value");
    return *std::get_if<0>(&side_);
  }
  [[nodiscard]] const T& value() const& {
    invariant(ok(), "Result has a value");
    return *std::get_if<0>(&side_);
  }
  [[nodiscard]] T&& value() && {
    invariant(ok(), "Result has a value");
    return std::move(*std::get_if<0>(&side_));
  }
  [[nodiscard]] const E& error() const {
    invariant(!ok(), "Result has an error");
    return *std::get_if<1>(&side_);
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> side_;
};

}  // namespace base
