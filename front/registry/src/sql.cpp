#include "sql.hpp"

namespace registry {

Statement& Statement::bind(std::int64_t value) {
  parameters_.emplace_back(value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  parameters_.emplace_back(std::string(text));
  return *this;
}

Statement& Statement::bind(std::span<const std::uint8_t> bytes) {
  parameters_.emplace_back(Blob(bytes.begin(), bytes.end()));
  return *this;
}

Statement& Statement::bind_none() {
  parameters_.emplace_back();
  return *this;
}

bool Statement::next() {
  if (!ran_) {
    answered_ = database_.execute(sql_, parameters_);
    ran_ = true;
    if (answered_.taken) {
      throw SqlFailure{Error::damaged};
    }
  }
  at_ += at_ <= answered_.rows.size() ? 1 : 0;
  return at_ <= answered_.rows.size();
}

bool Statement::insert() {
  answered_ = database_.execute(sql_, parameters_);
  ran_ = true;
  at_ = 1;
  return !answered_.taken;
}

const Cell& Statement::cell(int column) const {
  return answered_.rows.at(at_ - 1).at(static_cast<std::size_t>(column));
}

std::int64_t Statement::integer(int column) const {
  const auto* value = std::get_if<std::int64_t>(&cell(column));
  return value == nullptr ? 0 : *value;
}

std::string Statement::text(int column) const {
  const auto* value = std::get_if<std::string>(&cell(column));
  return value == nullptr ? "" : *value;
}

std::span<const std::uint8_t> Statement::bytes(int column) const {
  const auto* value = std::get_if<Blob>(&cell(column));
  return value == nullptr ? std::span<const std::uint8_t>() : std::span(*value);
}

}  // namespace registry
