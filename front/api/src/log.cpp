// The transparency log, as anybody may read it (C2SP tlog-tiles), and what it says about an
// account's own balance.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <notation/id_text.hpp>
#include <note/proof_file.hpp>
#include <note/tile_path.hpp>
#include <verify/balance.hpp>
#include <verify/statement.hpp>

#include "inside.hpp"

namespace api {
namespace {

constexpr std::string_view entries_prefix = "entries/";
constexpr std::size_t path_bytes_max = 64;

struct TilePath {
  receipt::Tile tile;
  bool entries = false;
};

/// The path behind /log/tile/: "0/x001/234/067.p/5", "entries/000". Nothing for any other spelling.
std::optional<TilePath> parse(std::string_view path) {
  if (path.size() > path_bytes_max) {
    return std::nullopt;
  }
  if (path.starts_with(entries_prefix)) {
    const auto tile = note::parse_tile(0, path.substr(entries_prefix.size()));
    return tile ? std::optional(TilePath{*tile, true}) : std::nullopt;
  }
  const std::size_t slash = path.find('/');
  const std::string_view level = path.substr(0, slash);
  if (slash == std::string_view::npos || level.empty() || level.size() > 2 ||
      (level.size() > 1 && level.front() == '0')) {
    return std::nullopt;
  }
  const auto number = notation::parse_count(level);
  const auto tile =
      number && *number < receipt::tile_levels
          ? note::parse_tile(static_cast<std::uint32_t>(*number), path.substr(slash + 1))
          : std::nullopt;
  return tile ? std::optional(TilePath{*tile, false}) : std::nullopt;
}

http::Response text_response(std::string text) {
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

std::string balance_text(tlog::OwnBalance balance, tlog::Inclusion inclusion) {
  return verify::to_text(
      verify::BalanceProof{balance.account, balance.balance, std::move(inclusion.checkpoint),
                           std::move(balance.document), balance.index, inclusion.leaf,
                           std::move(balance.path), std::move(inclusion.proof), balance.salt});
}

std::string proof_text(const ledger::Receipt& receipt, tlog::Inclusion inclusion) {
  return note::to_text(note::ProofFile{verify::opening_of(receipt), inclusion.leaf,
                                       std::move(inclusion.proof),
                                       std::move(inclusion.checkpoint)});
}

Problem no_such_tile() {
  return problem(404, "not_in_the_log",
                 "The log has no such tile under its newest checkpoint (/log/checkpoint).");
}

Problem not_yet_logged(std::string_view what) {
  return try_later(
      problem(
          503, "not_yet_in_the_log",
          std::string(what) + " is not under a checkpoint yet; it will be within a second or two."),
      {1'000'000'000});
}

}  // namespace

asio::awaitable<void> Api::Inside::send_checkpoint(Call& call, std::string checkpoint) {
  if (checkpoint.empty()) {
    co_await fail(call, problem(404, "no_checkpoint", "There is no such checkpoint yet."));
    co_return;
  }
  http::Response response = text_response(std::move(checkpoint));
  response.headers.emplace_back("cache-control", "no-store");
  co_await send(call, std::move(response));
}

asio::awaitable<void> Api::Inside::log_checkpoint(Call& call) {
  return send_checkpoint(call, around_.log.checkpoint());
}

asio::awaitable<void> Api::Inside::log_witnessed(Call& call) {
  return send_checkpoint(call, around_.log.witnessed());
}

asio::awaitable<void> Api::Inside::log_tile(Call& call) {
  const auto path = parse(call.part);
  if (!path.has_value()) {
    co_await fail(call, no_such_tile());
    co_return;
  }
  auto bytes = co_await read_by(call, [&] {
    return path->entries ? around_.log.entries(path->tile) : around_.log.tile(path->tile);
  });
  if (!bytes.ok()) {
    co_await log_failed(call, bytes.error());
    co_return;
  }
  if (!bytes->has_value()) {
    co_await fail(call, no_such_tile());
    co_return;
  }
  http::Response response;
  response.content_type = "application/octet-stream";
  // Partial ones too: what a name stands for never changes.
  response.headers.emplace_back("cache-control", "public, max-age=31536000, immutable");
  response.body = std::move(**bytes);
  co_await send(call, std::move(response));
}

asio::awaitable<void> Api::Inside::log_failed(Call& call, tlog::Error error) {
  return fail(
      call,
      try_later(problem(503, "log_unavailable",
                        "The log cannot be read: " + std::string(tlog::describe(error)) + "."),
                {1'000'000'000}));
}

asio::awaitable<void> Api::Inside::receipt_proof(Call& call, const ledger::Receipt& receipt) {
  if (!receipt.account.valid()) {
    co_await fail(call, problem(404, "not_in_the_log",
                                "This receipt is older than the log and has no entry in it."));
    co_return;
  }
  auto inclusion = co_await read_by(call, [&] { return around_.log.prove(receipt.leaf); });
  if (!inclusion.ok()) {
    co_await log_failed(call, inclusion.error());
    co_return;
  }
  if (!inclusion->has_value()) {
    co_await fail(call, not_yet_logged("This receipt"));
    co_return;
  }
  http::Response response = text_response(proof_text(receipt, std::move(**inclusion)));
  response.headers.emplace_back(
      "content-disposition",
      "attachment; filename=\"" + notation::to_text(receipt.id) + ".tlog-proof\"");
  co_await send(call, std::move(response));
}

asio::awaitable<void> Api::Inside::liabilities(Call& call) {
  const terms::Pseudonym account = call.key->account;
  auto own = co_await read_by(call, [&] { return around_.log.own_balance(account); });
  if (!own.ok()) {
    co_await log_failed(call, own.error());
    co_return;
  }
  if (!own->has_value()) {
    co_await fail(call, problem(404, "not_in_the_liabilities",
                                "Your account was not there when the last daily liabilities were "
                                "published; it will be in the next."));
    co_return;
  }
  tlog::OwnBalance& balance = **own;
  auto included = co_await read_by(call, [&]() -> tlog::Answer<std::optional<tlog::Inclusion>> {
    auto leaf = around_.log.leaf_of(balance.document);
    if (!leaf.ok()) {
      return base::Fail{leaf.error()};
    }
    if (!leaf->has_value()) {
      return std::optional<tlog::Inclusion>{};
    }
    return around_.log.prove(**leaf);
  });
  if (!included.ok()) {
    co_await log_failed(call, included.error());
    co_return;
  }
  if (!included->has_value()) {
    co_await fail(call, not_yet_logged("The day's document"));
    co_return;
  }
  std::string text = balance_text(std::move(balance), std::move(**included));
  co_await send_json(call, std::move(text));
}

}  // namespace api
