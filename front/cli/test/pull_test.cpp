// `mains model pull` from a hub on loopback.
#include <fstream>
#include <sstream>

#include "../src/hub.hpp"
#include "fixture.hpp"
#include "small_server.hpp"

namespace {

using cli::HubFile;
using cli_test::Asked;
using cli_test::at;
using cli_test::CliTest;
using cli_test::Ran;
using cli_test::Said;
using cli_test::SmallServer;

// printf 'GGUF'; yes 0123456789 | tr -d '\n' | head -c 99996
std::string model_bytes() {
  std::string bytes = "GGUF";
  while (bytes.size() < 100'000) {
    bytes.push_back(static_cast<char>('0' + (bytes.size() - 4) % 10));
  }
  return bytes;
}
constexpr const char* model_sha256 =
    "baf7c089bd0468aba7d8856adb3d3b47b2092a5b2fceba12fb6a5d5fbcc2f565";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

class Hub : public CliTest {
 protected:
  Said answer(const Asked& asked) {
    if (asked.target.starts_with("/api/models/org/repo/tree/main")) {
      return {200, "application/json",
              R"([{"type":"file","path":"README.md","size":5},)"
              R"({"type":"file","path":"m-Q8_0.gguf","size":134,"lfs":{"oid":")" +
                  sha256 + R"(","size":100000}},)" +
                  R"({"type":"file","path":"m-Q2_K.gguf","size":7}])"};
    }
    if (asked.target.starts_with("/api/models/org/parts/tree/main")) {
      return {200, "application/json",
              R"([{"type":"file","path":"q/m-00002-of-00002.gguf","size":5},)"
              R"({"type":"file","path":"q/m-00001-of-00002.gguf","size":5}])"};
    }
    if (asked.target.starts_with("/org/parts/resolve/main/q/m-0000")) {
      return {200, "application/octet-stream", std::string("GGUF") + asked.target[32]};
    }
    if (asked.target == "/changing/m.gguf") {
      return {200, "application/octet-stream", changing};
    }
    if (asked.target == "/org/repo/resolve/main/m-Q8_0.gguf" || asked.target == "/m.gguf") {
      const std::string whole = model_bytes();
      const std::size_t at_range = asked.head.find("bytes=");
      if (at_range == std::string::npos) {
        return {200, "application/octet-stream", whole, cut_after, "etag: \"v1\"\r\n"};
      }
      const std::size_t from = std::stoul(asked.head.substr(at_range + 6));
      ranges += from > 0 ? 1 : 0;
      return {206, "application/octet-stream", whole.substr(from), std::string::npos,
              "etag: \"v1\"\r\ncontent-range: bytes " + std::to_string(from) + "-99999/100000\r\n"};
    }
    if (asked.target == "/later.gguf") {
      return {refusals-- > 0 ? 503 : 200, "application/octet-stream", "GGUF"};
    }
    if (asked.target == "/text.gguf") {
      return {200, "text/html", "<html>sign in</html>"};
    }
    return {404, "text/plain", "no"};
  }

  std::filesystem::path place() const {
    return data / "models/org/repo" / ("sha256=" + sha256.substr(0, 16)) / "m-Q8_0.gguf";
  }
  /// The place of a URL's file; nothing when the source has another number of files with this name.
  std::vector<std::filesystem::path> files_named(const std::string& name) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data / "models")) {
      if (entry.path().filename() == name) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

  std::string changing = "GGUF1";
  std::string sha256 = model_sha256;
  std::size_t cut_after = std::string::npos;
  std::atomic<int> ranges = 0;
  std::atomic<int> refusals = 0;
  SmallServer server{[this](const Asked& asked) { return answer(asked); }};
};

