#include "pattern_set.hpp"

#include <algorithm>

namespace grammar {

CodeSet::CodeSet(char32_t first, char32_t last) {
  add(first, last);
}

CodeSet CodeSet::of(std::vector<CodeRange> ranges) {
  CodeSet set;
  set.ranges_ = std::move(ranges);
  set.normal_ = false;
  return set;
}

void CodeSet::add(char32_t first, char32_t last) {
  ranges_.push_back({first, last});
  normal_ = false;
}

void CodeSet::add(const CodeSet& other) {
  const std::vector<CodeRange>& more = other.ranges();
  ranges_.insert(ranges_.end(), more.begin(), more.end());
  normal_ = false;
}

void CodeSet::normalize() const {
  constexpr char32_t first_surrogate = 0xD800;
  constexpr char32_t last_surrogate = 0xDFFF;
  std::vector<CodeRange> whole;
  whole.reserve(ranges_.size() + 1);
  for (CodeRange range : ranges_) {
    range.last = std::min(range.last, last_code_point);
    if (range.first > range.last) continue;
    const bool meets = range.first <= last_surrogate && range.last >= first_surrogate;
    if (!meets) {
      whole.push_back(range);
      continue;
    }
    if (range.first < first_surrogate) whole.push_back({range.first, first_surrogate - 1});
    if (range.last > last_surrogate) whole.push_back({last_surrogate + 1, range.last});
  }
  std::sort(whole.begin(), whole.end(),
            [](const CodeRange& a, const CodeRange& b) { return a.first < b.first; });
  ranges_.clear();
  for (const CodeRange& range : whole) {
    if (!ranges_.empty() && range.first <= ranges_.back().last + 1) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
  normal_ = true;
}

const std::vector<CodeRange>& CodeSet::ranges() const {
  if (!normal_) normalize();
  return ranges_;
}

CodeSet CodeSet::inverse() const {
  CodeSet out;
  char32_t next = 0;
  for (const CodeRange& range : ranges()) {
    if (range.first > next) out.add(next, range.first - 1);
    next = range.last + 1;
  }
  if (next <= last_code_point) out.add(next, last_code_point);
  return out;
}

bool CodeSet::contains(char32_t code) const {
  const std::vector<CodeRange>& all = ranges();
  const auto after = std::upper_bound(all.begin(), all.end(), code,
                                      [](char32_t c, const CodeRange& r) { return c < r.first; });
  return after != all.begin() && code <= std::prev(after)->last;
}

CodeSet any_set() {
  return {0, last_code_point};
}

CodeSet digit_set() {
  return {U'0', U'9'};
}

CodeSet word_set() {
  CodeSet set{U'0', U'9'};
  set.add(U'A', U'Z');
  set.add(U'a', U'z');
  set.add(U'_', U'_');
  return set;
}

CodeSet space_set() {
  CodeSet set{0x09, 0x0D};
  for (const char32_t code : {0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF}) {
    set.add(code, code);
  }
  set.add(0x2000, 0x200A);
  return set;
}

CodeSet dot_set() {
  CodeSet ends{0x0A, 0x0A};
  ends.add(0x0D, 0x0D);
  ends.add(0x2028, 0x2029);
  return ends.inverse();
}

}  // namespace grammar
