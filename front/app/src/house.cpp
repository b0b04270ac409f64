#include "house.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "fence.hpp"

namespace app {
namespace {

constexpr std::size_t books_queue_max = 65'536;
/// Well within the time after which another server takes this one for dead.
constexpr std::chrono::seconds books_tended_every{2};

/// The operator's bound; else 1 GiB, or a quarter of the machine's memory where that is less.
std::uint64_t memory_bytes_max(const config::Server& server) {
  constexpr std::uint64_t plenty = std::uint64_t{1} << 30U;
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  const std::uint64_t machine =
      pages > 0 && page_bytes > 0
          ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes)
          : 4 * plenty;
  return server.memory_max_bytes > 0 ? server.memory_max_bytes : std::min(plenty, machine / 4);
}

std::chrono::milliseconds ms(std::uint32_t seconds) {
  return std::chrono::seconds(seconds);
}

api::AdminAnswer to_answer(admin::Reply reply) {
  return {{reply.status, std::move(reply.content_type), {}, std::move(reply.body)},
          std::move(reply.more)};
}

}  // namespace

House::House(config::Config config, std::vector<config::Model> models)
    : config_(std::move(config)), models_(std::move(models)) {}

House::~House() {
  if (vault_.registry != nullptr) {
    vault_.registry->on_revoked({});
  }
  if (metrics_server_ != nullptr) {
    metrics_server_->stop(std::chrono::milliseconds(0));
  }
  if (server_ != nullptr) {
    server_->stop(std::chrono::milliseconds(0));
  }
  for (auto& loop : loops_) {
    loop->stop();
  }
  if (log_ != nullptr) {
    log_->stop();
  }
  if (retention_ != nullptr) {
    retention_->stop();
  }
  if (books_thread_ != nullptr) {
    books_thread_->stop(std::chrono::seconds(0));
  }
}

House::Step House::open_books() {
  auto vault = vault::open(config_.data.dir, config_.ledger.url, clock_, random_);
  if (!vault.ok()) {
    return base::Fail{vault.error()};
  }
  vault_ = std::move(vault).value();
  if (auto compared = compare_clocks(); !compared.ok()) {
    return compared;
  }
  if (const auto key = config::secrets_from_environment().admin_key) {
    vault_.registry->accept_admin_key(*key);
  }
  books_ = std::make_unique<settle::Books>(*vault_.journal);
  const auto voided = books_->recover(clock_.now());
  if (!voided.ok()) {
    return base::Fail{"cannot write the ledger: " + vault::describe(voided.error())};
  }
  voided_at_start_ = *voided;
  books_thread_ = std::make_unique<serve::BooksThread>(*books_, books_queue_max);
  if (vault_.shared) {
    books_thread_->tend(clock_, books_tended_every);
  }
  money_ = std::make_unique<ThreadMoney>(*books_thread_);
  books_thread_->start();
  retention_ =
      std::make_unique<Retention>(*vault_.reader, *money_, clock_, config_.retention.receipts_days);
  return open_log();
}

/// Limits per minute hold over all servers only where these agree on the time.
House::Step House::compare_clocks() {
  if (!vault_.shared) {
    return base::Done{};
  }
  clock_watch_ = std::make_unique<ClockWatch>(config_.ledger.url, clock_);
  const auto ahead = clock_watch_->look();
  if (ahead && !ClockWatch::may_be(*ahead)) {
    return base::Fail{vault::clock_words(*ahead) + ", then start again"};
  }
  return base::Done{};
}

