// Commands while a server answers on the admin socket.
#include <cli/folder.hpp>

#include "fixture.hpp"
#include "small_server.hpp"

namespace {

using cli_test::Asked;
using cli_test::CliTest;
using cli_test::Ran;
using cli_test::Said;
using cli_test::SmallServer;

TEST_F(CliTest, ARunningServerIsAskedAndTheFolderLeftAlone) {
  std::filesystem::create_directories(data);
  SmallServer server(data / cli::admin_socket, [](const Asked& asked) {
    if (asked.target == "/healthz") {
      return Said{200, "application/json", "{}"};
    }
    if (asked.method == "POST") {
      return Said{201, "application/json", R"({"name":"acme","available":"7.00"})"};
    }
    return Said{404, "application/json", R"({"error":{"message":"no such thing"}})"};
  });
  const Ran made = run({"tenant", "create", "acme", "--credit", "7.00"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(made.out.starts_with("Created tenant acme with 7.00 available.")) << made.out;
  const Asked asked = server.asked().back();
  EXPECT_EQ(asked.target, "/admin/v1/tenants");
  EXPECT_EQ(asked.body, R"({"name":"acme","credit":"7.00"})");
  EXPECT_FALSE(std::filesystem::exists(data / "ledger.db"));

  const Ran usage = run({"usage", "a b&c", "--from", "2026-11-01"});
  EXPECT_EQ(usage.status, 1);
  EXPECT_EQ(usage.err, "mains: no such thing\n");
  EXPECT_EQ(server.asked().back().target,
            "/admin/v1/usage?tenant=a%20b%26c&group_by=model&from=2026-11-01");
}

TEST_F(CliTest, ASocketThatACrashLeftBehindIsNoServer) {
  std::filesystem::create_directories(data);
  {
    SmallServer gone(data / cli::admin_socket, [](const Asked&) { return Said{}; });
  }
  EXPECT_TRUE(std::filesystem::exists(data / cli::admin_socket));
  EXPECT_EQ(run({"tenant", "create", "acme"}).status, 0);
}

}  // namespace
