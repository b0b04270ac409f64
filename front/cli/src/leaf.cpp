#include "leaf.hpp"

#include "hub.hpp"

#include <cstdlib>
#include <utility>

namespace cli {
namespace {

/// The error's own words: {"error":{"message": ...}}.
std::string message_of(const admin::Reply& reply) {
  boost::system::error_code error;
  const json::value body = json::parse(reply.body, error);
  const json::value* message = error ? nullptr : body.find_pointer("/error/message", error);
  if (message == nullptr || !message->is_string()) {
    return "the server answered with status " + std::to_string(reply.status);
  }
  return std::string(message->get_string());
}

}  // namespace

CLI::App* leaf(CLI::App& parent, Session& session, const std::string& name,
               const std::string& description, const std::string& examples,
               std::function<int()> action) {
  CLI::App* command = parent.add_subcommand(name, description);
  command
      ->add_option("--data", session.data,
                   "The data folder (else $MAINS_DATA, else ./data). Where a server runs on it, "
                   "the server is asked.")
      ->type_name("DIR");
  command
      ->add_option("--ledger", session.ledger,
                   "The PostgreSQL database with the books, where they are not in the data folder "
                   "(else $MAINS_LEDGER)")
      ->type_name("URL");
  command->add_flag("--json", session.json, "Print the answer as one line of JSON");
  command->footer("Examples:\n" + examples);
  command->callback([&session, action = std::move(action)] { session.action = action; });
  return command;
}

CLI::App* group(CLI::App& parent, const std::string& name, const std::string& description) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->require_subcommand(1);
  return command;
}

int fail(const Session& session, std::string_view message) {
  session.world.err << "mains: " << message << std::endl;
  return 1;
}

base::Result<std::string, std::string> ask_document(const Session& session, const Ask& ask) {
  const auto door = open_door(session.data, session.ledger, ask.use(), session.world);
  if (!door.ok()) {
    return base::Fail{door.error()};
  }
  const std::string body =
      ask.body.empty() && ask.method != "POST" ? "" : json::serialize(ask.body);
  auto reply = door.value()->ask(ask.method, "/admin/v1" + ask.path, ask.query, body);
  if (!reply.ok()) {
    return base::Fail{reply.error()};
  }
  if (reply.value().status >= 300) {
    return base::Fail{message_of(reply.value())};
  }
  return std::move(reply.value().body);
}

int pour(const Session& session, const Ask& ask, const Take& take) {
  const auto door = open_door(session.data, session.ledger, ask.use(), session.world);
  if (!door.ok()) {
    return fail(session, door.error());
  }
  const auto reply = door.value()->pour("/admin/v1" + ask.path, ask.query, take);
  if (!reply.ok()) {
    return fail(session, reply.error());
  }
  return reply.value().status < 300 ? 0 : fail(session, message_of(reply.value()));
}

base::Result<json::object, std::string> ask(const Session& session, const Ask& asked) {
  const auto document = ask_document(session, asked);
  if (!document.ok()) {
    return base::Fail{document.error()};
  }
  boost::system::error_code error;
  json::value answer = json::parse(document.value(), error);
  if (error || !answer.is_object()) {
    return base::Fail{std::string("the answer is no JSON: does another program own the socket?")};
  }
  return std::move(answer.get_object());
}

int ask_and_show(const Session& session, const Ask& asked,
                 const std::function<void(const json::object&)>& show) {
  const auto answer = ask(session, asked);
  if (!answer.ok()) {
    return fail(session, answer.error());
  }
  if (session.json) {
    print_json(session, answer.value());
  } else {
    show(answer.value());
  }
  return 0;
}

void print_json(const Session& session, const json::object& object) {
  session.world.out << json::serialize(object) << std::endl;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || value->is_null()) {
    return "";
  }
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string path_part(std::string_view name) {
  // An empty part would name another route.
  return name.empty() ? "%20" : percent_encoded(name);
}

}  // namespace cli
