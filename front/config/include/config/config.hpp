// An operator's settings, typed, with its defaults. One commented file shows every key:
// config/mains.example.toml; a test holds it equal to these defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <price/price.hpp>

namespace config {

/// A message for people: one line, says where and what to do.
using Problem = std::string;

enum class LogLevel { debug, info, warn, error };
enum class EngineKind {
  automatic,  ///< native for what it can run, llama for the rest.
  llama,      ///< libllama: any model.
  native,     ///< Our own: dense models of the llama family, on the CPU.
  null,       ///< Scripted: no model, tokens at once. For tests and benchmarks.
};

/// HTTP. Times in seconds, sizes in bytes.
struct Server {
  std::string listen = "127.0.0.1:8080";  ///< HOST:PORT; port 0 takes a free one.
  std::filesystem::path tls_cert;         ///< PEM; empty = plain HTTP. Both or none.
  std::filesystem::path tls_key;
  std::uint64_t body_bytes_max = 16'777'216;
  std::uint32_t header_timeout_s = 10;
  std::uint32_t body_timeout_s = 60;
  std::uint32_t idle_timeout_s = 75;
  std::uint32_t write_timeout_s = 30;
  std::uint32_t drain_timeout_s = 20;
  std::uint32_t connections_max = 10'000;
  std::uint32_t connections_per_address_max = 256;  ///< Loopback: 16 times as many.
  std::uint64_t memory_max_bytes = 0;  ///< 0 = 1 GiB, or a quarter of the memory if that is less.
  std::uint32_t threads = 0;           ///< 0 = one for each core.
  std::vector<std::string> cors_origins;  ///< "https://chat.example.com"; "*": every page.

  friend bool operator==(const Server&, const Server&) = default;
};

struct Data {
  std::filesystem::path dir = "data";
  friend bool operator==(const Data&, const Data&) = default;
};

/// The place of the books.
struct Ledger {
  std::string url;  ///< postgres://...; empty = in the data folder.
  friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// The time for which receipts are kept in detail. Postings and sums are kept for ever.
struct Retention {
  std::uint32_t receipts_days = 0;  ///< 0 = for ever.
  friend bool operator==(const Retention&, const Retention&) = default;
};

/// Bounds on what is not paid for, for each tenant.
struct Limits {
  std::uint32_t unpaid_requests_per_minute = 600;
  std::uint32_t unpaid_cpu_ms_per_minute = 20'000;  ///< Of all processors together.
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// Numbers for Prometheus.
struct Metrics {
  std::string listen;  ///< HOST:PORT, plain HTTP without a key; empty = only with an admin key.
  friend bool operator==(const Metrics&, const Metrics&) = default;
};

struct Log {
  LogLevel level = LogLevel::info;
  friend bool operator==(const Log&, const Log&) = default;
};

/// Witnesses that cosign the transparency log's checkpoints.
struct Witness {
  std::string vkey;  ///< "name+id+key"
  std::string url;   ///< http or https
  friend bool operator==(const Witness&, const Witness&) = default;
};

/// The public log of everything that was settled.
struct Transparency {
  std::string origin;  ///< Its name, such as "mains.example.com/log"; empty = made of its key.
  std::vector<Witness> witnesses;
  friend bool operator==(const Transparency&, const Transparency&) = default;
};

/// One engine runs for each weights file; these hold for each of them.
struct Engine {
  EngineKind kind = EngineKind::automatic;
  std::uint32_t threads = 0;        ///< 0 = one for each core, one in all for tiny weights.
  std::uint32_t kv_tokens = 0;      ///< KV cache; 0 = the largest context served from the file.
  std::uint32_t lanes_max = 64;     ///< Sequences decoded together, 1 .. 256.
  std::uint32_t step_tokens = 512;  ///< Most tokens of one step, 16 .. 8192.
  std::uint32_t gpu_layers = 0;     ///< Layers on the GPU; 0 = none.
  std::uint32_t queue_jobs_max = 1'024;  ///< Waiting requests; beyond: 429.

  friend bool operator==(const Engine&, const Engine&) = default;
};

/// The price of a model for which nothing is written: never free by accident.
inline constexpr price::Prices prices_unless_written{{200'000'000}, {100'000'000}, {800'000'000}};

/// A flavour: one name, weights, a context and a price.
struct Model {
  std::string name;
  std::filesystem::path file;
  std::uint32_t context = 0;  ///< Tokens; 0 = what the model was trained for.
  price::Prices prices = prices_unless_written;

  friend bool operator==(const Model&, const Model&) = default;
};

/// The model that comes with Mains, and its two flavours.
inline constexpr std::string_view default_model_file = "models/default/mains-default.gguf";
[[nodiscard]] std::vector<Model> default_models();

struct Currency {
  std::string code = "USD";  ///< ISO 4217. Fixed by the first price list.
  friend bool operator==(const Currency&, const Currency&) = default;
};

/// Created when the data folder has no tenant yet and `serve --quickstart` asks for one.
struct FirstTenant {
  std::string name = "first";
  base::Nano credit{5'000'000'000};
  friend bool operator==(const FirstTenant&, const FirstTenant&) = default;
};

struct Config {
  Server server;
  Data data;
  Ledger ledger;
  Retention retention;
  Limits limits;
  Metrics metrics;
  Log log;
  Transparency transparency;
  Engine engine;
  std::vector<Model> models = default_models();
  Currency currency;
  FirstTenant first_tenant;
  bool models_written = false;  ///< The file has [[model]]: the default ones are not meant.

  friend bool operator==(const Config& a, const Config& b);
};

/// Reads a TOML text. `source` names it in messages. errors: what is wrong first, with its line:
/// "mains.toml:12: unknown key 'lissten' in [server]; did you mean 'listen'?"
[[nodiscard]] base::Result<Config, Problem> parse(std::string_view toml, std::string_view source);

/// Reads a file. errors: as parse(), or why it cannot be read.
[[nodiscard]] base::Result<Config, Problem> load(const std::filesystem::path& file);

/// The first name that stands twice in a list of models, as a line for people.
[[nodiscard]] std::optional<Problem> repeated_name(const std::vector<Model>& models);

/// Faults that no single key can tell: TLS halves, equal names, an address that is none. To be
/// asked again when the command line has changed something.
[[nodiscard]] std::optional<Problem> check(const Config& config);

/// Every key that parse() knows, as "server.listen", "model.name", in the order of this file.
[[nodiscard]] std::vector<std::string> all_keys();

struct Address {
  std::string host;
  std::uint16_t port = 0;
};
/// "127.0.0.1:8080", "[::1]:8080", "localhost:0".
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// Letters, digits and ._:/@+- , at most 128, a letter or digit first.
[[nodiscard]] bool is_model_name(std::string_view name);

/// Secrets never stand in files: they come from the environment.
struct Secrets {
  std::optional<std::string> admin_key;  ///< MAINS_ADMIN_KEY
  std::optional<std::string> api_key;    ///< MAINS_API_KEY
  std::optional<std::string> hf_token;   ///< HF_TOKEN
  std::optional<std::string> ledger;     ///< MAINS_LEDGER: an address, which may have a password.
};
[[nodiscard]] Secrets secrets_from_environment();

}  // namespace config
