// The books in a PostgreSQL database, which several servers may share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <base/id.hpp>
#include <ledger/journal.hpp>
#include <ledger/reader.hpp>
#include <postgres/connection.hpp>

namespace store {

/// Random, and kept where a server lives (its data folder): who it was when it last ran.
using Home = base::WideId<struct HomeTag>;

struct PostgresOptions {
  postgres::Patience patience;
  /// A server that has not been heard of for that long is taken for dead: any other one ends its
  /// holds. Renewed by every transaction, so tend() the books more often than that.
  std::uint32_t lease_ms = 15'000;
  /// If the one who was here before has gone without a word, its lease need not be waited for.
  Home home;
};

/// Connects, and makes the tables in the schema `mains_ledger` where there are none (which takes a
/// role that may). Every commit is on the server's disk when it returns. The journal belongs to
/// one thread. After an error the next begin() connects again.
///
/// Every transaction first takes one lock for all servers, so that they write one after another,
/// as if there were one; and proves that its server is still known. One that was taken for dead
/// goes on under a new id.
///
/// words   where not null: what the server said when it refused, one line, without secrets.
[[nodiscard]] ledger::Stored<std::unique_ptr<ledger::Journal>> open_postgres_journal(
    const std::string& url, const PostgresOptions& options = {}, std::string* words = nullptr);

/// On a connection of its own that does not write. Safe from any thread, one query at a time.
/// Waits for no writer, nor a writer for it.
[[nodiscard]] ledger::Stored<std::unique_ptr<ledger::Reader>> open_postgres_reader(
    const std::string& url, const PostgresOptions& options = {}, std::string* words = nullptr);

/// The reason in the ledger's words.
[[nodiscard]] ledger::StoreError error_of(postgres::Error error);

}  // namespace store
