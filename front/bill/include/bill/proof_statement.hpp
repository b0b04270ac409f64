// A month with everything that a customer needs to check it alone (verify, mains.statement.v1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <base/result.hpp>
#include <bill/pages.hpp>
#include <bill/statement.hpp>
#include <receipt/proof.hpp>

namespace bill {

/// The transparency log under its newest checkpoint.
struct LogView {
  std::string checkpoint;  ///< A signed note.
  std::uint64_t size = 0;
  std::unique_ptr<receipt::TileSource> tiles;
};

enum class ProofFault : std::uint32_t {
  store = 1,       ///< The ledger or the log cannot be read just now.
  not_logged_yet,  ///< The newest checkpoint does not have all of the month; soon it will.
  before_the_log,  ///< The month has receipts that are older than the log.
  not_kept,        ///< The month had receipts that are not kept any more.
  no_such_size,    ///< The log never had the size that was asked for.
  corrupt,         ///< Books and log do not fit together.
};

/// What happened and what to do, for people.
[[nodiscard]] std::string_view describe(ProofFault fault);

/// Lines, made as they are asked for: memory does not grow with the month. Blocks on the stores;
/// one thread at a time.
class ProofStatement {
 public:
  /// A month that is not over ends with its last receipt under the checkpoint.
  /// since    that the log of that size is the beginning of this one is shown too.
  /// source   and its parts must outlive the statement.
  [[nodiscard]] static base::Result<std::unique_ptr<ProofStatement>, ProofFault> begin(
      const Source& source, const registry::Tenant& tenant, notation::Period period, LogView log,
      std::optional<std::uint64_t> since);
  ~ProofStatement();
  ProofStatement(const ProofStatement&) = delete;
  ProofStatement& operator=(const ProofStatement&) = delete;

  /// Some more whole lines, about 64 KiB; empty when all is told.
  [[nodiscard]] base::Result<std::string, ProofFault> next();

  /// Whether the checkpoint is over all receipts of the month so far.
  [[nodiscard]] bool whole() const;

 private:
  class Inside;
  explicit ProofStatement(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

/// The same as a document: with a witness's cosignature where what it signed covers the month, else
/// under the newest checkpoint. A piece that cannot be made is told as gone or corrupt.
/// cosigned, newest   nothing: there is none yet.
[[nodiscard]] base::Result<Document, ProofFault> proof_document(const Source& source,
                                                                const registry::Tenant& tenant,
                                                                notation::Period period,
                                                                std::optional<LogView> cosigned,
                                                                std::optional<LogView> newest,
                                                                std::optional<std::uint64_t> since);

}  // namespace bill
