#include "schema_places.hpp"

#include <algorithm>
#include <charconv>

namespace grammar {

namespace {

int hex(char letter) {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  const char low = static_cast<char>(letter | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string without_percents(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size() && hex(text[at + 1]) >= 0 &&
        hex(text[at + 2]) >= 0) {
      out += static_cast<char>(hex(text[at + 1]) * 16 + hex(text[at + 2]));
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string without_tildes(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '~' && at + 1 < text.size() && (text[at + 1] == '0' || text[at + 1] == '1')) {
      out += text[++at] == '0' ? '~' : '/';
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

SchemaPlaces::SchemaPlaces(const SchemaDocument& document) : document_(document) {
  for (ValueId id = 0; id < document.size(); ++id) {
    if (document.at(id).kind != ValueKind::object) {
      continue;
    }
    for (const auto& member : document.at(id).members) {
      const SchemaValue& value = document.at(member.value);
      if (value.kind != ValueKind::string) {
        continue;
      }
      if (member.name == "$anchor" || member.name == "$dynamicAnchor") {
        anchors_.emplace(value.text, id);
      } else if ((member.name == "$id" || member.name == "id") && value.text.starts_with('#')) {
        anchors_.emplace(std::string_view(value.text).substr(1), id);
      } else if (id == 0 && member.name == "$id") {
        base_ = value.text.substr(0, value.text.find('#'));
      }
    }
  }
}

std::string_view SchemaPlaces::local_part(std::string_view reference) const {
  return !base_.empty() && reference.starts_with(base_) ? reference.substr(base_.size())
                                                        : reference;
}

bool SchemaPlaces::remote(std::string_view reference) const {
  const std::string_view local = local_part(reference);
  return !local.empty() && !local.starts_with('#');
}

ValueId SchemaPlaces::find(std::string_view reference) {
  std::string_view local = local_part(reference);
  if (local.empty() || local == "#" || local == "#/") {
    // "#/" means the member with the empty name; where there is none, the root was meant.
    const ValueId empty = local == "#/" && document_.at(0).kind == ValueKind::object
                              ? document_.member(0, "")
                              : no_value;
    return empty == no_value ? 0 : empty;
  }
  const std::string pointer = without_percents(local.substr(1));
  if (!pointer.starts_with('/')) {
    const auto found = anchors_.find(pointer);
    return found == anchors_.end() ? no_value : found->second;
  }
  ValueId at = 0;
  for (std::size_t start = 1; start <= pointer.size() && at != no_value;) {
    const std::size_t end = std::min(pointer.find('/', start), pointer.size());
    at = child(at, without_tildes(std::string_view(pointer).substr(start, end - start)));
    start = end + 1;
  }
  return at;
}

ValueId SchemaPlaces::child(ValueId parent, const std::string& name) {
  const SchemaValue& value = document_.at(parent);
  if (value.kind == ValueKind::array) {
    std::size_t index = value.items.size();
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool whole = error == std::errc() && end == name.data() + name.size();
    return whole && index < value.items.size() ? value.items[index] : no_value;
  }
  if (value.kind != ValueKind::object) {
    return no_value;
  }
  auto [names, fresh] = names_.try_emplace(parent);
  if (fresh) {
    for (const auto& member : value.members) {
      names->second.emplace(member.name, member.value);
    }
  }
  const auto found = names->second.find(name);
  return found == names->second.end() ? no_value : found->second;
}

}  // namespace grammar
