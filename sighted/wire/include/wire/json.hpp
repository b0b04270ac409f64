// Reading JSON from strangers: bounded, strict, and with the path of whatever is wrong.
//
//   wire::Document body(text);
//   wire::Reader root = body.root();
//   std::string name = root.required_string("name", 100);
//   auto credit = root.optional_string("credit", 32);
//   if (body.failed()) return base::Fail{body.error()};
//
// The first error sticks to the document; readers answer with defaults afterwards, so a caller
// reads straight through and asks once at the end. A field that is null counts as absent. Unknown
// fields are ignored; of a field given twice the last counts.
//
// Field names are kept by reference and shown to clients: pass literals only.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wire/parse_error.hpp>

namespace wire {

inline constexpr std::size_t depth_max = 64;
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
inline constexpr std::size_t any_length = std::numeric_limits<std::size_t>::max();

/// JSON types; a field that is absent or null is `absent`.
enum class JsonType { absent, boolean, integer, number, string, array, object };

class Reader;
class Items;

/// One parsed body. Owns its memory, at most 16 MiB + 16 bytes for each byte of `text`; `text` is
/// not needed afterwards. Not movable: readers point into it. One thread at a time.
class Document {
 public:
  /// Never throws. A byte-order mark in front is skipped. errors (in failed()): syntax, too_deep,
  /// too_large, wrong_type (no object).
  explicit Document(std::string_view text);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document();

  [[nodiscard]] Reader root();
  [[nodiscard]] bool failed() const;
  /// Only when failed().
  [[nodiscard]] const ParseError& error() const;

 private:
  friend class Reader;
  friend class Items;
  struct State;
  std::unique_ptr<State> state_;
};

/// One JSON object of a document. Cheap to copy; valid as long as its document.
class Reader {
 public:
  [[nodiscard]] JsonType type(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return type(name) != JsonType::absent; }

  /// The fields that the client gave, in its order; null ones, too. Not to be shown to anybody.
  [[nodiscard]] std::vector<std::string_view> names() const;

  /// Lengths are bytes of UTF-8, inclusive.
  std::string required_string(std::string_view name, std::size_t length_max,
                              std::size_t length_min = 1);
  std::optional<std::string> optional_string(std::string_view name, std::size_t length_max,
                                             std::size_t length_min = 0);
  /// The index of the field's value in `words`. Other words are out of range, or, where
  /// `otherwise` is given, unsupported: it is the text of the error then.
  std::optional<std::size_t> optional_word(std::string_view name,
                                           std::initializer_list<std::string_view> words,
                                           std::string_view otherwise = {});
  std::optional<std::size_t> required_word(std::string_view name,
                                           std::initializer_list<std::string_view> words,
                                           std::string_view otherwise = {});
  std::optional<bool> optional_bool(std::string_view name);
  /// An integer may be written as 100.0 or 1e2, up to 2^53; ranges are inclusive.
  std::optional<std::uint64_t> optional_u64(std::string_view name, std::uint64_t min,
                                            std::uint64_t max);
  std::uint64_t required_u64(std::string_view name, std::uint64_t min, std::uint64_t max);
  std::optional<std::int64_t> optional_i64(std::string_view name, std::int64_t min,
                                           std::int64_t max);
  /// Finite, range inclusive.
  std::optional<double> optional_number(std::string_view name, double min, double max);

  std::optional<Reader> optional_object(std::string_view name);
  Reader required_object(std::string_view name);
  /// An object without a field.
  [[nodiscard]] bool is_empty_object(std::string_view name) const;
  std::optional<Items> optional_array(std::string_view name, std::size_t count_max = any_length,
                                      std::size_t count_min = 0);
  Items required_array(std::string_view name, std::size_t count_max = any_length,
                       std::size_t count_min = 1);
  /// An object as JSON text, its order kept, numbers to 15 digits.
  std::optional<std::string> optional_object_text(std::string_view name);
  std::string required_object_text(std::string_view name);
  /// An object of numbers under keys of the client's. Errors name the field, not the key.
  std::vector<std::pair<std::string, double>> optional_number_map(std::string_view name,
                                                                  std::size_t count_max, double min,
                                                                  double max);
  /// The fields of an object of the client's, each value as JSON text. Errors name the object.
  std::vector<std::pair<std::string, std::string>> optional_value_texts(std::string_view name,
                                                                        std::size_t count_max);

  /// Where the field `name` is, as errors say it: `response_format.schema`.
  [[nodiscard]] std::string path(std::string_view name) const;

  /// Reports an error of the field `name` (empty: of this object). `what` completes the sentence
  /// "'<path>' ..." and is a text of ours. Only the first error of a document is kept.
  void fail(std::string_view name, ErrorKind kind, std::string_view what);
  void unsupported(std::string_view name, std::string_view what = "is not supported.");

 private:
  friend class Document;
  friend class Items;
  Reader(Document::State* state, std::uint32_t place, const boost::json::object* object)
      : state_(state), place_(place), object_(object) {}
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;
  const boost::json::value* require(std::string_view name);

  Document::State* state_;
  std::uint32_t place_;
  const boost::json::object* object_;  ///< Null after an error: every field is absent.
};

/// One JSON array of a document. Every index must be below size().
class Items {
 public:
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] JsonType type(std::size_t index) const;
  std::string string(std::size_t index, std::size_t length_max, std::size_t length_min = 0);
  std::uint64_t u64(std::size_t index, std::uint64_t min, std::uint64_t max);
  Reader object(std::size_t index);
  Items array(std::size_t index, std::size_t count_max = any_length, std::size_t count_min = 0);
  void fail(std::size_t index, ErrorKind kind, std::string_view what);

 private:
  friend class Reader;
  Items(Document::State* state, std::uint32_t place, const boost::json::array* array)
      : state_(state), place_(place), array_(array) {}

  Document::State* state_;
  std::uint32_t place_;
  const boost::json::array* array_;  ///< Null after an error: no items.
};

}  // namespace wire
