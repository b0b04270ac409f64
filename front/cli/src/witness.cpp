// `mains witness`: cosigns the checkpoints of somebody else's log.
#include <signal.h>

#include <ostream>

#include <cli/folder.hpp>
#include <notation/id_text.hpp>
#include <witness/server.hpp>
#include <witness/shelf.hpp>
#include <witness/witness.hpp>

#include "leaf.hpp"

namespace cli {
namespace {

struct WitnessWords {
  std::string data;
  std::string key_file;
  std::string name;
  std::string listen = "127.0.0.1:8081";
  std::vector<std::string> logs;
};

std::string why(signing::KeyError error) {
  switch (error) {
    case signing::KeyError::bad_key_file:
      return "it is no Ed25519 key, or others may read it (chmod 600)";
    case signing::KeyError::read_only: return "its folder may not be written";
    case signing::KeyError::full: return "no space is left";
    case signing::KeyError::unavailable: break;
  }
  return "it cannot be read or made";
}

base::Result<std::vector<note::VerifierKey>, std::string> logs_of(const WitnessWords& options) {
  std::vector<note::VerifierKey> logs;
  for (const std::string& text : options.logs) {
    auto key = note::parse_key(text);
    if (!key.ok()) {
      return base::Fail{"--log: " + std::string(note::describe(key.error()))};
    }
    if (key.value().type != note::KeyType::ed25519) {
      return base::Fail{"--log: " + key.value().name + " is a witness's key, not a log's"};
    }
    logs.push_back(std::move(key).value());
  }
  return logs;
}

/// Blocked before any thread is made, so that only wait() gets them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(const Session& session, const WitnessWords& options) {
  auto logs = logs_of(options);
  if (!logs.ok()) {
    return fail(session, logs.error());
  }
  if (const auto made = make_folder(options.data); !made.ok()) {
    return fail(session, made.error());
  }
  const auto lock = FolderLock::take(options.data);
  if (!lock.ok()) {
    return fail(session, lock.error());
  }
  const std::filesystem::path folder = options.data;
  const std::filesystem::path key_file =
      options.key_file.empty() ? folder / "witness.key" : std::filesystem::path(options.key_file);
  auto key = signing::Key::load_or_create(key_file, session.world.random);
  if (!key.ok()) {
    return fail(session, "the witness's key " + key_file.string() + ": " + why(key.error()));
  }
  const std::string name =
      !options.name.empty()
          ? options.name
          : "mains-witness-" + notation::to_hex(std::span(key.value().public_key()).first(4));
  if (!note::is_key_name(name)) {
    return fail(session, "--name must have no spaces and no '+'");
  }
  witness::FolderShelf shelf(folder);
  witness::Witness witness(name, std::move(key).value(), std::move(logs).value(), shelf,
                           session.world.clock);
  if (const auto opened = witness.open(); !opened.ok()) {
    return fail(session, opened.error());
  }
  const sigset_t signals = block_stop_signals();
  witness::Server server(witness, options.listen);
  if (const auto started = server.start(); !started.ok()) {
    return fail(session, started.error());
  }
  session.world.out << "mains witness answers POST /add-checkpoint on port " << server.port()
                    << "\nits verifier key: " << note::to_text(witness.verifier()) << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  return 0;
}

}  // namespace

void add_witness(CLI::App& app, Session& session) {
  auto options = std::make_shared<WitnessWords>();
  CLI::App* command = app.add_subcommand(
      "witness", "Cosign the checkpoints of somebody else's log; Ctrl-C stops it");
  command->add_option("--log", options->logs, "The verifier key of a log to watch; may be repeated")
      ->required()
      ->type_name("VKEY")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--data", options->data,
                   "The witness's own folder: what it has seen. Losing it means a new key")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--key", options->key_file,
                   "Its private key, made where there is none (else witness.key in the folder)")
      ->type_name("FILE");
  command
      ->add_option(
          "--name", options->name,
          "Its name in cosignatures, such as witness.example/w1 (else one made of the key)")
      ->type_name("NAME");
  command->add_option("--listen", options->listen, "Where it listens; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  mains witness --data /var/lib/witness --log 'example.com/log+1a2b3c4d+AQ...'\n"
      "  mains witness --data w --name witness.example/w1 --listen 0.0.0.0:8081 --log ...\n"
      "\nRun it where the log's operator has no say. The log is told its address and its verifier\n"
      "key, customers its verifier key (mains verify --witness).");
  command->callback([&session, options] {
    session.action = [&session, options] { return serve(session, *options); };
  });
}

}  // namespace cli
