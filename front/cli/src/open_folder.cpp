// The admin handler over a stopped server's files.
#include "door.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include <cli/folder.hpp>
#include <config/models.hpp>
#include <settle/books.hpp>
#include <tlog/log.hpp>
#include <vault/vault.hpp>

namespace cli {
namespace {

using base::Fail;
using base::Result;

class DirectMoney final : public admin::Money {
 public:
  explicit DirectMoney(ledger::Journal& journal) : books_(journal) {}
  [[nodiscard]] settle::Outcome execute(const settle::Command& command) override {
    return books_.apply({&command, 1}).at(0);
  }

 private:
  settle::Books books_;
};

class FolderDoor final : public Door {
 public:
  FolderDoor(FolderLock lock, vault::Vault vault, const std::filesystem::path& dir,
             const std::string& ledger, const World& world)
      : lock_(std::move(lock)),
        vault_(std::move(vault)),
        money_(*vault_.journal),
        log_(open_log(dir, ledger, world)),
        admin_({*vault_.registry,
                *vault_.reader,
                money_,
                world.clock,
                world.random,
                {},
                [dir] { return models_of(dir); },
                log_.get()}) {
    vault_.registry->before_publishing([this](const std::string& canonical) {
      return log_ != nullptr && log_->publish(canonical).ok();
    });
  }

  [[nodiscard]] Result<admin::Reply, std::string> ask(const std::string& method,
                                                      const std::string& path, const Query& query,
                                                      const std::string& body) override {
    return admin_.handle({method, path, parameter_of(query), body});
  }

  [[nodiscard]] Result<admin::Reply, std::string> pour(const std::string& path, const Query& query,
                                                       const Take& take) override {
    admin::Reply reply = admin_.handle({"GET", path, parameter_of(query), ""});
    if (reply.status >= 300) {
      return reply;
    }
    bool wanted = reply.body.empty() || take(reply.body);
    reply.body.clear();
    while (wanted && reply.more != nullptr) {
      const auto piece = reply.more->next();
      if (!piece.ok()) {
        return Fail{vault::describe(piece.error())};
      }
      if (!piece->has_value()) {
        break;
      }
      wanted = take(**piece);
    }
    return wanted ? Result<admin::Reply, std::string>(std::move(reply)) : Fail{std::string()};
  }

 private:
  static std::function<std::optional<std::string>(std::string_view)> parameter_of(
      const Query& query) {
    return [&query](std::string_view name) -> std::optional<std::string> {
      for (const auto& [key, value] : query) {
        if (key == name) {
          return value;
        }
      }
      return std::nullopt;
    };
  }

  /// Null where it cannot be opened: then everything is possible that does not enter the log.
  std::unique_ptr<tlog::Log> open_log(const std::filesystem::path& dir, const std::string& ledger,
                                      const World& world) {
    tlog::Options options;
    options.database = ledger;
    options.founds = false;  // the key belongs into a server's folder
    auto log = tlog::Log::open(
        dir, std::move(options),
        {*vault_.reader, [this](const settle::Command& command) { return money_.execute(command); },
         [this](terms::TenantId id) {
           const registry::TenantPtr tenant = vault_.registry->tenant(id);
           return tenant == nullptr ? terms::Pseudonym{} : tenant->account;
         },
         world.clock, world.random});
    return log.ok() ? std::move(log).value() : nullptr;
  }

  /// What `serve` without a config would serve.
  static std::vector<admin::ServedModel> models_of(const std::filesystem::path& dir) {
    std::vector<admin::ServedModel> list;
    const auto added = config::load_added_models(dir);
    if (added.ok()) {
      for (const config::Model& model : config::served_models({}, added.value(), {})) {
        list.push_back({model.name, model.file, model.context, false});
      }
    }
    return list;
  }

  FolderLock lock_;
  vault::Vault vault_;
  DirectMoney money_;
  std::unique_ptr<tlog::Log> log_;
  admin::Admin admin_;
};

Result<DoorPtr, std::string> open_folder(const std::filesystem::path& dir,
                                         const std::string& ledger, FolderLock lock,
                                         const World& world) {
  auto vault = vault::open(dir, ledger, world.clock, world.random);
  if (!vault.ok()) {
    return Fail{vault.error()};
  }
  return DoorPtr(
      std::make_unique<FolderDoor>(std::move(lock), std::move(vault).value(), dir, ledger, world));
}

/// Whether waiting can help: the lock file is ours to open, so somebody holds it.
bool is_held(const std::filesystem::path& dir) {
  return ::access((dir / lock_file).c_str(), R_OK | W_OK) == 0;
}

}  // namespace

Result<DoorPtr, std::string> open_door(const std::filesystem::path& dir, const std::string& ledger,
                                       bool make, const World& world) {
  constexpr std::chrono::milliseconds patience{2'000};
  constexpr std::chrono::milliseconds pause{50};
  for (auto waited = std::chrono::milliseconds{0};; waited += pause) {
    if (DoorPtr door = open_socket(dir)) {
      return door;
    }
    std::error_code error;
    if (!make && !std::filesystem::is_directory(dir, error)) {
      return Fail{"there is no data folder " + dir.string() +
                  "; name it with --data or MAINS_DATA, or start `mains serve` first"};
    }
    const auto made = make_folder(dir);
    if (!made.ok()) {
      return Fail{made.error()};
    }
    auto lock = FolderLock::take(dir);
    if (lock.ok()) {
      return open_folder(dir, ledger, std::move(lock).value(), world);
    }
    if (waited >= patience || !is_held(dir)) {
      return Fail{lock.error()};
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace cli