TEST_F(Hub, ARepositorysFileIsFetchedCheckedAndAdded) {
  const Ran ran =
      run({"model", "pull", "org/repo", "--base-url", server.url() + "/", "--add", "tiny"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.out.find("(as it should be)"), std::string::npos) << ran.out;
  EXPECT_EQ(std::filesystem::file_size(place()), 100'000U);
  EXPECT_EQ(at(json({"model", "list"}), "/data/0/name"), "tiny");
  EXPECT_EQ(at(json({"model", "list"}), "/data/0/file"), place().string());

  const auto again = json({"model", "pull", "org/repo", "--base-url", server.url()});
  EXPECT_EQ(at(again, "/already_there"), "true");
  EXPECT_EQ(at(again, "/sha256"), model_sha256);
}

TEST_F(Hub, ABrokenDownloadGoesOnWhereItStopped) {
  cut_after = 40'000;
  const auto got = json({"model", "pull", "org/repo", "--base-url", server.url()});
  EXPECT_EQ(at(got, "/size"), "100000");
  EXPECT_GE(ranges, 1);
  EXPECT_EQ(read(place()), model_bytes());
}

TEST_F(Hub, WhatIsNotWhatWasAnnouncedIsThrownAway) {
  sha256 = std::string(64, 'a');
  const Ran ran = run({"model", "pull", "org/repo", "--base-url", server.url()});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(place()));
  EXPECT_EQ(
      run({"model", "pull", server.url() + "/m.gguf", "--sha256", std::string(64, 'b')}).status, 1);
  std::string upper = model_sha256;
  for (char& c : upper) {
    c = static_cast<char>(std::toupper(c));
  }
  EXPECT_EQ(run({"model", "pull", server.url() + "/m.gguf", "--sha256", upper}).status, 0);
}

TEST_F(Hub, AWebPageIsNoModel) {
  const Ran ran = run({"model", "pull", server.url() + "/text.gguf"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.err.find("is not a GGUF file"), std::string::npos) << ran.err;
  EXPECT_TRUE(files_named("text.gguf").empty());
}

TEST_F(Hub, ADownloadReplacesNoOtherFile) {
  const std::string url = server.url() + "/changing/m.gguf";
  ASSERT_EQ(run({"model", "pull", url}).status, 0);
  const auto first = files_named("m.gguf");
  ASSERT_EQ(first.size(), 1U);
  changing = "GGUF2";  // The same address, another model.
  ASSERT_EQ(run({"model", "pull", url}).status, 0);
  EXPECT_EQ(files_named("m.gguf").size(), 2U);
  EXPECT_EQ(read(first[0]), "GGUF1");
  changing = "<html>sign in</html>";
  EXPECT_EQ(run({"model", "pull", url}).status, 1);
  EXPECT_EQ(files_named("m.gguf").size(), 2U);
  ASSERT_EQ(run({"model", "pull", server.url() + "/m.gguf"}).status, 0);  // Another source.
  EXPECT_EQ(files_named("m.gguf").size(), 3U);
  EXPECT_EQ(read(first[0]), "GGUF1");
}

TEST_F(Hub, AModelInPartsIsPulledWhole) {
  const Ran ran = run({"model", "pull", "org/parts", "--base-url", server.url(), "--add", "big"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const std::filesystem::path first = at(json({"model", "list"}), "/data/0/file");
  EXPECT_EQ(first.filename(), "m-00001-of-00002.gguf");
  EXPECT_EQ(read(first), "GGUF1");
  EXPECT_EQ(read(first.parent_path() / "m-00002-of-00002.gguf"), "GGUF2");
}

TEST_F(Hub, ATokenIsNotSentInClear) {
  ::setenv("HF_TOKEN", "hf_secret", 1);
  const Ran ran = run({"model", "pull", "org/repo", "--base-url", "http://hub.example"});
  ::unsetenv("HF_TOKEN");
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.err.find("not sent in clear"), std::string::npos) << ran.err;
}

TEST_F(Hub, WhatIsWrongIsSaidBeforeTheDownload) {
  const std::string url = server.url() + "/m.gguf";
  EXPECT_NE(run({"model", "pull", url, "--sha256", "xyz"}).err.find("64 hexadecimal digits"),
            std::string::npos);
  EXPECT_EQ(run({"model", "pull", url, "--sha256", std::string(64, 'g')}).status, 1);
  EXPECT_NE(run({"model", "pull", url, "--add", "bad name"}).err.find("'bad name'"),
            std::string::npos);
  std::ofstream(root / "other.gguf") << "GGUF";
  ASSERT_EQ(run({"model", "add", "a=" + (root / "other.gguf").string()}).status, 0);
  const Ran taken = run({"model", "pull", url, "--add", "a"});
  EXPECT_EQ(taken.status, 1);
  EXPECT_NE(taken.err.find("other.gguf already"), std::string::npos) << taken.err;
  EXPECT_TRUE(server.asked().empty());
  EXPECT_EQ(run({"model", "pull", url, "--add", "a", "--yes"}).status, 0);
}

TEST_F(Hub, ANameIsGivenToAnotherContentOnlyWhenThatIsMeant) {
  const std::vector<std::string> pull = {"model", "pull", server.url() + "/changing/m.gguf",
                                         "--add", "a"};
  EXPECT_EQ(run(pull).status, 0);
  EXPECT_EQ(run(pull).status, 0) << "the same file";
  const std::string first = at(json({"model", "list"}), "/data/0/file");
  changing = "GGUF2";
  EXPECT_NE(run(pull).err.find(first + " already"), std::string::npos);
  EXPECT_EQ(at(json({"model", "list"}), "/data/0/file"), first);
}

TEST_F(Hub, EachFailedAttemptIsTold) {
  refusals = 1;
  const Ran ran = run({"model", "pull", server.url() + "/later.gguf"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.err.find("later.gguf: status 503; trying again in 0.5 s\n"), std::string::npos)
      << ran.err;
}

TEST_F(Hub, WhatIsNotThereIsExplained) {
  EXPECT_NE(run({"model", "pull", "org/none", "--base-url", server.url()})
                .err.find("does not show org/none (status 404)"),
            std::string::npos);
  EXPECT_NE(run({"model", "pull", "org/repo", "--file", "x.gguf", "--base-url", server.url()})
                .err.find("there are: m-Q8_0.gguf (0 MB), m-Q2_K.gguf (0 MB)"),
            std::string::npos);
  EXPECT_NE(run({"model", "pull", "repo"}).err.find("neither OWNER/NAME nor a URL"),
            std::string::npos);
  EXPECT_NE(
      run({"model", "pull", "o/r", "--base-url", "http://127.0.0.1:1"}).err.find("does not answer"),
      std::string::npos);
}

TEST_F(Hub, TheTokenGoesToTheHub) {
  ::setenv("HF_TOKEN", "hf_secret", 1);
  EXPECT_EQ(run({"model", "pull", "org/repo", "--base-url", server.url()}).status, 0);
  ::unsetenv("HF_TOKEN");
  for (const Asked& asked : server.asked()) {
    EXPECT_NE(asked.head.find("hf_secret"), std::string::npos) << asked.target;
  }
}

TEST(Choose, TheOnlyOneOrTheBestOrAQuestion) {
  const HubFile small{"m-Q4_K_M.gguf", 1, ""};
  const HubFile big{"m-q8_0.gguf", 2, ""};
  const HubFile other{"other-Q8_0.gguf", 3, ""};
  EXPECT_EQ(cli::choose({small}, "").value(), small);
  EXPECT_EQ(cli::choose({small, big}, "").value(), big);
  EXPECT_EQ(cli::choose({small, big, other}, "").value(), small);
  EXPECT_EQ(cli::choose({small, big}, "m-Q4_K_M.gguf").value(), small);
  EXPECT_FALSE(cli::choose({big, other}, "").ok());
  EXPECT_FALSE(cli::choose({}, "").ok());
}

TEST(FileName, NothingLeavesTheFolder) {
  EXPECT_EQ(cli::file_name("https://x/a/m.gguf?download=true"), "m.gguf");
  EXPECT_EQ(cli::file_name("m.gguf"), "m.gguf");
  for (const char* bad : {"", "https://x/", "a/..", "a/.hidden", "a/b c", "a/%2e%2e", "a\\b"}) {
    EXPECT_FALSE(cli::file_name(bad)) << bad;
  }
}

TEST(Places, NothingLeavesTheFolder) {
  EXPECT_EQ(cli::repository_place("org/repo.v2"), std::filesystem::path("org/repo.v2"));
  for (const char* bad :
       {"", "org", "org/", "/repo", "../x", "org/..", "org/a/b", "o=/x", "o/\\"}) {
    EXPECT_FALSE(cli::repository_place(bad)) << bad;
  }
  EXPECT_EQ(cli::url_place("https://u:p@h:81/a/../b c/m.gguf?token=1"),
            std::filesystem::path("url=h%3A81/a/%2E./b%20c"));
  EXPECT_EQ(cli::url_place("http://h/m.gguf"), std::filesystem::path("url=h"));
  EXPECT_TRUE(cli::may_carry_token("https://h"));
  EXPECT_TRUE(cli::may_carry_token("http://127.0.0.1:80"));
  EXPECT_TRUE(cli::may_carry_token("http://[::1]:80/x"));
  for (const char* bad : {"http://h", "http://127.0.0.1.h", "http://localhost.h", "ftp://h"}) {
    EXPECT_FALSE(cli::may_carry_token(bad)) << bad;
  }
}

TEST(Parts, AreCompleteOrNamed) {
  const HubFile one{"m-00001-of-00002.gguf", 1, ""};
  const HubFile two{"m-00002-of-00002.gguf", 1, ""};
  EXPECT_EQ(cli::choose({two, one}, "").value(), one);
  EXPECT_EQ(cli::parts_of({two, one}, one).value(), (std::vector{one, two}));
  EXPECT_FALSE(cli::parts_of({one}, one).ok());
  EXPECT_EQ(cli::parts_of({one, two}, {"x.gguf", 1, ""}).value().size(), 1U);
}

TEST(Listing, HostileAnswersAreRefusedOrIgnored) {
  EXPECT_FALSE(cli::parse_listing("").ok());
  EXPECT_FALSE(cli::parse_listing("{}").ok());
  EXPECT_TRUE(cli::parse_listing(R"([1,{"path":7},{"path":"a.txt"},{}])").value().empty());
  const auto odd = cli::parse_listing(R"([{"path":"a.GGUF","size":-1,"lfs":7}])").value();
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(odd[0].size, 0U);
}

}  // namespace
