#include <store/postgres.hpp>

#include <utility>

#include "pg/txn.hpp"

namespace store {
namespace pg {
namespace {

class PgJournal final : public ledger::Journal {
 public:
  PgJournal(std::string url, const PostgresOptions& options, std::unique_ptr<Writer> writer)
      : url_(std::move(url)), options_(options), writer_(std::move(writer)) {}

  Stored<std::unique_ptr<ledger::Txn>> begin() override {
    const bool again = writer_ == nullptr || writer_->failed();
    if (again) {
      writer_.reset();
      auto writer = Writer::open(url_, false, server_, options_, nullptr);
      if (!writer) return base::Fail{writer.error()};
      writer_ = std::move(writer).value();
    }
    auto house = writer_->begin();
    // A session may have ended while nobody looked: the server was restarted, a firewall forgot
    // it. That is no reason to refuse anybody.
    if (!house && writer_->failed() && !again) return begin();
    if (!house) return base::Fail{house.error()};
    server_ = writer_->server();
    return std::unique_ptr<ledger::Txn>(std::make_unique<PgTxn>(*writer_, *house));
  }

 private:
  std::string url_;
  PostgresOptions options_;
  std::unique_ptr<Writer> writer_;  // null after an error, until the next begin()
  terms::ServerId server_;          // none until the first transaction
};

}  // namespace
}  // namespace pg

ledger::Stored<std::unique_ptr<ledger::Journal>> open_postgres_journal(
    const std::string& url, const PostgresOptions& options, std::string* words) {
  auto writer = pg::Writer::open(url, true, {}, options, words);
  if (!writer) return base::Fail{writer.error()};
  return std::unique_ptr<ledger::Journal>(
      std::make_unique<pg::PgJournal>(url, options, std::move(writer).value()));
}

ledger::StoreError error_of(postgres::Error error) {
  switch (error) {
    case postgres::Error::busy: return ledger::StoreError::busy;
    case postgres::Error::full: return ledger::StoreError::full;
    case postgres::Error::read_only: return ledger::StoreError::read_only;
    case postgres::Error::refused:
    case postgres::Error::missing: return ledger::StoreError::corrupt;
    case postgres::Error::gone: return ledger::StoreError::gone;
    case postgres::Error::io: break;
  }
  return ledger::StoreError::io;
}

}  // namespace store
