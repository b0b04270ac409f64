// A reader of RFC 4180 that takes nothing else.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bill::testing {

inline std::vector<std::vector<std::string>> read_csv(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& field = lines.back().back();
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (c == '"') {
      EXPECT_TRUE(quoted || field.empty());
      quoted = !quoted;
    } else if (quoted) {
      field += c;
    } else if (c == ',') {
      lines.back().emplace_back();
    } else if (c == '\r') {
      EXPECT_EQ(text.at(++i), '\n');
      lines.emplace_back(1, std::string());
    } else {
      EXPECT_NE(c, '\n');
      field += c;
    }
  }
  EXPECT_FALSE(quoted);
  lines.pop_back();
  return lines;
}

}  // namespace bill::testing
