// Commands on a stopped server's data folder.
#include <atomic>
#include <fstream>
#include <thread>

#include <cli/folder.hpp>

#include "fixture.hpp"

namespace {

using cli_test::at;
using cli_test::CliTest;
using cli_test::Ran;

class Commands : public CliTest {
 protected:
  std::string write(const char* name, const std::string& text) {
    const auto file = root / name;
    std::ofstream(file) << text;
    return file.string();
  }
  static std::string list(const std::string& input) {
    return R"({"currency":"USD","models":[{"model":"tiny","input_per_mtok":")" + input +
           R"(","cached_input_per_mtok":"0.05","output_per_mtok":"0.40"}]})";
  }
};

TEST_F(Commands, ATenantGetsCreditAndAKeyThatIsShownOnce) {
  const Ran made = run({"tenant", "create", "acme", "--credit", "5.00"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out,
            "Created tenant acme with 5.00 available.\nNext: mains key create --tenant acme\n");
  EXPECT_EQ(at(json({"credit", "add", "acme", "0.25"}), "/available"), "5.25");
  EXPECT_EQ(at(json({"credit", "take", "acme", "1.00"}), "/available"), "4.25");
  EXPECT_EQ(run({"credit", "take", "acme", "100"}).status, 1);

  const Ran key = run({"key", "create", "--tenant", "acme", "--cap-per-month", "2.50"});
  EXPECT_EQ(key.status, 0) << key.err;
  EXPECT_EQ(key.out.size(), 3 + 43 + 1U) << "the key and nothing else, for scripts";
  const std::string secret = key.out.substr(0, 46);
  const Ran listed = run({"key", "list"});
  EXPECT_NE(listed.out.find("2.50 a month"), std::string::npos) << listed.out;
  EXPECT_EQ(listed.out.find(secret), std::string::npos);
  EXPECT_NE(run({"tenant", "show", "acme"}).out.find(secret.substr(0, 8)), std::string::npos);
  EXPECT_EQ(run({"key", "revoke", "1"}).out, "Revoked key 1 (default).\n");
  EXPECT_NE(at(json({"key", "list", "--tenant", "acme"}), "/data/0/revoked_at"), "null");

  const Ran again = run({"tenant", "create", "acme"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.err, "mains: this name is taken; choose another\n");
  EXPECT_NE(run({"tenant", "list"}).out.find("acme"), std::string::npos);
}

TEST_F(Commands, ATenantIsForgottenForGoodAndTheBooksStayRight) {
  json({"tenant", "create", "acme", "--credit", "5.00"});
  json({"key", "create", "--tenant", "acme"});
  EXPECT_NE(run({"tenant", "delete", "acme"}).err.find("--yes"), std::string::npos);
  EXPECT_NE(run({"tenant", "delete", "acme", "--yes"}).err.find("still has 5.00"),
            std::string::npos);
  EXPECT_EQ(at(json({"tenant", "show", "acme"}), "/available"), "5.00");
  const Ran gone = run({"tenant", "delete", "acme", "--yes", "--refund"});
  const std::string told =
      "Deleted tenant acme; 5.00 paid out.\nIts books stay under its account: mains bill ";
  ASSERT_TRUE(gone.out.starts_with(told)) << gone.out << gone.err;
  const std::string account = gone.out.substr(told.size(), 32);
  EXPECT_NE(run({"bill", account}).out.find("5.00"), std::string::npos);
  EXPECT_EQ(run({"tenant", "show", "acme"}).status, 1);
  EXPECT_EQ(run({"tenant", "list"}).out.find("acme"), std::string::npos);
  EXPECT_EQ(run({"ledger", "check"}).status, 0);
  EXPECT_EQ(at(json({"tenant", "create", "acme"}), "/available"), "0.00") << "someone else's";
}

TEST_F(Commands, KeysAreForATenantOrForAdmins) {
  json({"tenant", "create", "acme"});
  EXPECT_EQ(run({"key", "create"}).err, "mains: say whose key it is: --tenant NAME, or --admin\n");
  EXPECT_EQ(run({"key", "create", "--admin", "--tenant", "acme"}).status, 2);
  EXPECT_TRUE(run({"key", "create", "--admin", "--name", "ops"}).out.starts_with("ma-"));
  EXPECT_EQ(run({"key", "create", "--tenant", "acme", "--requests-per-minute", "-1"}).status, 1);
  EXPECT_EQ(run({"key", "create", "--tenant", "acme", "--requests-per-minute", "1e3"}).status, 1);
  json({"key", "create", "--tenant", "acme"});
  EXPECT_EQ(run({"key", "limit", "2", "--parallel-requests", "4"}).out,
            "Limits of key 2: 4 parallel\n");
}

TEST_F(Commands, PricesAreCheckedThenPublishedThenShown) {
  json({"tenant", "create", "acme"});
  EXPECT_NE(run({"price", "show"}).out.find("No price list is in force"), std::string::npos);
  const std::string good = write("good.json", list("0.10"));
  const std::string bad = write("bad.json", list("0.00000015"));
  const Ran refused = run({"price", "check", bad});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.out.find("a price per token?"), std::string::npos) << refused.out;
  EXPECT_EQ(run({"price", "publish", bad}).status, 1);
  EXPECT_EQ(run({"price", "check", good}).status, 0);
  const Ran published = run({"price", "publish", "-"}, list("0.10"));
  EXPECT_EQ(published.status, 0) << published.err;
  EXPECT_NE(run({"price", "show"}).out.find("tiny    0.10          0.05    0.40"),
            std::string::npos)
      << run({"price", "show"}).out;
  EXPECT_EQ(at(json({"price", "show", "--version", "1"}), "/version"), "1");
  EXPECT_EQ(run({"price", "show", "--version", "2"}).status, 1);
  EXPECT_EQ(run({"price", "check", "/nowhere.json"}).err, "mains: /nowhere.json: cannot be read\n");
}

TEST_F(Commands, UsageBillAndLedgerCheck) {
  json({"tenant", "create", "acme", "--credit", "5.00"});
  EXPECT_NE(run({"usage", "acme"}).out.find("No usage."), std::string::npos);
  EXPECT_EQ(at(json({"usage", "--tenant", "acme", "--by", "day,model"}), "/tenant"), "acme");
  EXPECT_EQ(run({"usage", "acme", "--by", "prompt"}).status, 1);
  const Ran bill = run({"bill", "acme"});
  EXPECT_NE(bill.out.find("Opening balance"), std::string::npos) << bill.out;
  EXPECT_NE(bill.out.find("5.00\n"), std::string::npos) << bill.out;
  EXPECT_EQ(at(json({"bill", "acme"}), "/closing_balance"), "5.00");
  EXPECT_TRUE(run({"bill", "acme", "--format", "csv"}).out.starts_with("line,time,model,"));
  const std::string page = (root / "acme.html").string();
  const Ran saved = run({"bill", "acme", "--html", page});
  EXPECT_EQ(saved.status, 0) << saved.err;
  EXPECT_TRUE(saved.out.empty());
  std::ifstream file(page);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "<!DOCTYPE html>");
  EXPECT_EQ(run({"bill", "acme", "--html", (root / "no" / "page.html").string()}).status, 1);
  EXPECT_EQ(run({"bill", "acme", "--format", "pdf"}).status, 2);
  EXPECT_EQ(run({"bill", "acme", "--month", "2026-13"}).err,
            "mains: month must be a month until now, such as 2026-11\n");

  const Ran focus = run({"export", "focus"});
  EXPECT_EQ(focus.status, 0) << focus.err;
  EXPECT_TRUE(focus.out.starts_with("BilledCost,BillingAccountId,")) << focus.out;
  EXPECT_NE(focus.out.find("Prepaid credit, "), std::string::npos) << focus.out;
  EXPECT_EQ(run({"export", "focus", "--tenant", "nobody"}).status, 1);
  EXPECT_EQ(run({"export", "focus", "--json"}).status, 2) << "it has a format of its own";
  const Ran events = run({"export", "events", "--after", "3"});
  EXPECT_EQ(events.status, 0) << events.err;
  EXPECT_EQ(events.out, "") << "nothing was used";

  const Ran clean = run({"ledger", "check"});
  EXPECT_EQ(clean.status, 0) << clean.err;
  EXPECT_TRUE(clean.out.starts_with("The books are right: 0 findings in 1 postings")) << clean.out;
  EXPECT_EQ(at(json({"ledger", "check"}), "/ok"), "true");
}

