#include "schema_document.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <unordered_map>
#include <utility>

#include "schema_decimal.hpp"
#include "schema_refusal.hpp"

namespace grammar {
namespace json = boost::json;

/// What Boost's parser tells, put into a document.
class DocumentHandler {
 public:
  using Text = json::string_view;
  using Code = json::error_code;

  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;

  explicit DocumentHandler(std::size_t values_max) : values_max_(values_max) {}

  static bool on_document_begin(Code&) { return true; }
  static bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code& code) { return open(ValueKind::object, code); }
  bool on_object_end(std::size_t, Code&) {
    keep_last();
    return close();
  }
  bool on_array_begin(Code& code) { return open(ValueKind::array, code); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(Text text, std::size_t, Code&) { return gather(text); }
  bool on_key(Text text, std::size_t, Code&) {
    gather(text);
    names_.back() = std::exchange(gathered_, {});
    return true;
  }
  bool on_string_part(Text text, std::size_t, Code&) { return gather(text); }
  bool on_string(Text text, std::size_t, Code& code) {
    gather(text);
    return leaf(ValueKind::string, code);
  }
  bool on_number_part(Text text, Code&) { return gather(text); }
  bool on_int64(std::int64_t, Text text, Code& code) { return number(text, code); }
  bool on_uint64(std::uint64_t, Text text, Code& code) { return number(text, code); }
  bool on_double(double, Text text, Code& code) { return number(text, code); }
  bool on_bool(bool flag, Code& code) {
    if (!leaf(ValueKind::boolean, code)) {
      return false;
    }
    document.values_.back().flag = flag;
    return true;
  }
  bool on_null(Code& code) { return leaf(ValueKind::null, code); }
  static bool on_comment_part(Text, Code&) { return true; }
  static bool on_comment(Text, Code&) { return true; }

  SchemaDocument document;
  bool overfull = false;

 private:
  bool gather(Text text) {
    gathered_.append(text.data(), text.size());
    return true;
  }

  bool number(Text text, Code& code) {
    gather(text);
    return leaf(ValueKind::number, code);
  }

  bool leaf(ValueKind kind, Code& code) {
    if (!place(kind, code)) {
      return false;
    }
    document.values_.back().text = std::exchange(gathered_, {});
    return true;
  }

  bool open(ValueKind kind, Code& code) {
    if (!place(kind, code)) {
      return false;
    }
    open_.push_back(static_cast<ValueId>(document.values_.size() - 1));
    names_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }

  bool place(ValueKind kind, Code& code) {
    auto& values = document.values_;
    if (values.size() >= values_max_) {
      overfull = true;
      code = json::make_error_code(json::error::array_too_large);
      return false;
    }
    const auto id = static_cast<ValueId>(values.size());
    SchemaValue value;
    value.kind = kind;
    if (!open_.empty()) {
      SchemaValue& parent = values[open_.back()];
      value.parent = open_.back();
      if (parent.kind == ValueKind::object) {
        value.slot = static_cast<std::uint32_t>(parent.members.size());
        parent.members.push_back({std::move(names_.back()), id});
        names_.back().clear();
      } else {
        value.slot = static_cast<std::uint32_t>(parent.items.size());
        parent.items.push_back(id);
      }
    }
    values.push_back(std::move(value));
    return true;
  }

  /// Of members of one name the last stays, at the place of the first.
  void keep_last() {
    SchemaValue& object = document.values_[open_.back()];
    std::unordered_map<std::string_view, std::size_t> first;
    std::vector<SchemaMember> kept;
    bool repeated = false;
    for (std::size_t at = 0; at < object.members.size(); ++at) {
      const auto [found, fresh] = first.try_emplace(object.members[at].name, at);
      repeated = repeated || !fresh;
      if (!fresh) {
        object.members[found->second].value = object.members[at].value;
        object.members[at].value = no_value;
      }
    }
    if (!repeated) {
      return;
    }
    for (auto& member : object.members) {
      if (member.value != no_value) {
        document.values_[member.value].slot = static_cast<std::uint32_t>(kept.size());
        kept.push_back(std::move(member));
      }
    }
    object.members = std::move(kept);
  }

  std::size_t values_max_;
  std::string gathered_;
  std::vector<ValueId> open_;
  std::vector<std::string> names_;
};

namespace {

void write_text(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    switch (letter) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += digits[byte >> 4];
          out += digits[byte & 15];
        } else {
          out += letter;
        }
    }
  }
  out += '"';
}

