// The inside of a Document: the parsed value, the paths, the first error, the checks.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wire/json.hpp>

namespace wire {

/// Lets a parser take so much memory and no more: `[0,0,0,...` grows to twelve times its length.
class Allowance final : public boost::json::memory_resource {
 public:
  explicit Allowance(std::size_t bytes) : left_(bytes) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::size_t left_;
};

/// The last step of a path: a field of the object at `parent`, or an item of the array there.
struct Place {
  std::uint32_t parent = 0;  ///< Index into State::places; 0 is the document itself.
  std::string_view name;     ///< Empty: an item, or the parent itself if that is an object.
  std::size_t index = 0;
  bool item = false;

  static Place field(std::uint32_t parent, std::string_view name) { return {parent, name, 0}; }
  static Place of_item(std::uint32_t parent, std::size_t index) {
    return {parent, {}, index, true};
  }
};

struct Document::State {
  explicit State(std::size_t text_size);
  void parse(std::string_view text);

  /// Keeps the first error only.
  void fail(const Place& where, ErrorKind kind, std::string_view what);
  void wrong_type(const Place& where, std::string_view wanted, const boost::json::value& got);
  [[nodiscard]] std::string path(const Place& where) const;
  std::uint32_t enter(const Place& place);

  // Each takes a value that is there and answers nothing, having failed, when it does not fit.
  std::optional<std::string> string(const boost::json::value& given, std::size_t min,
                                    std::size_t max, const Place& where);
  std::optional<std::uint64_t> u64(const boost::json::value& given, std::uint64_t min,
                                   std::uint64_t max, const Place& where);
  const boost::json::array* array(const boost::json::value& given, std::size_t min, std::size_t max,
                                  const Place& where);
  const boost::json::object* object(const boost::json::value& given, const Place& where);

  // What holds the memory is declared before what lives in it.
  unsigned char first[4096];
  Allowance allowance;
  boost::json::monotonic_resource memory;
  std::optional<boost::json::value> value;
  std::vector<Place> places{Place{}};
  std::optional<ParseError> error;
};

JsonType type_of(const boost::json::value& value);
/// A whole number too large for 64 bits: the parser makes a double of it.
bool is_huge(const boost::json::value& value);
/// An integer that was written with a fraction or an exponent, such as 100.0 or 1e3.
std::optional<std::int64_t> whole_number(const boost::json::value& value);
std::string number_text(double number);
std::string count_text(std::size_t min, std::size_t max, std::string_view noun);

}  // namespace wire
