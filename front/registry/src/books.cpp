// The registry as one part of the books: its identity, its epoch, and what the log has signed.
#include <algorithm>

#include <notation/id_text.hpp>

#include "attempt.hpp"

namespace registry {
namespace {

using base::Fail;

std::uint64_t number_at(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

Hash bytes_of(const terms::Digest& digest) {
  Hash bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes.at(i) = static_cast<std::uint8_t>(digest.words.at(i / 8) >> (56 - 8 * (i % 8)));
  }
  return bytes;
}

constexpr std::string_view columns = "id_high, id_low, founded, epoch, log_size, log_root";

BooksState state_in(const Statement& row) {
  BooksState state{number_at(row, 0), number_at(row, 1), row.integer(2) != 0,
                   number_at(row, 3), number_at(row, 4), {}};
  Hash root{};
  const auto bytes = row.bytes(5);
  if (bytes.size() != root.size()) {
    throw SqlFailure{Error::damaged};
  }
  std::copy(bytes.begin(), bytes.end(), root.begin());
  state.log_root = notation::digest_of(root);
  return state;
}

}  // namespace

BooksState Registry::Inside::count_change() {
  Statement row(*database, "UPDATE books SET epoch = epoch + 1 RETURNING " + std::string(columns));
  if (!row.next()) {
    throw SqlFailure{Error::damaged};
  }
  return state_in(row);
}

bool Registry::Inside::told(const BooksState& state) {
  if (!tell || told_epoch >= state.epoch) {
    return true;
  }
  if (!tell(state)) {
    return false;
  }
  told_epoch = state.epoch;
  return true;
}

Answer<BooksState> Registry::books(const std::function<bool(BooksState&)>& change) {
  Inside& inside = *inside_;
  const std::lock_guard lock(inside.writing);
  try {
    Transaction transaction(*inside.database);
    inside.refresh();
    Statement row(*inside.database, "SELECT " + std::string(columns) + " FROM books");
    if (!row.next()) {
      return Fail{Error::damaged};
    }
    BooksState state = state_in(row);
    if (!change(state)) {
      return state;
    }
    Statement(*inside.database, "UPDATE books SET id_high = ?, id_low = ?, founded = ?, epoch = ?")
        .bind(stored(state.id_high))
        .bind(stored(state.id_low))
        .bind(std::int64_t{state.founded ? 1 : 0})
        .bind(stored(state.epoch))
        .next();
    inside.seen = transaction.commit();
    return state;
  } catch (const SqlFailure& failure) {
    return Fail{failure.error};
  }
}

void Registry::tell_changes(std::function<bool(const BooksState&)> tell) {
  const std::lock_guard lock(inside_->writing);
  inside_->tell = std::move(tell);
}

bool Registry::note_log(std::uint64_t size, const terms::Digest& root) {
  const std::lock_guard lock(inside_->writing);
  try {
    // No transaction of the room's own: it would make every other server read everything anew.
    Statement(*inside_->database, "UPDATE books SET log_size = ?, log_root = ? WHERE log_size < ?")
        .bind(stored(size))
        .bind(std::span<const std::uint8_t>(bytes_of(root)))
        .bind(stored(size))
        .next();
    return true;
  } catch (const SqlFailure&) {
    return false;
  }
}

}  // namespace registry
