// Parts of every command: its place in the tree, its data folder, its answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <base/result.hpp>
#include <boost/json.hpp>
#include <cli/cli.hpp>

#include "door.hpp"

namespace cli {

namespace json = boost::json;

/// One run of the program.
struct Session {
  const World& world;
  std::string data;
  std::string ledger;  ///< An address; empty = in the data folder.
  bool json = false;
  std::function<int()> action;  ///< Of the command that was given.
};

/// A command that does something, with --data and --json. `examples` are whole lines.
CLI::App* leaf(CLI::App& parent, Session& session, const std::string& name,
               const std::string& description, const std::string& examples,
               std::function<int()> action);

/// A command that only has commands below it.
CLI::App* group(CLI::App& parent, const std::string& name, const std::string& description);

/// One line on err; status 1.
int fail(const Session& session, std::string_view message);

struct Ask {
  std::string method = "GET";
  std::string path;  ///< Below /admin/v1.
  Query query = {};
  json::object body = {};
  bool make_folder = false;  ///< A data folder, or books, that are not there are made.

  [[nodiscard]] vault::Use use() const {
    if (make_folder) return vault::Use::make;
    return method == "GET" || path == "/prices/check" ? vault::Use::read : vault::Use::write;
  }
};

/// The answer's object, or a line for people.
[[nodiscard]] base::Result<json::object, std::string> ask(const Session& session, const Ask& ask);

/// The answer's body as it is, or a line for people.
[[nodiscard]] base::Result<std::string, std::string> ask_document(const Session& session,
                                                                  const Ask& ask);

/// Gives the answer to a GET to `take` piece by piece, however long it is. Returns the status; what
/// went wrong is said on err.
int pour(const Session& session, const Ask& ask, const Take& take);

/// Asks, then prints: with --json the answer itself, else what `show` writes. Returns the status.
int ask_and_show(const Session& session, const Ask& ask,
                 const std::function<void(const json::object&)>& show);

/// Prints an answer as it came, one line.
void print_json(const Session& session, const json::object& object);

/// A member as text: strings without quotes, null and missing as "".
[[nodiscard]] std::string text_of(const json::object& object, std::string_view name);

/// A tenant's or key's name as one part of a path.
[[nodiscard]] std::string path_part(std::string_view name);

// The commands, a file each.
void add_serve(CLI::App& app, Session& session);
void add_chat(CLI::App& app, Session& session);
void add_tenant(CLI::App& app, Session& session);
void add_key(CLI::App& app, Session& session);
void add_credit(CLI::App& app, Session& session);
void add_price(CLI::App& app, Session& session);
void add_usage(CLI::App& app, Session& session);
void add_bill(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_init(CLI::App& app, Session& session);
void add_ledger(CLI::App& app, Session& session);
void add_log(CLI::App& app, Session& session);
void add_model(CLI::App& app, Session& session);
void add_verify(CLI::App& app, Session& session);
void add_witness(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);
void add_simulate(CLI::App& app, Session& session);
void add_version(CLI::App& app, Session& session);

}  // namespace cli
