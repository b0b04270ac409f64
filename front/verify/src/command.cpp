#include <verify/command.hpp>

#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include <notation/id_text.hpp>
#include <note/base64.hpp>
#include <verify/verify.hpp>

#include "json.hpp"
#include "tiles.hpp"

namespace verify {
namespace {

using base::Fail;
using base::Result;

constexpr std::size_t small_file_bytes_max = 1'000'000;

std::optional<std::string> read_small(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(small_file_bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return in.bad() || !in.eof() || in.gcount() == 0 ? std::nullopt : std::optional(text);
}

/// A key, or the file that has it: one a line.
Result<std::vector<note::VerifierKey>, std::string> keys_of(const std::string& given) {
  if (auto key = note::parse_key(given); key.ok()) {
    return std::vector{std::move(key).value()};
  }
  const auto text = read_small(given);
  if (!text) {
    return Fail{"'" + given + "' is neither a verifier key (name+id+key) nor a file with one"};
  }
  std::vector<note::VerifierKey> keys;
  std::size_t from = 0;
  while (from < text->size()) {
    const std::size_t end = std::min(text->find('\n', from), text->size());
    auto key = note::parse_key(std::string_view(*text).substr(from, end - from));
    if (!key.ok()) {
      return Fail{given + ": " + std::string(note::describe(key.error()))};
    }
    keys.push_back(std::move(key).value());
    from = end + 1;
  }
  return keys;
}

Result<std::vector<note::VerifierKey>, std::string> all_keys(const std::vector<std::string>& given,
                                                             note::KeyType type,
                                                             std::string_view whose) {
  std::vector<note::VerifierKey> keys;
  for (const std::string& one : given) {
    auto read = keys_of(one);
    if (!read.ok()) {
      return read;
    }
    for (note::VerifierKey& key : read.value()) {
      if (key.type != type) {
        return Fail{key.name + " is no key of a " + std::string(whose)};
      }
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

Result<Trust, std::string> trust_of(const Options& options) {
  auto log_keys = all_keys(options.log_keys, note::KeyType::ed25519, "log");
  auto witnesses = all_keys(options.witnesses, note::KeyType::cosignature, "witness");
  if (!log_keys.ok() || !witnesses.ok()) {
    return Fail{log_keys.ok() ? witnesses.error() : log_keys.error()};
  }
  Trust trust{std::move(log_keys).value(), std::move(witnesses).value(), 0, std::nullopt, nullptr};
  trust.quorum = options.quorum_given ? options.quorum : trust.witnesses.size();
  if (trust.quorum > trust.witnesses.size()) {
    return Fail{"a quorum of " + std::to_string(trust.quorum) + " needs as many --witness keys"};
  }
  return trust;
}

/// Like a shell's path, so that a terminal is not written to by a file's name.
std::string shown(const std::string& path) {
  std::string text;
  for (const char c : path) {
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return text;
}

std::string json_of(const std::string& file, const Proved& proved) {
  Writer out;
  out.open().id("account", proved.account);
  if (proved.balance) {
    out.exact("balance_nano", proved.balance->value).text("day", proved.day);
  } else {
    out.exact("charges_nano", proved.charges.value);
    if (proved.statement) {
      out.exact("closing_balance_nano", proved.closing.balance.value);
      out.text("currency", proved.currency);
    }
  }
  out.text("file", file);
  if (!proved.balance) {
    out.number("first", proved.first);
    if (proved.statement) {
      out.exact("from_ns", proved.from.value);
    }
    out.number("last", proved.last);
  }
  out.text("log", proved.head.checkpoint.origin).raw("ok", "true");
  if (proved.statement) {
    out.exact("opening_balance_nano", proved.opening.balance.value);
    out.number("price_lists", proved.price_lists);
  }
  if (!proved.balance) {
    out.number("receipts", proved.receipts);
  }
  out.text("root", note::to_base64(proved.head.checkpoint.root));
  if (proved.since) {
    out.number("since", *proved.since);
  }
  out.number("size", proved.head.checkpoint.size);
  if (proved.statement) {
    out.exact("to_ns", proved.to.value).exact("top_ups_nano", proved.top_ups.value);
  }
  if (proved.total) {
    out.exact("total_nano", proved.total->value);
  }
  std::string witnesses = "[";
  for (const Cosigned& witness : proved.head.witnesses) {
    Writer item;
    item.open().text("name", witness.name).number("time_s", witness.time_s).close();
    witnesses += (witnesses.size() > 1 ? "," : "") + item.json();
  }
  return out.raw("witnesses", witnesses + "]").close().json();
}

/// Two statements of one account must meet: what one closes with, the next opens with.
std::string gap_between(const Proved& before, const Proved& next) {
  if (!before.statement || !next.statement || before.account != next.account ||
      before.to != next.from || before.closing == next.opening) {
    return "";
  }
  return "it does not open where the statement before it closes";
}

struct Says {
  const Options& options;
  std::ostream& out;
  std::ostream& err;

  int no(const std::string& file, const Complaint& complaint) const {
    if (options.json) {
      Writer line;
      line.open().text("file", file);
      if (complaint.line > 0) {
        line.number("line", complaint.line);
      }
      out << line.raw("ok", "false").text("problem", complaint.what).close().json() << std::endl;
      return 1;
    }
    err << shown(file) << (complaint.line > 0 ? ":" + std::to_string(complaint.line) : "")
        << ": NOT verified: " << shown(complaint.what) << std::endl;
    return 1;
  }
  void yes(const std::string& file, const Proved& proved) const {
    out << (options.json ? json_of(file, proved)
                         : shown(file) + ": verified: " + shown(proved.what))
        << std::endl;
  }
};

int check_all(const Trust& trust, const Says& says) {
  std::optional<Proved> before;
  for (const std::string& name : says.options.files) {
    std::ifstream file;
    if (name != "-") {
      file.open(name, std::ios::binary);
      if (!file) {
        return says.no(name, {0, "it cannot be opened"});
      }
    }
    auto proved = check(name == "-" ? std::cin : file, trust);
    if (!proved.ok()) {
      return says.no(name, proved.error());
    }
    if (before) {
      if (const std::string gap = gap_between(*before, proved.value()); !gap.empty()) {
        return says.no(name, {1, gap});
      }
    }
    says.yes(name, proved.value());
    before = std::move(proved).value();
  }
  return 0;
}

}  // namespace

void declare(CLI::App& command, Options& options) {
  command
      .add_option("file", options.files,
                  "A statement (format=proof), a receipt's .tlog-proof, a balance in the day's "
                  "liabilities; - reads standard input")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--key", options.log_keys,
                  "The log's verifier key, or a file with it; again for each key it has had")
      ->required()
      ->type_name("VKEY|FILE")
      ->expected(1)
      ->take_all();
  command.add_option("--witness", options.witnesses, "A witness's verifier key, or a file with it")
      ->type_name("VKEY|FILE")
      ->expected(1)
      ->take_all();
  command
      .add_option_function<std::size_t>(
          "--quorum",
          [&options](std::size_t number) {
            options.quorum = number;
            options.quorum_given = true;
          },
          "How many of the witnesses must have cosigned; else all that are given")
      ->type_name("N");
  command
      .add_option("--since", options.since,
                  "A checkpoint you kept: shows that the log has only grown since")
      ->type_name("FILE");
  command
      .add_option("--tiles", options.tiles,
                  "A copy of the log (its tile/ folder in it), for --since where the file has no "
                  "proof from that size")
      ->type_name("DIR");
  command.add_flag("--json", options.json, "Print each result as one line of JSON");
}

int run(const Options& options, std::ostream& out, std::ostream& err) {
  auto trust = trust_of(options);
  if (!trust.ok()) {
    err << "mains-verify: " << shown(trust.error()) << std::endl;
    return 2;
  }
  const Says says{options, out, err};
  if (!options.since.empty()) {
    const auto text = read_small(options.since);
    if (!text) {
      err << "mains-verify: cannot read " << shown(options.since) << std::endl;
      return 2;
    }
    Trust only_log = trust.value();
    only_log.witnesses.clear();
    only_log.quorum = 0;
    const auto head = believe(*text, only_log);
    if (!head.ok()) {
      return says.no(options.since, {0, head.error()});
    }
    trust.value().since = head.value().checkpoint;
  }
  TileFolder tiles(options.tiles);
  if (!options.tiles.empty()) {
    trust.value().tiles = &tiles;
  }
  return check_all(trust.value(), says);
}

}  // namespace verify
