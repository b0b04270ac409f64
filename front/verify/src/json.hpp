// Canonical JSON (RFC 8785) of known members in known order: written, and read back strictly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <base/id.hpp>
#include <base/quantity.hpp>
#include <base/result.hpp>
#include <receipt/proof.hpp>
#include <terms/ids.hpp>

namespace verify {

/// A text in quotes, with the escapes of RFC 8785. Pure.
[[nodiscard]] std::string quoted(std::string_view text);

/// Members must come in the order of their names.
class Writer {
 public:
  Writer& open(std::string_view name = {});  ///< '{', as a member where it has a name.
  Writer& close();
  Writer& text(std::string_view name, std::string_view value);
  Writer& number(std::string_view name, std::uint64_t value);
  /// As text: a number of JSON is exact only up to 2^53.
  Writer& exact(std::string_view name, std::int64_t value);
  Writer& digest(std::string_view name, const terms::Digest& value);  ///< "" for none.
  Writer& hashes(std::string_view name, const receipt::Proof& proof);
  template <class Tag>
  Writer& id(std::string_view name, base::WideId<Tag> value) {
    return wide(name, value.high, value.low);
  }
  /// A member that is JSON already, or the beginning of one.
  Writer& raw(std::string_view name, std::string_view json);

  [[nodiscard]] const std::string& json() const { return json_; }

 private:
  void name(std::string_view name);
  Writer& wide(std::string_view name, std::uint64_t high, std::uint64_t low);

  std::string json_;
};

/// Reads what Writer writes, member by member. The first thing that is wrong sticks; what is read
/// after it is empty.
class Reader {
 public:
  explicit Reader(std::string_view json) : left_(json) {}

  void open(std::string_view name = {});
  void close();
  [[nodiscard]] std::string text(std::string_view name);
  /// The member must be this text.
  void fixed(std::string_view name, std::string_view value);
  [[nodiscard]] std::uint64_t number(std::string_view name);  ///< 0 .. 2^63-1
  [[nodiscard]] std::int64_t exact(std::string_view name);
  [[nodiscard]] terms::Digest digest(std::string_view name);
  [[nodiscard]] receipt::Proof hashes(std::string_view name);
  template <class Id>
  [[nodiscard]] Id id(std::string_view name) {
    Id value;
    wide(name, value.high, value.low);
    return value;
  }
  /// An object that is read elsewhere: its text, up to the brace that closes it.
  [[nodiscard]] std::string_view object(std::string_view name);
  /// A list of objects: begin_list(), then while (next_item()) open() ... close().
  void begin_list(std::string_view name);
  [[nodiscard]] bool next_item();
  /// Whether the next member has this name.
  [[nodiscard]] bool has(std::string_view name) const;

  /// Nothing may follow. Empty when all was well.
  [[nodiscard]] std::string end();
  [[nodiscard]] bool failed() const { return !problem_.empty(); }
  void fail(std::string_view member, std::string_view what);

 private:
  bool take(std::string_view literal);
  bool begin(std::string_view name);
  [[nodiscard]] std::string_view digits();
  void wide(std::string_view name, std::uint64_t& high, std::uint64_t& low);

  std::string_view left_;
  bool first_ = true;  ///< No comma before the next member or item.
  std::string problem_;
};

}  // namespace verify
