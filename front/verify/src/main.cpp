// mains-verify: checks a bill. Small on purpose: build it alone with tools/build-verify.
#include <iostream>
#include <string>

#include <verify/command.hpp>

int main(int argc, char** argv) {
  CLI::App app("Checks statements, receipts and balances offline against the log's public key.",
               "mains-verify");
  verify::Options options;
  verify::declare(app, options);
  app.footer(
      "Examples:\n"
      "  mains-verify --key log.vkey statement.jsonl\n"
      "  mains-verify --key log.vkey --since old.checkpoint --witness w1.vkey statement.jsonl\n"
      "\nExit status: 0 everything holds, 1 something does not, 2 the question makes no sense.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& answer) {  // --help
    app.exit(answer);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << "mains-verify: " << error.what() << "; see mains-verify --help" << std::endl;
    return 2;
  }
  return verify::run(options, std::cout, std::cerr);
}
