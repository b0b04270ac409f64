#include <config/config.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace {

const std::filesystem::path example =
    std::filesystem::path(MAINS_ROOM_DIR) / "../../config/mains.example.toml";

std::string problem(const std::string& toml) {
  const auto config = config::parse(toml, "mains.toml");
  return config.ok() ? "" : config.error();
}

TEST(Example, EqualsTheDefaults) {
  const auto config = config::load(example);
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_TRUE(config.value() == config::Config{});
  EXPECT_TRUE(config.value().models_written);
}

TEST(Example, ContainsEveryKeyWithACommentAbove) {
  std::ifstream file(example);
  std::ostringstream text;
  text << file.rdbuf();
  for (const std::string& key : config::all_keys()) {
    const std::string name = key.substr(key.rfind('.') + 1);
    EXPECT_NE(text.str().find(name + " = "), std::string::npos) << key;
  }
}

TEST(Parse, AnEmptyFileIsTheDefaults) {
  const auto config = config::parse("", "x");
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_TRUE(config.value() == config::Config{});
  EXPECT_FALSE(config.value().models_written);
  ASSERT_EQ(config.value().models.size(), 2U);
  EXPECT_EQ(config.value().models[0].name, "mains-default-8k");
  EXPECT_EQ(config.value().models[0].context, 8192U);
  EXPECT_EQ(config.value().models[0].prices.cached.value, 50'000'000);
}

constexpr const char* every_key = R"(
[server]
listen = "[::1]:9"
tls_cert = "c.pem"
tls_key = "k.pem"
body_bytes_max = 2048
header_timeout_s = 1
body_timeout_s = 2
idle_timeout_s = 3
write_timeout_s = 4
drain_timeout_s = 5
connections_max = 6
threads = 7
cors_origins = ["https://chat.example.com", "http://localhost:3000"]
[data]
dir = "/d"
[retention]
receipts_days = 90
[log]
level = "warn"
[engine]
kind = "null"
threads = 8
kv_tokens = 9
lanes_max = 10
step_tokens = 16
gpu_layers = 12
queue_jobs_max = 13
[currency]
code = "EUR"
[first_tenant]
name = "t"
credit = "0.000000001"
[[model]]
name = "org/m:1"
file = "f.gguf"
context = 14
[model.prices]
input_per_mtok = "1"
cached_input_per_mtok = "0"
output_per_mtok = "0.000000002"
)";

TEST(Parse, EveryKeyChangesItsField) {
  const auto config = config::parse(every_key, "x");
  ASSERT_TRUE(config.ok()) << config.error();
  const config::Config& c = config.value();
  EXPECT_EQ(c.server.listen, "[::1]:9");
  EXPECT_EQ(c.server.tls_cert, "c.pem");
  EXPECT_EQ(c.server.tls_key, "k.pem");
  EXPECT_EQ(c.server.body_bytes_max, 2048U);
  EXPECT_EQ(c.server.header_timeout_s, 1U);
  EXPECT_EQ(c.server.body_timeout_s, 2U);
  EXPECT_EQ(c.server.idle_timeout_s, 3U);
  EXPECT_EQ(c.server.write_timeout_s, 4U);
  EXPECT_EQ(c.server.drain_timeout_s, 5U);
  EXPECT_EQ(c.server.connections_max, 6U);
  EXPECT_EQ(c.server.threads, 7U);
  EXPECT_EQ(c.server.cors_origins,
            (std::vector<std::string>{"https://chat.example.com", "http://localhost:3000"}));
  EXPECT_EQ(c.data.dir, "/d");
  EXPECT_EQ(c.retention.receipts_days, 90U);
  EXPECT_EQ(c.log.level, config::LogLevel::warn);
  EXPECT_EQ(c.engine.kind, config::EngineKind::null);
  EXPECT_EQ(c.engine.threads, 8U);
  EXPECT_EQ(c.engine.kv_tokens, 9U);
  EXPECT_EQ(c.engine.lanes_max, 10U);
  EXPECT_EQ(c.engine.step_tokens, 16U);
  EXPECT_EQ(c.engine.gpu_layers, 12U);
  EXPECT_EQ(c.engine.queue_jobs_max, 13U);
  EXPECT_EQ(c.currency.code, "EUR");
  EXPECT_EQ(c.first_tenant.name, "t");
  EXPECT_EQ(c.first_tenant.credit.value, 1);
  ASSERT_EQ(c.models.size(), 1U);
  EXPECT_EQ(c.models[0].name, "org/m:1");
  EXPECT_EQ(c.models[0].file, "f.gguf");
  EXPECT_EQ(c.models[0].context, 14U);
  EXPECT_EQ(c.models[0].prices.input.value, 1'000'000'000);
  EXPECT_EQ(c.models[0].prices.cached.value, 0);
  EXPECT_EQ(c.models[0].prices.output.value, 2);
}

TEST(Parse, AModelWithoutAPriceIsNotFree) {
  const auto config = config::parse("[[model]]\nname='a'\nfile='f'\n", "x");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config.value().models.at(0).prices, config::prices_unless_written);
  EXPECT_GT(config::prices_unless_written.input.value, 0);
}

struct Wrong {
  const char* toml;
  const char* message;
};