House::Step House::open_log() {
  tlog::Options options;
  options.origin = config_.transparency.origin;
  options.database = config_.ledger.url;
  options.noted_size = vault_.state.log_size;
  options.noted_root = vault_.state.log_root;
  for (const config::Witness& witness : config_.transparency.witnesses) {
    auto key = note::parse_key(witness.vkey);
    if (!key.ok()) {
      return base::Fail{"the key of the witness at " + witness.url + ": " +
                        std::string(note::describe(key.error()))};
    }
    options.witnesses.push_back({std::move(key).value(), witness.url});
  }
  auto log = tlog::Log::open(
      config_.data.dir, std::move(options),
      {*vault_.reader, [this](const settle::Command& command) { return money_->execute(command); },
       [this](terms::TenantId id) {
         const registry::TenantPtr tenant = vault_.registry->tenant(id);
         return tenant == nullptr ? terms::Pseudonym{} : tenant->account;
       },
       clock_, random_,
       [this](std::uint64_t size, const terms::Digest& root) {
         return vault_.registry->note_log(size, root);
       }});
  if (!log.ok()) {
    return base::Fail{"cannot open the transparency log in " + config_.data.dir.string() + ": " +
                      std::string(tlog::describe(log.error()))};
  }
  log_ = std::move(log).value();
  vault_.registry->before_publishing(
      [this](const std::string& canonical) { return log_->publish(canonical).ok(); });
  // Lists of before there was a log, and the bytes of those that another server published.
  for (const registry::ListPtr& list : vault_.registry->price_lists()) {
    if (const auto published = log_->publish(list->canonical); !published.ok()) {
      return base::Fail{
          "cannot enter price list " + std::to_string(list->list.id.value) +
          " into the transparency log: " + std::string(tlog::describe(published.error()))};
    }
  }
  return base::Done{};
}

House::Step House::publish_prices() {
  // What has a price is served on; the next list would be refused.
  if (const auto key = vault_.registry->check_price_key(); !key.ok()) {
    say(config::LogLevel::warn, "mains: " + std::string(registry::describe(key.error())));
  }
  std::vector<registry::NamedPrices> prices;
  prices.reserve(loaded_.flavours.size());
  for (const LoadedFlavour& flavour : loaded_.flavours) {
    prices.push_back({flavour.model.name, flavour.model.prices});
  }
  const auto published = vault_.registry->publish_missing(config_.currency.code, prices);
  if (published.ok()) {
    return base::Done{};
  }
  // Without the key no list is signed, and what has a price is served on.
  const auto error = published.error().error;
  if (error == registry::Error::no_price_key || error == registry::Error::other_price_key) {
    say(config::LogLevel::warn,
        "mains: cannot publish the configured prices: " + std::string(registry::describe(*error)));
    return base::Done{};
  }
  std::string text = "cannot publish the configured prices";
  if (published.error().error.has_value()) {
    text += ": " + std::string(registry::describe(*published.error().error));
  }
  for (const std::string& finding : published.error().findings) {
    text += ": " + finding;
  }
  return base::Fail{text};
}

House::Step House::load_engines() {
  auto loaded = load_models(config_.engine, models_);
  if (!loaded.ok()) {
    return base::Fail{loaded.error()};
  }
  loaded_ = std::move(loaded).value();
  metrics_ = std::make_unique<api::Metrics>(
      [this](terms::ModelId id) { return vault_.registry->model_name(id); });
  schedule::Policy policy;
  policy.queue_jobs_max = config_.engine.queue_jobs_max;
  for (const auto& engine : loaded_.engines) {
    loops_.push_back(std::make_unique<serve::EngineLoop>(*engine, *books_thread_, clock_, policy,
                                                         metrics_.get()));
  }
  return publish_prices();
}

std::vector<api::ServedModel> House::served_models() {
  std::vector<api::ServedModel> models;
  const std::int64_t now_s = clock_.now().value / 1'000'000'000;
  for (const LoadedFlavour& flavour : loaded_.flavours) {
    const auto id = vault_.registry->ensure_model(flavour.model.name);
    if (id.ok()) {
      models.push_back(
          {flavour.model.name, {*id, loops_[flavour.engine].get(), flavour.model.context}, now_s});
    }
  }
  return models;
}

http::Options House::http_options() const {
  const config::Server& server = config_.server;
  http::Options options;
  options.listen = {server.listen};
  options.admin_socket_path = (config_.data.dir / "admin.sock").string();
  options.tls_certificate_path = server.tls_cert.string();
  options.tls_key_path = server.tls_key.string();
  options.threads = server.threads;
  options.body_bytes_max = server.body_bytes_max;
  options.header_timeout = ms(server.header_timeout_s);
  options.body_timeout = ms(server.body_timeout_s);
  options.idle_timeout = ms(server.idle_timeout_s);
  options.write_timeout = ms(server.write_timeout_s);
  options.connections_max = server.connections_max;
  options.connections_per_address_max = server.connections_per_address_max;
  options.memory = memory_;
  options.admit = [this](http::Exchange& exchange) { return api_->admit(exchange); };
  options.error_body = &api::Api::refusal;
  return options;
}

