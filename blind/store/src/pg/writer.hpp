// The writing session: its statements, prepared once, and what it knows of itself.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <ledger/journal.hpp>
#include <postgres/connection.hpp>
#include <store/postgres.hpp>

namespace store::pg {

enum class Query : std::uint32_t {
  begin,
  commit,
  rollback,
  lock_house,
  keep_lease,
  know_server,
  join,
  be_alive,
  bury_predecessors,
  lapsed,
  forget,
  get_holds,
  get_receipts,
  get_voids,
  get_top_ups,
  get_claims,
  get_tenants,
  get_keys,
  get_months,
  get_documents,
  get_last_leaf,
  get_pruned,
  oldest_receipts,
  open_holds,
  put_house,
  put_tenants,
  put_keys,
  put_months,
  insert_holds,
  remove_holds,
  insert_claims,
  remove_claims,
  insert_postings,
  insert_receipts,
  insert_voids,
  insert_leaves,
  get_artefacts,
  insert_artefacts,
  put_pruned,
  remove_receipts,
  add_months,
  add_usage,
  count_
};

struct Artefacts {
  terms::Digest weights;
  terms::Digest tokenizer;
  terms::Digest price_list;
  friend auto operator<=>(const Artefacts&, const Artefacts&) = default;
};

/// A new one is opened after each error of the connection.
class Writer {
 public:
  /// server   who this process was on its last connection; none = nobody yet.
  static ledger::Stored<std::unique_ptr<Writer>> open(const std::string& url, bool may_create,
                                                      terms::ServerId server,
                                                      const PostgresOptions& options,
                                                      std::string* words);

  void queue(Query query, const postgres::Parameters& parameters = {});
  /// Runs what was queued.
  [[nodiscard]] ledger::Stored<std::vector<postgres::Rows>> run();
  [[nodiscard]] ledger::Stored<postgres::Rows> ask(Query query,
                                                   const postgres::Parameters& parameters = {});

  /// Takes the lock and proves or renews who we are. After an error nothing is open.
  [[nodiscard]] ledger::Stored<ledger::HouseRow> begin();
  /// Ends what begin() began, if anything is open.
  void rollback();

  /// The ids of servers that are taken for dead.
  [[nodiscard]] ledger::Stored<postgres::Rows> lapsed();

  [[nodiscard]] terms::ServerId server() const { return server_; }
  [[nodiscard]] bool failed() const { return connection_->failed(); }
  /// Ids of artefacts that are committed.
  std::map<Artefacts, std::int64_t>& artefacts() { return artefacts_; }

 private:
  ledger::Stored<base::Done> join();
  [[nodiscard]] postgres::Parameters home() const;

  PostgresOptions options_;
  std::unique_ptr<postgres::Connection> connection_;
  terms::ServerId server_;
  std::int64_t opened_us_ = 0;  ///< When this session was opened, on the server's clock.
  std::map<Artefacts, std::int64_t> artefacts_;
};

}  // namespace store::pg
