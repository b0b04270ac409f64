#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <boost/url/parse_query.hpp>

#include <http/message.hpp>

namespace http {

namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equal_without_case(header.name, name)) return header.value;
  }
  return {};
}

std::optional<std::string> Request::query(std::string_view name) const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return std::nullopt;
  const std::size_t end = std::min(target.find('#'), target.size());
  if (end <= mark) return std::nullopt;
  const auto parsed = boost::urls::parse_query({target.data() + mark + 1, end - mark - 1});
  if (!parsed) return std::nullopt;
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  for (const auto parameter : *parsed) {
    if (parameter.key.decode(options) == name) return parameter.value.decode(options);
  }
  return std::nullopt;
}

std::string_view reason_phrase(unsigned status) {
  const auto known = boost::beast::http::int_to_status(status);
  if (known == boost::beast::http::status::unknown) return "Unknown";
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

}  // namespace http