void House::add_gauges() {
  const auto sum = [this](auto field) {
    return [this, field] {
      double total = 0;
      for (const auto& loop : loops_) {
        total += static_cast<double>(field(loop->counts()));
      }
      return total;
    };
  };
  metrics_->gauge("mains_jobs", "Jobs queued or running.",
                  sum([](const schedule::Counts& c) { return c.jobs; }));
  metrics_->gauge("mains_lanes_resident", "Sequences in the KV cache.",
                  sum([](const schedule::Counts& c) { return c.lanes_resident; }));
  metrics_->gauge("mains_lanes_waiting", "Sequences waiting for the KV cache.",
                  sum([](const schedule::Counts& c) { return c.lanes_waiting; }));
  metrics_->gauge("mains_kv_tokens_used", "KV tokens in use.",
                  sum([](const schedule::Counts& c) { return c.kv_tokens_used; }));
  metrics_->gauge("mains_open_holds",
                  "Requests with money on hold, half a second ago; -1 = cannot be read.",
                  [this] { return static_cast<double>(holds_watch_->open()); });
  metrics_->gauge("mains_memory_bytes", "What all requests hold together, as it is accounted.",
                  [this] { return static_cast<double>(memory_->used()); });
  metrics_->gauge("mains_ledger_queue", "Commands waiting for the ledger.",
                  [this] { return static_cast<double>(books_thread_->waiting()); });
  metrics_->gauge("mains_ledger_healthy", "1 when the ledger took the last batch.",
                  [this] { return books_thread_->healthy() ? 1.0 : 0.0; });
  metrics_->gauge("mains_models_without_price", "Served models that the price list in force lacks.",
                  [this] { return static_cast<double>(price_watch_->gaps().unpriced.size()); });
  metrics_->gauge("mains_price_lists_to_come_lacking_models",
                  "Price lists to come that lack a served model.",
                  [this] { return static_cast<double>(price_watch_->gaps().coming.size()); });
  if (clock_watch_ != nullptr) {
    metrics_->gauge("mains_clock_ahead_seconds",
                    "How far this machine's clock is ahead of the database's.",
                    [this] { return clock_watch_->ahead_s(); });
  }
  metrics_->gauge("mains_log_size", "Entries under the log's newest checkpoint.",
                  [this] { return static_cast<double>(log_->size()); });
  metrics_->gauge("mains_log_healthy", "1 when the log signed what it had to.",
                  [this] { return log_->state().healthy ? 1.0 : 0.0; });
  metrics_->gauge("mains_http_connections", "Open connections.",
                  [this] { return static_cast<double>(server_->counters().connections_open); });
  metrics_->gauge("mains_http_slow_readers_cut", "Streams cut because nobody read them.",
                  [this] { return static_cast<double>(server_->counters().cut_slow_total); });
}

void House::watch_prices() {
  std::vector<std::string> served;
  for (const LoadedFlavour& flavour : loaded_.flavours) {
    served.push_back(flavour.model.name);
  }
  price_watch_ = std::make_unique<PriceWatch>(*vault_.registry, clock_, std::move(served));
}

