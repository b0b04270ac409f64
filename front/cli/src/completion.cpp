// `mains completion bash`: made from the commands themselves, so that it is never behind them.
#include <map>
#include <ostream>

#include "leaf.hpp"

namespace cli {
namespace {

using Words = std::map<std::string, std::string>;  ///< Command path to what may follow it.

void collect(const CLI::App& command, const std::string& path, Words& words) {
  std::string& here = words[path];
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      here += "--" + name + " ";
    }
  }
  for (const CLI::App* below : command.get_subcommands(nullptr)) {
    here += below->get_name() + " ";
    collect(*below, path + " " + below->get_name(), words);
  }
}

std::string script(const CLI::App& root) {
  Words words;
  collect(root, "mains", words);
  std::string paths;
  std::string cases;
  for (const auto& [path, list] : words) {
    paths += (paths.empty() ? "" : "|") + ("\"" + path + "\"");
    cases += "    \"" + path + "\") words=\"" + list + "\" ;;\n";
  }
  return "# bash completion for mains: eval \"$(mains completion bash)\"\n"
         "_mains() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local path=mains words= i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$path ${COMP_WORDS[i]}\" in\n"
         "      " +
         paths +
         ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$prev\" in\n"
         "    --engine) words=\"auto llama native null\" ;;\n"
         "    --by) words=\"none model key price_list hour day month\" ;;\n"
         // A value that only the user knows is completed with file names.
         "    --config|--data|--file|--system|--key|--listen|--model|"
         "--log|--name|--quorum|--since|--tiles|--witness) COMPREPLY=(); return ;;\n"
         "    *) case \"$path\" in\n" +
         cases +
         "    esac ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _mains mains\n";
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  CLI::App* completion = group(app, "completion", "Completion for your shell");
  CLI::App* bash = completion->add_subcommand("bash", "Print the completion script for bash");
  bash->footer(
      "Examples:\n  eval \"$(mains completion bash)\"\n"
      "  mains completion bash > ~/.local/share/bash-completion/completions/mains");
  bash->callback([&app, &session] {
    session.action = [&app, &session] {
      session.world.out << script(app) << std::flush;
      return 0;
    };
  });
}

}  // namespace cli
