// `mains chat`: a conversation in the terminal, and what it costs.
#include <fstream>
#include <istream>
#include <ostream>

#include <cli/folder.hpp>
#include <notation/money_text.hpp>

#include "conversation.hpp"
#include "leaf.hpp"

namespace cli {
namespace {

struct ChatWords {
  std::string url;
  std::string key;
  std::string model;
  std::string system;
  std::string max_tokens;
  std::string temperature;
  std::vector<std::string> prompt;
};

/// The key given, the environment's, or the one that `serve --quickstart` left in the folder.
std::string find_key(const Session& session, const ChatWords& options) {
  if (!options.key.empty()) {
    return options.key;
  }
  if (const auto key = config::secrets_from_environment().api_key) {
    return *key;
  }
  std::ifstream file(std::filesystem::path(session.data) / quickstart_key_file);
  std::string key;
  file >> key;
  return key;
}

base::Result<ChatOptions, std::string> settle(const Session& session, const ChatWords& options) {
  ChatOptions chat{options.url, find_key(session, options), options.model, options.system, {}, {}};
  while (chat.url.ends_with('/')) {
    chat.url.pop_back();
  }
  if (chat.key.empty()) {
    return base::Fail{std::string(
        "no key: give --key or MAINS_API_KEY; `mains key create --tenant NAME` makes one")};
  }
  boost::system::error_code error;
  if (!options.max_tokens.empty()) {
    const json::value number = json::parse(options.max_tokens, error);
    if (error || !number.is_int64()) {
      return base::Fail{std::string("--max-tokens must be a whole number")};
    }
    chat.max_tokens = number.get_int64();
  }
  if (!options.temperature.empty()) {
    const json::value number = json::parse(options.temperature, error);
    if (error || !number.is_number()) {
      return base::Fail{std::string("--temperature must be a number such as 0.7")};
    }
    chat.temperature = number.to_number<double>();
  }
  if (chat.model.empty()) {
    auto model = first_model(chat.url, chat.key);
    if (!model.ok()) {
      return base::Fail{model.error()};
    }
    chat.model = model.value();
  }
  return chat;
}

std::string cost_line(const AnswerCost& answer, const std::optional<base::Nano>& total) {
  std::string line = "[" + std::to_string(answer.input_tokens) + " tokens in, " +
                     std::to_string(answer.output_tokens) + " out";
  if (answer.cost) {
    line += ", " + notation::to_text(*answer.cost) + " " + printable(answer.currency);
  }
  if (total) {
    line += "; so far " + notation::to_text(*total);
  }
  return line + "]";
}

/// One question, one answer.
int ask_once(const Session& session, Conversation& conversation, const std::string& prompt,
             const std::string& model) {
  std::string whole;
  const auto answer = conversation.say(prompt, [&](std::string_view text) {
    whole += text;
    if (!session.json) {
      session.world.out << printable(text) << std::flush;
    }
  });
  if (!answer.ok()) {
    session.world.out << (whole.empty() || session.json ? "" : "\n");
    return fail(session, answer.error());
  }
  const AnswerCost& cost = answer.value();
  if (session.json) {
    json::object object{{"model", model},
                        {"text", whole},
                        {"input_tokens", cost.input_tokens},
                        {"output_tokens", cost.output_tokens}};
    if (cost.cost) {
      object["cost"] = notation::to_text(*cost.cost);
      object["currency"] = cost.currency;
    }
    print_json(session, object);
    return 0;
  }
  session.world.out << std::endl;
  session.world.err << cost_line(cost, std::nullopt) << std::endl;
  return 0;
}

int talk(const Session& session, Conversation& conversation, const std::string& model) {
  std::ostream& out = session.world.out;
  const bool typed = session.world.in_is_terminal;
  if (typed) {
    out << "Talking to " << printable(model) << ". /reset forgets, /quit or Ctrl-D ends.\n";
  }
  std::optional<base::Nano> total = base::Nano{};
  std::string line;
  int status = 0;
  while (out << (typed ? "> " : "") << std::flush, std::getline(session.world.in, line)) {
    if (line == "/quit" || line == "/exit") {
      break;
    }
    if (line == "/reset") {
      conversation.reset();
      continue;
    }
    if (line.empty()) {
      continue;
    }
    const auto answer = conversation.say(
        line, [&](std::string_view text) { out << printable(text) << std::flush; });
    out << std::endl;
    if (!answer.ok()) {
      status = fail(session, answer.error());
      continue;
    }
    status = 0;
    if (total && answer.value().cost) {
      total = base::checked_add(*total, *answer.value().cost);
    }
    session.world.err << cost_line(answer.value(), total) << std::endl;
  }
  return status;
}

int chat(const Session& session, const ChatWords& options) {
  const auto settled = settle(session, options);
  if (!settled.ok()) {
    return fail(session, settled.error());
  }
  Conversation conversation(settled.value());
  if (options.prompt.empty() && !session.json) {
    return talk(session, conversation, settled.value().model);
  }
  std::string prompt;
  for (const std::string& word : options.prompt) {
    prompt += (prompt.empty() ? "" : " ") + word;
  }
  if (prompt.empty()) {
    return fail(session, "--json answers one question: give it behind the command");
  }
  return ask_once(session, conversation, prompt, settled.value().model);
}

}  // namespace

void add_chat(CLI::App& app, Session& session) {
  auto options = std::make_shared<ChatWords>();
  CLI::App* command =
      leaf(app, session, "chat", "Talk to a model in the terminal, and see what it costs",
           "  mains chat\n"
           "  mains chat --model mains-default-8k --system 'You are brief.'\n"
           "  mains chat Why is the sky blue?\n"
           "  MAINS_API_KEY=mk-... mains chat --url https://llm.example.org --json Hello",
           [&session, options] { return chat(session, *options); });
  command->add_option("prompt", options->prompt, "One question; without it a conversation");
  command->add_option("--url", options->url, "The server")
      ->type_name("URL")
      ->envname("MAINS_URL")
      ->default_val("http://127.0.0.1:8080");
  command
      ->add_option("--key", options->key,
                   "API key (else $MAINS_API_KEY, else the one of `serve --quickstart`)")
      ->type_name("KEY");
  command->add_option("--model", options->model, "Its name; else the first that is served")
      ->type_name("NAME");
  command->add_option("--system", options->system, "A system prompt")->type_name("TEXT");
  command->add_option("--max-tokens", options->max_tokens, "Most tokens of each answer")
      ->type_name("N");
  command->add_option("--temperature", options->temperature, "0 = the same answer each time")
      ->type_name("T");
}

}  // namespace cli