TEST(Parse, WrongFilesAreExplained) {
  const std::string prices = "prices = { input_per_mtok = '1', cached_input_per_mtok = '1' }";
  const std::string lacking = "[[model]]\nname = 'a'\nfile = 'f'\n" + prices;
  const Wrong table[] = {
      {"[server]\n\nlissten = 'a:1'",
       "mains.toml:3: unknown key 'lissten' in [server]; did you mean 'listen'?"},
      {"[sever]\n", "mains.toml:1: unknown section [sever]; did you mean 'server'?"},
      {"[zzzzzzzz]\n", "mains.toml:1: unknown section [zzzzzzzz]"},
      {"server = 1", "mains.toml:1: 'server' must be a section: [server]"},
      {"[server]\nthreads = 'two'",
       "mains.toml:2: key 'threads' in [server] must be a whole number"},
      {"[server]\nthreads = -1",
       "mains.toml:2: key 'threads' in [server] is -1; it may be 0 .. 1024"},
      {"[server]\nthreads = 99999999999999999999", "mains.toml:2: "},
      {"[server]\nlisten = 'nowhere'",
       "mains.toml: listen address 'nowhere' is not HOST:PORT, such as 127.0.0.1:8080 or "
       "[::1]:8080"},
      {"[server]\nlisten = 'a:65536'", "mains.toml: listen address 'a:65536' is not HOST:PORT"},
      {"[server]\ntls_cert = 'c'",
       "mains.toml: [server] tls_cert and tls_key belong together: set both, or none"},
      {"[log]\nlevel = 'loud'",
       "mains.toml:2: key 'level' in [log] must be one of \"debug\", \"info\", \"warn\", "
       "\"error\""},
      {"[first_tenant]\ncredit = 5.0",
       "mains.toml:2: key 'credit' in [first_tenant] must be an amount in quotes"},
      {"[first_tenant]\ncredit = '-1'",
       "mains.toml:2: key 'credit' in [first_tenant] '-1' is below zero"},
      {"[currency]\ncode = 'usd'", "mains.toml:2: key 'code' in [currency] must be three capital"},
      {"[[model]]\nname = 'a'\n", "mains.toml:1: [[model]] needs 'file'"},
      {"[[model]]\nfile = 'a'\n", "mains.toml:1: [[model]] needs 'name'"},
      {"[[model]]\nname = 'a b'\nfile = 'f'", "mains.toml:2: key 'name' in [[model]] must be"},
      {"model = 3", "mains.toml:1: models are written as [[model]], one for each"},
      {"[[model]]\nname = 'a'\nfile = 'f'\n[[model]]\nname = 'a'\nfile = 'g'",
       "mains.toml: model 'a' is there twice"},
      {lacking.c_str(), "mains.toml:4: prices of model 'a' need 'output_per_mtok'"},
      {"[[model]]\nname = 'a'\nfile = 'f'\nprices = 1", "mains.toml:4: 'prices' must be a table"},
      {"[server]\nlisten = ", "mains.toml:2: "},
      {"[server]\n\xff\xfe", "mains.toml:"},
  };
  for (const Wrong& wrong : table) {
    const std::string said = problem(wrong.toml);
    const std::string expected = wrong.message;
    EXPECT_EQ(said.substr(0, expected.size()), expected) << wrong.toml;
  }
}

TEST(Parse, OriginsAreWhatBrowsersSend) {
  const auto origins = [](const std::string& list) {
    return config::parse("[server]\ncors_origins = " + list, "x");
  };
  EXPECT_TRUE(origins(R"(["*"])").ok());
  EXPECT_TRUE(origins(R"(["http://[::1]:3000", "tauri://localhost", "https://a-b.example"])").ok());
  for (const std::string list :
       {R"("*")", R"([1])", R"(["chat.example.com"])", R"(["https://chat.example.com/"])",
        R"(["https://Chat.example"])", R"(["https://*.example"])", R"([""])", R"(["https://"])"}) {
    EXPECT_FALSE(origins(list).ok()) << list;
  }
}

TEST(Parse, AnUnusualFloatPriceIsRefusedForItIsNotExact) {
  EXPECT_EQ(problem("[[model]]\nname='a'\nfile='f'\nprices={input_per_mtok=0.1,"
                    "cached_input_per_mtok='1',output_per_mtok='1'}"),
            "mains.toml:4: key 'input_per_mtok' in [model.prices] must be a decimal number in "
            "quotes, such as \"0.15\": only text is exact");
}

TEST(Load, AMissingFileAndAFolderAreNamed) {
  EXPECT_EQ(config::load("/nowhere/mains.toml").error(),
            "/nowhere/mains.toml: cannot be read: No such file or directory");
  EXPECT_EQ(config::load("/tmp").error(), "/tmp: is a folder, not a file");
}

TEST(Address, HostsAndPorts) {
  EXPECT_EQ(config::parse_address("127.0.0.1:80")->port, 80);
  EXPECT_EQ(config::parse_address("[::1]:0")->host, "::1");
  EXPECT_EQ(config::parse_address("localhost:65535")->host, "localhost");
  for (const char* bad : {"", ":80", "80", "a:", "a:-1", "a:1x", "::1:80", "a b:1", "[]:1"}) {
    EXPECT_FALSE(config::parse_address(bad)) << bad;
  }
}

TEST(Secrets, ComeFromTheEnvironment) {
  ::setenv("MAINS_ADMIN_KEY", "ma-x", 1);
  ::unsetenv("MAINS_API_KEY");
  ::setenv("HF_TOKEN", "", 1);
  const config::Secrets secrets = config::secrets_from_environment();
  EXPECT_EQ(secrets.admin_key, "ma-x");
  EXPECT_FALSE(secrets.api_key);
  EXPECT_FALSE(secrets.hf_token) << "empty is unset";
}

}  // namespace
