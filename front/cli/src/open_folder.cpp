// The admin handler over a stopped server's files.
#include "door.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include <boost/json.hpp>
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
  /// journal   null: the books are only read, and nothing is booked.
  explicit DirectMoney(ledger::Journal* journal) {
    if (journal != nullptr) {
      books_ = std::make_unique<settle::Books>(*journal);
    }
  }
  [[nodiscard]] settle::Outcome execute(const settle::Command& command) override {
    return books_ == nullptr ? settle::Outcome{settle::Refused{}}
                             : books_->apply({&command, 1}).at(0);
  }

 private:
  std::unique_ptr<settle::Books> books_;
};

/// Whether a log cannot be opened for want of the right key: its server cannot start either.
bool concerns_key(tlog::Error error) {
  return error == tlog::Error::key_missing || error == tlog::Error::other_key ||
         error == tlog::Error::bad_key_file;
}

class FolderDoor final : public Door {
 public:
  FolderDoor(std::optional<FolderLock> lock, vault::Vault vault, const std::filesystem::path& dir,
             const std::string& ledger, const World& world)
      : lock_(std::move(lock)),
        vault_(std::move(vault)),
        money_(vault_.journal.get()),
        log_(open_log(dir, ledger, world)),
        admin_({*vault_.registry,
                *vault_.reader,
                money_,
                world.clock,
                world.random,
                {},
                [dir] { return models_of(dir); },
                log_.get(),
                {},
                {vault_.shown, vault_.id, vault_.shared, [this] { return compare(); }}}) {
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

  /// The books' parts, and the log with its key: what `mains serve` refuses is a finding.
  [[nodiscard]] Result<base::Done, std::string> compare() const {
    auto compared = vault_.compare();
    if (!compared.ok() || !log_fault_) {
      return compared;
    }
    return Fail{std::string(tlog::describe(*log_fault_))};
  }

  /// Null where it cannot be opened: then everything is possible that does not enter the log.
  std::unique_ptr<tlog::Log> open_log(const std::filesystem::path& dir, const std::string& ledger,
                                      const World& world) {
    const bool reads = vault_.journal == nullptr;
    std::error_code none;
    if (reads && ledger.empty() && !std::filesystem::exists(dir / "log.key", none)) {
      if (vault_.state.log_size > 0 && !std::filesystem::exists(dir / "log.next.key", none)) {
        log_fault_ = tlog::Error::key_missing;
      }
      return nullptr;  // opening it would make one
    }
    tlog::Options options;
    options.database = ledger;
    options.noted_size = vault_.state.log_size;
    options.noted_root = vault_.state.log_root;
    options.founds = false;  // the key belongs into a server's folder
    auto log = tlog::Log::open(
        dir, std::move(options),
        {*vault_.reader, [this](const settle::Command& command) { return money_.execute(command); },
         [this](terms::TenantId id) {
           const registry::TenantPtr tenant = vault_.registry->tenant(id);
           return tenant == nullptr ? terms::Pseudonym{} : tenant->account;
         },
         world.clock, world.random});
    if (log.ok()) {
      return std::move(log).value();
    }
    if (concerns_key(log.error())) {
      log_fault_ = log.error();
    }
    return nullptr;
  }

  /// Models that `serve` without a config would serve.
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

  std::optional<FolderLock> lock_;  ///< None: the books are not in the folder, and only read.
  vault::Vault vault_;
  DirectMoney money_;
  std::optional<tlog::Error> log_fault_;
  std::unique_ptr<tlog::Log> log_;
  admin::Admin admin_;
};

Result<DoorPtr, std::string> open_folder(const std::filesystem::path& dir,
                                         const std::string& ledger, std::optional<FolderLock> lock,
                                         vault::Use use, const World& world) {
  auto vault = vault::open(dir, ledger, world.clock, world.random, use);
  if (!vault.ok()) {
    return Fail{vault.error()};
  }
  if (vault->made) {
    world.err << "mains: made new books in " << vault->shown << std::endl;
  }
  return DoorPtr(
      std::make_unique<FolderDoor>(std::move(lock), std::move(vault).value(), dir, ledger, world));
}

/// The reason why a command that makes no books cannot begin.
std::optional<std::string> nothing_there(const std::filesystem::path& dir,
                                         const std::string& ledger, vault::Use use) {
  std::error_code none;
  if (use == vault::Use::make) {
    return std::nullopt;
  }
  if ((use != vault::Use::read || ledger.empty()) && !std::filesystem::is_directory(dir, none)) {
    return "there is no data folder " + dir.string() +
           "; name it with --data or MAINS_DATA, or start `mains serve` first";
  }
  const auto books = vault::there_are_books(dir, ledger);
  if (!books.ok()) {
    return books.error();
  }
  return *books ? std::nullopt : std::optional(vault::no_books(dir, ledger));
}

/// The ledger that was named is the one that the server uses, or that is an error.
std::optional<std::string> other_ledger(Door& door, const std::filesystem::path& dir,
                                        const std::string& ledger) {
  if (ledger.empty()) {
    return std::nullopt;
  }
  const std::string named = vault::shown(ledger);
  auto reply = door.ask("GET", "/admin/v1/books", {}, "");
  boost::system::error_code error;
  const auto body = boost::json::parse(reply.ok() ? reply->body : std::string(), error);
  if (error || !body.is_object() || !body.get_object().contains("ledger")) {
    return "the server on " + dir.string() + " does not say where its books are, and " + named +
           " was named: leave --ledger (MAINS_LEDGER) out to use the server's";
  }
  const auto text = [&](const char* name) {
    const auto* value = body.get_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  if (text("ledger") == named) {
    return std::nullopt;
  }
  std::string why = "leave --ledger (MAINS_LEDGER) out, or name that ledger's folder with --data";
  if (body.get_object().at("shared").as_bool()) {
    const auto id = vault::id_in(ledger);
    if (id.ok() && !id->empty() && *id == text("id")) {
      return std::nullopt;  // the same books, by another address or role
    }
    why += id.ok() ? "" : " (" + id.error() + ")";
  }
  return "the server on " + dir.string() + " keeps its books in " + text("ledger") + ", and " +
         named + " was named: nothing was done; " + why;
}

/// Whether waiting can help: the lock file is ours to open, so somebody holds it.
bool is_held(const std::filesystem::path& dir) {
  return ::access((dir / lock_file).c_str(), R_OK | W_OK) == 0;
}

}  // namespace

Result<DoorPtr, std::string> open_door(const std::filesystem::path& dir, const std::string& ledger,
                                       vault::Use use, const World& world) {
  constexpr std::chrono::milliseconds patience{2'000};
  constexpr std::chrono::milliseconds pause{50};
  for (auto waited = std::chrono::milliseconds{0};; waited += pause) {
    if (DoorPtr door = open_socket(dir)) {
      if (const auto other = other_ledger(*door, dir, ledger)) {
        return Fail{*other};
      }
      return door;
    }
    if (const auto nothing = nothing_there(dir, ledger, use)) {
      return Fail{*nothing};
    }
    std::error_code none;
    if (use == vault::Use::read && !ledger.empty() &&
        !std::filesystem::exists(dir / vault::elsewhere_file, none)) {
      return open_folder(dir, ledger, std::nullopt, use, world);
    }
    const auto made = make_folder(dir);
    if (!made.ok()) {
      return Fail{made.error()};
    }
    auto lock = FolderLock::take(dir);
    if (lock.ok()) {
      return open_folder(dir, ledger, std::move(lock).value(), use, world);
    }
    if (waited >= patience || !is_held(dir)) {
      return Fail{lock.error()};
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace cli
