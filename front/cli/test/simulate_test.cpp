// `mains simulate`: needs no data folder, writes what it is asked to.
#include <fstream>

#include "fixture.hpp"

namespace cli_test {
namespace {

using SimulateCommand = CliTest;

TEST_F(SimulateCommand, shows_a_table_and_writes_json_and_pictures) {
  const std::string folder = (root / "pictures").string();
  const Ran ran = plain({"simulate", "overload", "--minutes", "0.2", "--out", folder});
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const char* word : {"fcfs", "vtc", "ours", "180 a minute", "TOKENS/S"}) {
    EXPECT_NE(ran.out.find(word), std::string::npos) << word;
  }
  for (const char* name : {"overload.json", "overload-difference.svg", "overload-window.svg"}) {
    EXPECT_GT(std::filesystem::file_size(root / "pictures" / name), 500U) << name;
  }
}

TEST_F(SimulateCommand, runs_one_policy_with_many_tenants_and_engines) {
  const Ran ran = plain({"simulate", "many", "--tenants", "300", "--engines", "4", "--minutes",
                         "0.1", "--policy", "ours", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto answer = boost::json::parse(ran.out);
  EXPECT_EQ(at(answer, "/tenants"), "300");
  EXPECT_EQ(at(answer, "/engines"), "4");
  EXPECT_EQ(answer.at("policies").as_array().size(), 1U);
  EXPECT_EQ(at(answer, "/policies/0/policy"), "ours");
}

TEST_F(SimulateCommand, replays_a_trace_and_says_what_is_wrong_with_it) {
  const std::string path = (root / "requests.csv").string();
  std::ofstream(path) << "req_time_s,client,prompt_tokens,output_tokens\n0.0,1,10,5\n0.5,2,20,5\n";
  const Ran ran = plain({"simulate", "trace", "--trace", path, "--policy", "vtc", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(at(boost::json::parse(ran.out), "/policies/0/requests"), "2");
  EXPECT_EQ(plain({"simulate", "trace"}).status, 1);
  EXPECT_EQ(plain({"simulate", "trace", "--trace", "/nowhere"}).status, 1);
  EXPECT_EQ(plain({"simulate", "nothing"}).status, 2);
}

}  // namespace
}  // namespace cli_test