TEST_F(Commands, WhatDoesNotParseIsExplainedInOneLine) {
  const struct {
    std::vector<std::string> args;
    const char* in_it;
  } table[] = {
      {{}, "mains --help"},
      {{"tenent"}, "mains --help"},
      {{"tenent"}, "'tenent'"},
      {{"tenant", "crate"}, "'crate'"},
      {{"tenant"}, "mains tenant --help"},
      {{"tenant", "create"}, "mains tenant create --help"},
      {{"tenant", "create", "a", "--kredit", "1"}, "--kredit"},
      {{"serve", "--engine", "cuda"}, "mains serve --help"},
      {{"key", "revoke", "x"}, "mains key revoke --help"},
  };
  for (const auto& row : table) {
    const Ran ran = plain(row.args);
    EXPECT_EQ(ran.status, 2) << row.in_it;
    EXPECT_NE(ran.err.find(row.in_it), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
    EXPECT_TRUE(ran.out.empty());
  }
}

TEST_F(Commands, EveryCommandHasHelpWithAnExample) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"serve"},
                                             {"chat"},
                                             {"tenant", "create"},
                                             {"tenant", "list"},
                                             {"tenant", "show"},
                                             {"tenant", "delete"},
                                             {"key", "create"},
                                             {"key", "list"},
                                             {"key", "revoke"},
                                             {"key", "limit"},
                                             {"credit", "add"},
                                             {"credit", "take"},
                                             {"price", "show"},
                                             {"price", "check"},
                                             {"price", "publish"},
                                             {"usage"},
                                             {"bill"},
                                             {"export", "focus"},
                                             {"export", "events"},
                                             {"ledger", "check"},
                                             {"model", "list"},
                                             {"model", "add"},
                                             {"model", "pull"},
                                             {"verify"},
                                             {"witness"},
                                             {"completion", "bash"},
                                             {"version"}}) {
    std::vector<std::string> help = args;
    help.emplace_back("--help");
    const Ran ran = plain(help);
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.out.find("Examples:\n  "), std::string::npos) << args.front();
  }
  EXPECT_EQ(plain({"--version"}).out, "9.9.9\n");
  EXPECT_EQ(plain({"version"}).out, "mains 9.9.9\n");
  EXPECT_EQ(plain({"version", "--json"}).out, "{\"version\":\"9.9.9\"}\n");
}

