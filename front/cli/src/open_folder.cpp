// The admin handler over a stopped server's files.
#include "door.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include <cli/folder.hpp>
#include <config/models.hpp>
#include <registry/registry.hpp>
#include <settle/books.hpp>
#include <store/sqlite.hpp>
#include <tlog/log.hpp>

namespace cli {
namespace {

using base::Fail;
using base::Result;

std::string describe(ledger::StoreError error) {
  switch (error) {
    case ledger::StoreError::busy: return "ledger.db is in use by another process; try again";
    case ledger::StoreError::full:
      return "no space is left for the data folder; free some and try again";
    case ledger::StoreError::read_only:
      return "the data folder cannot be written; check its owner and permissions";
    case ledger::StoreError::corrupt: return "ledger.db is damaged: restore it from a backup";
    case ledger::StoreError::gone: return "ledger.db is not there";
    case ledger::StoreError::newer_schema:
      return "ledger.db was written by a newer version of mains: use that one";
    case ledger::StoreError::older_schema:
    case ledger::StoreError::io: break;
  }
  return "ledger.db cannot be read or written; check the disk";
}

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
  FolderDoor(FolderLock lock, std::unique_ptr<registry::Registry> registry,
             std::unique_ptr<ledger::Journal> journal, std::unique_ptr<ledger::Reader> reader,
             const std::filesystem::path& dir, const World& world)
      : lock_(std::move(lock)),
        registry_(std::move(registry)),
        journal_(std::move(journal)),
        reader_(std::move(reader)),
        money_(*journal_),
        log_(open_log(dir, world)),
        admin_({*registry_,
                *reader_,
                money_,
                world.clock,
                world.random,
                {},
                [dir] { return models_of(dir); },
                log_.get()}) {
    registry_->before_publishing([this](const std::string& canonical) {
      return log_ != nullptr && log_->publish(canonical).ok();
    });
  }

  [[nodiscard]] Result<admin::Reply, std::string> ask(const std::string& method,
                                                      const std::string& path, const Query& query,
                                                      const std::string& body) override {
    const auto parameter = [&](std::string_view name) -> std::optional<std::string> {
      for (const auto& [key, value] : query) {
        if (key == name) {
          return value;
        }
      }
      return std::nullopt;
    };
    return admin_.handle({method, path, parameter, body});
  }

 private:
  /// Null where it cannot be opened: then everything is possible that does not enter the log.
  std::unique_ptr<tlog::Log> open_log(const std::filesystem::path& dir, const World& world) {
    auto log = tlog::Log::open(
        dir, {},
        {*reader_, [this](const settle::Command& command) { return money_.execute(command); },
         [this](terms::TenantId id) {
           const registry::TenantPtr tenant = registry_->tenant(id);
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
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<ledger::Journal> journal_;
  std::unique_ptr<ledger::Reader> reader_;
  DirectMoney money_;
  std::unique_ptr<tlog::Log> log_;
  admin::Admin admin_;
};

Result<DoorPtr, std::string> open_folder(const std::filesystem::path& dir, FolderLock lock,
                                         const World& world) {
  auto registry = registry::Registry::open(dir, world.clock, world.random);
  if (!registry.ok()) {
    return Fail{std::string(registry::describe(registry.error()))};
  }
  auto journal = store::open_sqlite_journal(dir / ledger_file);
  if (!journal.ok()) {
    return Fail{describe(journal.error())};
  }
  auto reader = store::open_sqlite_reader(dir / ledger_file);
  if (!reader.ok()) {
    return Fail{describe(reader.error())};
  }
  return DoorPtr(std::make_unique<FolderDoor>(std::move(lock), std::move(registry).value(),
                                              std::move(journal).value(), std::move(reader).value(),
                                              dir, world));
}

/// Whether waiting can help: the lock file is ours to open, so somebody holds it.
bool is_held(const std::filesystem::path& dir) {
  return ::access((dir / lock_file).c_str(), R_OK | W_OK) == 0;
}

}  // namespace

Result<DoorPtr, std::string> open_door(const std::filesystem::path& dir, bool make,
                                       const World& world) {
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
      return open_folder(dir, std::move(lock).value(), world);
    }
    if (waited >= patience || !is_held(dir)) {
      return Fail{lock.error()};
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace cli