/// Depth is bounded by the parser and by whoever makes values.
void write(const SchemaDocument& document, ValueId id, bool sorted, std::string& out) {
  const SchemaValue& value = document.at(id);
  switch (value.kind) {
    case ValueKind::null: out += "null"; return;
    case ValueKind::boolean: out += value.flag ? "true" : "false"; return;
    case ValueKind::number: out += sorted ? Decimal::read(value.text).text() : value.text; return;
    case ValueKind::string: write_text(out, value.text); return;
    case ValueKind::array: {
      out += '[';
      for (std::size_t at = 0; at < value.items.size(); ++at) {
        out += at == 0 ? "" : ",";
        write(document, value.items[at], sorted, out);
      }
      out += ']';
      return;
    }
    case ValueKind::object: break;
  }
  std::vector<const SchemaMember*> members;
  for (const auto& member : value.members) {
    members.push_back(&member);
  }
  if (sorted) {
    std::sort(members.begin(), members.end(),
              [](const auto* one, const auto* other) { return one->name < other->name; });
  }
  out += '{';
  for (std::size_t at = 0; at < members.size(); ++at) {
    out += at == 0 ? "" : ",";
    write_text(out, members[at]->name);
    out += ':';
    write(document, members[at]->value, sorted, out);
  }
  out += '}';
}

}  // namespace

base::Result<SchemaDocument, Refusal> SchemaDocument::parse(std::string_view text,
                                                            const DocumentLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return base::Fail{too_large("", "bytes", limits.bytes_max)};
  }
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<DocumentHandler> parser(options, limits.values_max);
  json::error_code code;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  if (parser.handler().overfull) {
    return base::Fail{too_large("", "values", limits.values_max)};
  }
  if (code == json::error::too_deep) {
    return base::Fail{too_large("", "levels", limits.depth_max)};
  }
  if (code || read != text.size()) {
    return base::Fail{malformed("", "JSON")};
  }
  return std::move(parser.handler().document);
}

ValueId SchemaDocument::member(ValueId object, std::string_view name) const {
  const SchemaValue& value = values_[object];
  for (const auto& member : value.members) {
    if (member.name == name) {
      return member.value;
    }
  }
  return no_value;
}

std::string SchemaDocument::path(ValueId id) const {
  std::vector<std::string> parts;
  while (id != no_value && values_[id].parent != no_value) {
    const SchemaValue& value = values_[id];
    if (!value.made) {
      const SchemaValue& parent = values_[value.parent];
      parts.push_back(parent.kind == ValueKind::object ? '.' + parent.members[value.slot].name
                                                       : '[' + std::to_string(value.slot) + ']');
    }
    id = value.parent;
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    path += *part;
  }
  return path.starts_with('.') ? path.substr(1) : path;
}

std::string SchemaDocument::path(ValueId id, std::string_view below) const {
  std::string path = this->path(id);
  if (!path.empty()) {
    path += '.';
  }
  return path.append(below);
}

ValueId SchemaDocument::add(ValueKind kind, ValueId origin) {
  SchemaValue value;
  value.kind = kind;
  value.parent = origin;
  value.made = true;
  values_.push_back(std::move(value));
  return static_cast<ValueId>(values_.size() - 1);
}

ValueId SchemaDocument::add_text(ValueKind kind, ValueId origin, std::string text) {
  const ValueId id = add(kind, origin);
  values_[id].text = std::move(text);
  return id;
}

ValueId SchemaDocument::add_flag(ValueId origin, bool flag) {
  const ValueId id = add(ValueKind::boolean, origin);
  values_[id].flag = flag;
  return id;
}

void SchemaDocument::add_member(ValueId object, std::string name, ValueId value) {
  values_[object].members.push_back({std::move(name), value});
}

void SchemaDocument::add_item(ValueId array, ValueId value) {
  values_[array].items.push_back(value);
}

std::string SchemaDocument::json(ValueId id) const {
  std::string out;
  write(*this, id, false, out);
  return out;
}

bool equal_values(const SchemaDocument& document, ValueId one, ValueId other) {
  return one == other || canonical(document, one) == canonical(document, other);
}

std::string canonical(const SchemaDocument& document, ValueId id) {
  std::string out;
  write(document, id, true, out);
  return out;
}

std::string json_text(std::string_view text) {
  std::string out;
  write_text(out, text);
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U;
  }));
}

}  // namespace grammar
