#include <postgres/parameters.hpp>

#include <base/invariant.hpp>

namespace postgres {
namespace {

void append_big_endian(std::string& out, std::uint64_t word, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(word >> (8 * i)));
  }
}

void append_i32(std::string& out, std::int64_t word) {
  append_big_endian(out, static_cast<std::uint64_t>(word), 4);
}

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t array_type(Type element) {
  switch (element) {
    case Type::bytea: return 1001;
    case Type::text: return 1009;
    case Type::int8: return 1016;
    case Type::uuid: return 2951;
  }
  return 0;
}

}  // namespace

void Array::add(std::int64_t value) {
  base::invariant(element_ == Type::int8, "numbers go into an array of numbers");
  append_i32(items_, 8);
  append_big_endian(items_, static_cast<std::uint64_t>(value), 8);
  count_ += 1;
}

void Array::add(Bytes bytes) {
  base::invariant(element_ != Type::int8, "bytes go into an array of bytes");
  append_i32(items_, static_cast<std::int64_t>(bytes.size()));
  items_ += text_of(bytes);
  count_ += 1;
}

void Array::add_none() {
  append_i32(items_, -1);
  has_none_ = true;
  count_ += 1;
}

std::string Array::encoded() const {
  std::string out;
  out.reserve(20 + items_.size());
  append_i32(out, count_ == 0 ? 0 : 1);  // dimensions
  append_i32(out, has_none_ ? 1 : 0);
  append_i32(out, static_cast<std::int64_t>(element_));
  if (count_ > 0) {
    append_i32(out, count_);
    append_i32(out, 1);  // the first index
  }
  return out + items_;
}

Parameters& Parameters::add(std::int64_t value) {
  std::string text;
  append_big_endian(text, static_cast<std::uint64_t>(value), 8);
  list_.push_back({static_cast<std::uint32_t>(Type::int8), std::move(text)});
  return *this;
}

Parameters& Parameters::add(std::string_view text) {
  list_.push_back({static_cast<std::uint32_t>(Type::text), std::string(text)});
  return *this;
}

Parameters& Parameters::add(Bytes bytes, Type type) {
  list_.push_back({static_cast<std::uint32_t>(type), text_of(bytes)});
  return *this;
}

Parameters& Parameters::add(const Array& array) {
  list_.push_back({array_type(array.element_), array.encoded()});
  return *this;
}

Parameters& Parameters::add_none(Type type) {
  list_.push_back({static_cast<std::uint32_t>(type), std::nullopt});
  return *this;
}

}  // namespace postgres
