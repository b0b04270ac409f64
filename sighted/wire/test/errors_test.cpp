// errors.table, and the same corpus with every value replaced by every kind of nonsense.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "parse_any_body.hpp"

namespace wire {
namespace {

namespace json = boost::json;

std::string name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::syntax: return "syntax";
    case ErrorKind::too_deep: return "too_deep";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::missing: return "missing";
    case ErrorKind::wrong_type: return "wrong_type";
    case ErrorKind::out_of_range: return "out_of_range";
    case ErrorKind::unsupported: return "unsupported";
  }
  return "?";
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

TEST(Errors, TableOfBodies) {
  std::ifstream table(MAINS_ROOM_DIR "/test/errors.table");
  std::string line;
  int rows = 0;
  for (int number = 1; std::getline(table, line); ++number) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    SCOPED_TRACE("errors.table:" + std::to_string(number));
    std::vector<std::string> cells;
    for (int i = 0; i < 3; ++i) {
      const std::size_t bar = line.find('|');
      ASSERT_NE(bar, std::string::npos);
      cells.push_back(trimmed(line.substr(0, bar)));
      line.erase(0, bar + 1);
    }
    const auto error = error_at(cells[0], trimmed(line));
    ASSERT_TRUE(error) << line;
    EXPECT_EQ(name_of(error->kind), cells[1]) << error->message;
    EXPECT_EQ(error->param, cells[2]) << error->message;
    EXPECT_EQ(error->message.find("zq"), std::string::npos) << error->message;
    if (!error->param.empty()) {
      EXPECT_NE(error->message.find(error->param), std::string::npos) << error->message;
    }
    ++rows;
  }
  EXPECT_GT(rows, 100);
}

TEST(Errors, MessagesSayWhatToDo) {
  const auto message = [](std::string_view body) { return parse_chat(body).error().message; };
  EXPECT_EQ(message(R"({"messages":[]})"), "'model' is required.");
  EXPECT_EQ(message(R"({"model":"m","messages":[]})"), "'messages' must not be empty.");
  EXPECT_EQ(message(R"({"model":"m","messages":[{"role":"user","content":"x"}],"n":0})"),
            "'n' must be an integer from 1 to 128.");
  EXPECT_EQ(message(R"({"model":"m","messages":[{"role":"user","content":"x"}],"top_p":"1"})"),
            "'top_p' must be a number, not a string.");
  EXPECT_EQ(message(R"({"model":"m","messages":[{"role":"user","content":"x"}],"top_p":7})"),
            "'top_p' must be a number from 0 to 1.");
  EXPECT_EQ(message(R"({"model":"m","messages":[{"role":"you","content":"x"}]})"),
            "'messages[0].role' must be one of 'system', 'user', 'assistant', 'tool', "
            "'developer'.");
  EXPECT_EQ(message(R"({"model":)"), "The request body is not valid JSON in UTF-8 (near byte 9).");
  EXPECT_EQ(message("[]"), "The request body must be a JSON object, not an array.");
}

TEST(Errors, BrokenUtf8IsRefused) {
  const std::vector<std::string> broken = {
      "\x80",              // a continuation without a lead
      "\xC0\xAF",          // overlong
      "\xE0\x80\xAF",      // overlong
      "\xED\xA0\x80",      // a surrogate
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF8\x88\x80\x80\x80",
      "\xC3",  // cut off
      "\xE2\x82",
      "\xFF",
  };
  for (const std::string& bytes : broken) {
    const auto value = R"({"model":"m","messages":[{"role":"user","content":"a)" + bytes + "\"}]}";
    ASSERT_EQ(parse_chat(value).error().kind, ErrorKind::syntax);
    const auto key =
        R"({"model":"m","messages":[{"role":"user","content":"a"}],"x)" + bytes + "\":1}";
    ASSERT_EQ(parse_chat(key).error().kind, ErrorKind::syntax);
  }
  const auto good = parse_chat(
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xF0\x9F\x90\x88 "
      "\\ud83d\\udc08\"}]}");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(std::get<content::Chat>(good.value().prompt).messages[0].text,
            "\xF0\x9F\x90\x88 \xF0\x9F\x90\x88");
}

/// The seeds of an endpoint's fuzz target.
std::vector<std::string> seeds_of(const std::string& endpoint) {
  std::vector<std::string> bodies;
  const auto folder = std::string(MAINS_ROOM_DIR "/fuzz/corpus/") + endpoint + "_fuzz";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".json") {
      std::ifstream stream(file.path());
      bodies.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
  }
  return bodies;
}

/// Each value of `root`, in turn, replaced by each of `nonsense`.
void replace_each(json::value& root, json::value& node, const std::vector<json::value>& nonsense,
                  const std::function<void(const json::value&)>& use) {
  if (node.is_object()) {
    for (auto& member : node.get_object()) {
      replace_each(root, member.value(), nonsense, use);
    }
  } else if (node.is_array()) {
    for (auto& item : node.get_array()) {
      replace_each(root, item, nonsense, use);
    }
  }
  const json::value kept = node;
  for (const json::value& other : nonsense) {
    node = other;
    use(root);
  }
  node = kept;
}

TEST(Errors, NoErrorHoldsTextOfTheBody) {
  const std::vector<json::value> nonsense = {
      "zq",
      "",
      nullptr,
      true,
      -1,
      0.5,
      18446744073709551615ULL,
      1.8446744073709552e19,
      json::array{"zq"},
      json::array{},
      json::array{json::object{{"zq", "zq"}}},
      json::object{{"zq", "zq"}},
      json::object{{"type", "zq"}, {"role", "zq"}},
  };
  int errors = 0;
  for (const std::string endpoint : {"chat", "completion", "embedding", "messages"}) {
    for (const std::string& body : seeds_of(endpoint)) {
      json::value root = json::parse(body);
      replace_each(root, root, nonsense, [&](const json::value& changed) {
        const auto error = error_at(endpoint, json::serialize(changed));
        if (error) {
          ++errors;
          ASSERT_EQ((error->param + error->message).find("zq"), std::string::npos)
              << error->message;
        }
      });
    }
  }
  EXPECT_GT(errors, 500);
}

TEST(Errors, SeedsOfTheFuzzersAreAccepted) {
  for (const std::string endpoint : {"chat", "completion", "embedding", "messages"}) {
    for (const std::string& body : seeds_of(endpoint)) {
      const auto error = error_at(endpoint, body);
      EXPECT_FALSE(error) << error->message;
    }
  }
}

}  // namespace
}  // namespace wire