TEST_F(Commands, AFolderThatIsNotThereOrInUseIsExplained) {
  const Ran missing = run({"tenant", "list"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.err.find("there is no data folder"), std::string::npos) << missing.err;
  EXPECT_FALSE(std::filesystem::exists(data)) << "a question makes no folder";

  json({"tenant", "create", "acme"});
  EXPECT_EQ(std::filesystem::status(data).permissions(), std::filesystem::perms::owner_all);
  const auto lock = cli::FolderLock::take(data);
  ASSERT_TRUE(lock.ok());
  const Ran busy = run({"tenant", "list"});
  EXPECT_EQ(busy.status, 1);
  EXPECT_NE(busy.err.find("another mains (process " + std::to_string(::getpid())),
            std::string::npos)
      << busy.err;
}

TEST_F(Commands, CommandsAtTheSameTimeWaitForOneAnother) {
  json({"tenant", "create", "acme"});
  std::vector<std::thread> crowd;
  crowd.reserve(4);
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    crowd.emplace_back([&] {
      failed += run({"credit", "add", "acme", "1.00"}).status == 0 ? 0 : 1;
    });
  }
  for (std::thread& each : crowd) {
    each.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(at(json({"tenant", "show", "acme"}), "/available"), "4.00");
}

TEST_F(Commands, TheFolderComesFromTheEnvironmentToo) {
  ::setenv("MAINS_DATA", data.c_str(), 1);
  EXPECT_EQ(plain({"tenant", "create", "acme"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(data / "ledger.db"));
  ::unsetenv("MAINS_DATA");
}

TEST_F(Commands, ServeSettlesConfigFlagsAndAddedModels) {
  const std::string gguf = write("m.gguf", "GGUF....");
  EXPECT_EQ(run({"model", "add", "added=" + gguf + ":4096", "--input-per-mtok", "1",
                 "--cached-input-per-mtok", "0.5", "--output-per-mtok", "2"})
                .status,
            0);
  const std::string file = write("mains.toml",
                                 "[server]\nlisten = '127.0.0.1:1'\n[engine]\nlanes_max = 3\n"
                                 "[[model]]\nname = 'written'\nfile = 'w.gguf'\n");
  const Ran ran =
      run({"serve", "--config", file, "--listen", "127.0.0.1:0", "--engine", "null", "--model",
           "flag=" + gguf + ":512", "--model", "added=other.gguf", "--quickstart"});
  EXPECT_EQ(ran.status, 42) << ran.err;
  ASSERT_TRUE(served);
  EXPECT_TRUE(quickstart);
  EXPECT_EQ(served->server.listen, "127.0.0.1:0");
  EXPECT_EQ(served->engine.kind, config::EngineKind::null);
  EXPECT_EQ(served->engine.lanes_max, 3U);
  EXPECT_EQ(served->data.dir, data);
  ASSERT_EQ(served->models.size(), 3U);
  EXPECT_EQ(served->models[0].name, "written");
  EXPECT_EQ(served->models[1].file, "other.gguf") << "a flag replaces what was added";
  EXPECT_EQ(served->models[2].context, 512U);

  EXPECT_EQ(plain({"serve"}).status, 42);
  EXPECT_EQ(served->data.dir, "data");
  EXPECT_FALSE(quickstart);
  EXPECT_EQ(plain({"serve", "--model", "x"}).err,
            "mains: --model 'x' is not NAME=FILE or NAME=FILE:CONTEXT\n");
  EXPECT_EQ(plain({"serve", "--listen", "here"}).status, 1);
  EXPECT_EQ(plain({"serve", "--config", "/nowhere.toml"}).err,
            "mains: /nowhere.toml: cannot be read: No such file or directory\n");
}

TEST_F(Commands, AModelNameIsGivenOnce) {
  const std::string gguf = write("m.gguf", "GGUF");
  for (const char* name : {"x", "mains-default-8k"}) {
    const Ran twice = run({"serve", "--model", std::string(name) + "=/nowhere.gguf", "--model",
                           std::string(name) + "=" + gguf});
    EXPECT_EQ(twice.status, 1);
    EXPECT_EQ(twice.err, "mains: --model: model '" + std::string(name) +
                             "' is there twice; each flavour needs a name of its own\n");
  }
  EXPECT_FALSE(served);
  std::filesystem::create_directories(data);
  std::ofstream(data / "models.toml") << "[[model]]\nname = 'y'\nfile = 'a.gguf'\n"
                                         "[[model]]\nname = 'y'\nfile = 'b.gguf'\n";
  EXPECT_NE(run({"serve"}).err.find("models.toml: model 'y' is there twice"), std::string::npos);
}

TEST_F(Commands, AModelNameKeepsItsFile) {
  const std::string one = write("one.gguf", "GGUF1");
  const std::string two = write("two.gguf", "GGUF2");
  const Ran taken_default = run({"model", "add", "mains-default-8k=" + one});
  EXPECT_EQ(taken_default.status, 1);
  EXPECT_NE(taken_default.err.find("mains-default.gguf already"), std::string::npos);
  ASSERT_EQ(run({"model", "add", "y=" + one}).status, 0);
  const Ran refused = run({"model", "add", "y=" + two});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("'y' is " + one + " already"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--yes"), std::string::npos);
  EXPECT_EQ(refused.err.find('\n'), refused.err.size() - 1);
  EXPECT_EQ(at(json({"model", "list"}), "/data/0/file"), one);
  EXPECT_EQ(run({"model", "add", "y=" + one + ":512"}).status, 0) << "the same file";
  EXPECT_EQ(run({"model", "add", "y=" + two, "--yes"}).status, 0);
  EXPECT_EQ(at(json({"model", "list"}), "/data/0/file"), two);
}

TEST_F(Commands, AnEmptyOptionIsNotTakenForLeftOut) {
  json({"tenant", "create", "acme"});
  const Ran ran = run({"credit", "add", "acme", "1.00", "--id", ""});
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("--id is empty"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("32 hexadecimal digits"), std::string::npos) << ran.err;
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"credit", "add", "acme", "1.00", "--ledger", ""},
           {"tenant", "create", "b", "--credit", ""},
           {"key", "create", "--tenant", "acme", "--cap-per-month", ""},
           {"key", "create", "--tenant", "acme", "--requests-per-minute", ""},
           {"export", "focus", "--tenant", ""},
           {"serve", "--listen", ""}}) {
    EXPECT_EQ(plain(args).status, 2) << args[0] << " " << args[1];
  }
  EXPECT_EQ(at(json({"tenant", "show", "acme"}), "/available"), "0.00");
}

TEST_F(Commands, CreditGoesTheWayThatTheCommandSays) {
  json({"tenant", "create", "acme", "--credit", "9.00"});
  const auto credit = [&](const char* way, const char* amount) {
    return plain({"credit", way, "--data", data.string(), "acme", "--", amount});
  };
  EXPECT_EQ(credit("add", "-5").status, 1);
  EXPECT_NE(credit("add", "-5").err.find("mains credit take"), std::string::npos);
  EXPECT_EQ(credit("take", "-5").status, 1);
  EXPECT_NE(credit("take", "-5").err.find("mains credit add"), std::string::npos);
  for (const char* way : {"add", "take"}) {
    for (const char* zero : {"0", "0.00", "-0"}) {
      EXPECT_EQ(credit(way, zero).status, 1) << way << zero;
    }
  }
  EXPECT_EQ(at(json({"tenant", "show", "acme"}), "/available"), "9.00");
  EXPECT_EQ(credit("take", "5").status, 0);
}

TEST_F(Commands, OnlyGgufFilesAreAdded) {
  EXPECT_NE(run({"model", "add", "a=/nowhere.gguf"}).err.find("there is no such file"),
            std::string::npos);
  const std::string text = write("text.gguf", "hello");
  EXPECT_NE(run({"model", "add", "a=" + text}).err.find("is not a GGUF file"), std::string::npos);
  const std::string gguf = write("m.gguf", "GGUF");
  EXPECT_EQ(run({"model", "add", "a=" + gguf, "--input-per-mtok", "1"}).status, 1);
  EXPECT_EQ(at(json({"model", "add", "a=" + gguf}), "/name"), "a");
  EXPECT_EQ(at(json({"model", "list"}), "/data/0/name"), "a");
}

TEST_F(Commands, BashCompletesCommandsAndOptions) {
  std::ofstream(root / "complete.sh") << plain({"completion", "bash"}).out;
  const auto complete = [&](const std::string& words) {
    const std::string script = "source " + (root / "complete.sh").string() + "; COMP_WORDS=(" +
                               words + "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _mains; " +
                               "echo ${COMPREPLY[*]} > " + (root / "reply").string();
    EXPECT_EQ(std::system(("bash -c '" + script + "'").c_str()), 0);
    std::ifstream file(root / "reply");
    std::string line;
    std::getline(file, line);
    return line;
  };
  EXPECT_EQ(complete("mains te"), "tenant");
  EXPECT_EQ(complete("mains tenant \"\"").find("--help create list show"), 0U)
      << complete("mains tenant \"\"");
  EXPECT_EQ(complete("mains tenant create acme --cr"), "--credit");
  EXPECT_EQ(complete("mains serve --engine n"), "native null");
  EXPECT_EQ(complete("mains serve --config x"), "") << "left to file names";
}

}  // namespace