House::Step House::open_doors() {
  hall_ = std::make_unique<serve::Hall>(*books_thread_, clock_, random_);
  memory_ = std::make_shared<http::MemoryAccount>(memory_bytes_max(config_.server));
  holds_watch_ = std::make_unique<HoldsWatch>(*vault_.reader);
  watch_prices();
  admin::Surroundings admin{*vault_.registry, *vault_.reader, *money_, clock_, random_, {}, {},
                            log_.get()};
  admin.books = {vault_.shown, vault_.id, vault_.shared, vault_.compare};
  admin.key_revoked = [this](terms::KeyId key) {
    for (auto& loop : loops_) {
      loop->cancel_key(key);
    }
  };
  admin.tenant_deleted = [this](terms::TenantId tenant) {
    hall_->openings().forget(tenant);
    for (auto& loop : loops_) {
      loop->forget(tenant);
    }
  };
  vault_.registry->on_revoked(admin.key_revoked);
  admin.models = [this] {
    std::vector<admin::ServedModel> models;
    models.reserve(loaded_.flavours.size());
    for (const LoadedFlavour& flavour : loaded_.flavours) {
      models.push_back({flavour.model.name, flavour.model.file, flavour.model.context, true});
    }
    return models;
  };
  admin_ = std::make_unique<admin::Admin>(std::move(admin));
  api_ = std::make_unique<api::Api>(api::Surroundings{
      *hall_,
      *vault_.registry,
      *vault_.reader,
      clock_,
      *metrics_,
      served_models(),
      [this](const http::Request& request) {
        return to_answer(admin_->handle(
            {request.method_name, request.path,
             [&request](std::string_view name) { return request.query(name); }, request.body}));
      },
      [this] {
        return books_thread_->healthy() && clock_is_right() && !draining_ &&
               !price_watch_->gaps().none_priced();
      },
      *log_,
      config_.server.cors_origins,
      {config_.limits.unpaid_requests_per_minute, config_.limits.unpaid_cpu_ms_per_minute},
      memory_,
      [this] { return price_watch_->gaps().lines(false); }});
  server_ = std::make_unique<http::Server>(
      http_options(), [this](http::Exchange& exchange) { return api_->answer(exchange); });
  add_gauges();
  price_watch_->start();
  log_->start();
  if (clock_watch_ != nullptr) {
    clock_watch_->start();
  }
  retention_->start();
  for (auto& loop : loops_) {
    loop->start();
  }
  const auto started = server_->start();
  if (!started.ok()) {
    return base::Fail{started.error().text};
  }
  return open_metrics_door();
}

House::Step House::open_metrics_door() {
  if (config_.metrics.listen.empty()) {
    return base::Done{};
  }
  http::Options options;
  options.listen = {config_.metrics.listen};
  options.threads = 1;
  options.body_bytes_max = 0;
  options.connections_max = 64;
  metrics_server_ = std::make_unique<http::Server>(
      options, [this](http::Exchange& exchange) { return api_->answer_metrics(exchange); });
  const auto started = metrics_server_->start();
  if (!started.ok()) {
    return base::Fail{"[metrics] listen: " + started.error().text};
  }
  const auto address = config::parse_address(config_.metrics.listen);
  say(config::LogLevel::info, "metrics on http://" + (address ? address->host : std::string()) +
                                  ":" + std::to_string(metrics_server_->local_port()) +
                                  "/metrics, without a key");
  return base::Done{};
}

House::Step House::reload_certificate() {
  const auto renewed = server_->reload_certificate();
  if (!renewed.ok()) {
    return base::Fail{renewed.error().text};
  }
  return base::Done{};
}

std::string House::url() const {
  const auto address = config::parse_address(config_.server.listen);
  std::string host = address.has_value() ? address->host : "127.0.0.1";
  if (host.find(':') != std::string::npos) {
    host.insert(0, "[").append("]");
  }
  return (config_.server.tls_cert.empty() ? "http://" : "https://") + host + ":" +
         std::to_string(server_->local_port());
}

bool House::drain(std::chrono::milliseconds patience) {
  draining_ = true;
  hall_->close();
  server_->begin_drain();
  if (!server_->wait_drained(patience)) {
    for (auto& loop : loops_) {
      loop->cancel_all(terms::EndReason::drain);
    }
    // A request that was cut is settled and told to its client, then the rest of the connections
    // goes.
    (void)server_->wait_drained(std::chrono::seconds(2));
  }
  server_->stop(std::chrono::milliseconds(0));
  for (auto& loop : loops_) {
    loop->stop();
  }
  retention_->stop();
  const bool settled = books_thread_->stop(std::chrono::seconds(10));
  log_->stop();  // what was settled last is under the last checkpoint
  return settled;
}

}  // namespace app
