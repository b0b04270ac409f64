#include "format.hpp"

#include <algorithm>
#include <vector>

namespace grammar {

namespace {

/// Parts of patterns that several formats share.
struct Parts {
  std::string date =
      R"((?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30))"
      R"(|02-(?:0[1-9]|1\d|2[0-8])))"
      R"(|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29))";
  std::string minutes = R"((?:[01]\d|2[0-3]):[0-5]\d)";
  std::string clock = minutes + R"(:[0-5]\d(?:\.\d{1,9})?)";
  std::string zone = "(?:Z|[+-]" + minutes + ")";
  std::string label = R"([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)";
  std::string host = label + R"((?:\.)" + label + ")*";
  std::string octet = R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))";
  std::string letter = R"((?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}))";  // of a URI's path
  std::string tail = R"((?:\?(?:)" + letter + R"(|[/?])*)?(?:#(?:)" + letter + R"(|[/?])*)?)";
  std::string path = "(?:/" + letter + "*)*";
  std::string address = R"([A-Za-z][A-Za-z0-9+.-]*:(?://)" + host + R"((?::\d{1,4})?)" + path +
                        "|" + letter + "+" + path + ")" + tail;

  /// The eight groups of IPv6, any run of zeros of which may be left out once.
  [[nodiscard]] static std::string groups() {
    const std::string group = "[0-9A-Fa-f]{1,4}";
    std::string all = "(?:" + group + ":){7}" + group + "|::|:(?::" + group + "){1,7}";
    for (int before = 1; before <= 7; ++before) {
      const std::string head = "(?:" + group + ":){" + std::to_string(before) + "}";
      all += "|" + head;
      all += before == 7 ? ":" : "(?::|(?::" + group + "){1," + std::to_string(7 - before) + "})";
    }
    return "(?:" + all + ")";
  }

  /// Units in order, none left out in between, as RFC 3339 has it.
  [[nodiscard]] static std::string duration() {
    const std::string days =
        R"((?:\d{1,4}Y(?:\d{1,4}M(?:\d{1,4}D)?)?|\d{1,4}M(?:\d{1,4}D)?|\d{1,4}D))";
    const std::string times =
        R"(T(?:\d{1,6}H(?:\d{1,6}M(?:\d{1,6}S)?)?|\d{1,6}M(?:\d{1,6}S)?|\d{1,6}S))";
    return R"(P(?:\d{1,4}W|)" + days + "(?:" + times + ")?|" + times + ")";
  }
};

Format text(std::string name, const std::string& pattern, std::uint32_t length_max = unbounded) {
  Format format;
  format.name = std::move(name);
  if (!pattern.empty()) format.pattern = "^(?:" + pattern + ")$";
  format.length_max = length_max;
  return format;
}

Format number(std::string name, bool integer, std::string low = {}, std::string high = {}) {
  Format format;
  format.name = std::move(name);
  format.kind = Format::Kind::number;
  format.low = std::move(low);
  format.high = std::move(high);
  format.integer = integer;
  return format;
}

void add_internet(std::vector<Format>& all, const Parts& parts) {
  constexpr std::uint32_t host_max = 253;
  const std::string local = R"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)";
  const std::string email = local + "@(?:" + parts.label + R"(\.)+[A-Za-z]{2,24})";
  // A path before a colon would be read as a scheme: a relative one begins with / or ./ or has
  // none.
  const std::string reference = parts.address + R"(|(?:\.{0,2}/)" + parts.letter + "+" +
                                parts.path + R"(|\.{0,2}/|[A-Za-z0-9._~-]+)" + parts.path + ")?" +
                                parts.tail;
  for (const char* name : {"email", "idn-email"})
    all.push_back(text(name, email, 254));
  for (const char* name : {"hostname", "idn-hostname"}) {
    all.push_back(text(name, parts.host, host_max));
  }
  all.push_back(text("ipv4", "(?:" + parts.octet + R"(\.){3})" + parts.octet));
  all.push_back(text("ipv6", Parts::groups()));
  for (const char* name : {"uri", "iri"})
    all.push_back(text(name, parts.address));
  for (const char* name : {"uri-reference", "iri-reference"})
    all.push_back(text(name, reference));
  all.push_back(text("uri-template",
                     "https?://" + parts.host + R"((?:/(?:[A-Za-z0-9._~-]|\{[A-Za-z0-9_]+\})*)*)"));
  all.push_back(text("url", R"(https?://(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24})"
                            R"((?::[1-9]\d{1,3})?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/?#-]*)?)"));
}

std::vector<Format> known_formats() {
  const Parts parts;
  std::vector<Format> all;
  all.push_back(text("date", parts.date));
  all.push_back(text("time", parts.clock + parts.zone));
  all.push_back(text("date-time", parts.date + "T" + parts.clock + parts.zone));
  all.push_back(text("iso-time", parts.clock + parts.zone));
  all.push_back(text("iso-date-time", parts.date + "T" + parts.clock + parts.zone));
  all.push_back(text("duration", Parts::duration()));
  add_internet(all, parts);
  all.push_back(text("uuid", "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"));
  all.push_back(text("json-pointer", "(?:/(?:[^~/]|~0|~1)*)*"));
  all.push_back(text("relative-json-pointer", R"((?:0|[1-9]\d{0,8})(?:#|(?:/(?:[^~/]|~0|~1)*)*))"));
  all.push_back(text("json-pointer-uri-fragment",
                     "#(?:/(?:[A-Za-z0-9_.!$&'()*+,;:=@-]|%[0-9A-Fa-f]{2}|~0|~1)*)*"));
  for (const char* name : {"byte", "base64"}) {
    all.push_back(text(name,
                       "(?:[A-Za-z0-9+/]{4})*"
                       "(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"));
  }
  // pydantic's and zod's own names.
  for (const char version : std::string("134567"))
    all.push_back(
        text(std::string("uuid") + version, std::string("[0-9a-f]{8}-[0-9a-f]{4}-") + version +
                                                "[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  all.push_back(text("jwt", "[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"));
  for (const char* name : {"password", "binary", "regex", "path", "file-path", "directory-path"})
    all.push_back(text(name, ""));
  all.push_back(number("int8", true, "-128", "127"));
  all.push_back(number("int16", true, "-32768", "32767"));
  all.push_back(number("uint8", true, "0", "255"));
  all.push_back(number("uint16", true, "0", "65535"));
  all.push_back(number("uint32", true, "0", "4294967295"));
  for (const char* name : {"uint64", "uint"})
    all.push_back(number(name, true, "0", "18446744073709551615"));
  all.push_back(number("int32", true, "-2147483648", "2147483647"));
  all.push_back(number("int64", true, "-9223372036854775808", "9223372036854775807"));
  all.push_back(number("float", false));
  all.push_back(number("double", false));
  return all;
}

}  // namespace

const Format* find_format(std::string_view name) {
  static const std::vector<Format> all = known_formats();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Format& f) { return f.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace grammar
