#include <utility>

#include <store/sqlite.hpp>

#include "sqlite/txn.hpp"

namespace store {
namespace sqlite {
namespace {

class SqliteJournal final : public ledger::Journal {
 public:
  SqliteJournal(std::filesystem::path file, SqliteOptions options, std::unique_ptr<Writer> writer)
      : file_(std::move(file)), options_(options), writer_(std::move(writer)) {}

  Stored<std::unique_ptr<ledger::Txn>> begin() override {
    if (writer_ != nullptr && writer_->failed()) {
      writer_.reset();
    }
    if (writer_ != nullptr && !writer_->connection().file_is_ours()) {
      writer_.reset();
    }
    if (writer_ == nullptr) {
      auto writer = Writer::open(file_, Mode::write, options_);
      if (!writer) return base::Fail{writer.error()};
      writer_ = std::move(writer).value();
    }
    auto begun = (*writer_)[Query::begin].run();
    if (!begun) {
      if (begun.error() != ledger::StoreError::busy) {
        writer_->mark_failed();
      }
      return base::Fail{begun.error()};
    }
    return std::unique_ptr<ledger::Txn>(std::make_unique<SqliteTxn>(*writer_));
  }

 private:
  std::filesystem::path file_;
  SqliteOptions options_;
  std::unique_ptr<Writer> writer_;  // null after an error, until the next begin()
};

}  // namespace
}  // namespace sqlite

ledger::Stored<std::unique_ptr<ledger::Journal>> open_sqlite_journal(
    const std::filesystem::path& file, const SqliteOptions& options) {
  auto writer = sqlite::Writer::open(file, sqlite::Mode::create, options);
  if (!writer) return base::Fail{writer.error()};
  return std::unique_ptr<ledger::Journal>(
      std::make_unique<sqlite::SqliteJournal>(file, options, std::move(writer).value()));
}

}  // namespace store
