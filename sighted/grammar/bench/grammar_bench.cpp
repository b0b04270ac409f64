// What grammars cost: compiling, one token, a whole vocabulary, and what hostile ones come to.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <grammar/gbnf.hpp>
#include <grammar/matcher.hpp>

namespace {

using grammar::GrammarPtr;
using grammar::Matcher;
using grammar::Verdict;
using grammar::VocabularyTrie;

bool tiny = false;

/// What this thread has computed so far; whoever else uses the machine does not count.
double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Best of some rounds.
void measure(const char* name, int calls, const std::function<std::size_t()>& call) {
  double best_ns = 1e18;
  std::size_t sum = 0;
  calls = tiny ? std::max(1, calls / 100) : calls;
  for (int round = 0; round < (tiny ? 1 : 5); ++round) {
    const double start = cpu_ns();
    for (int i = 0; i < calls; ++i) {
      sum += call();
    }
    best_ns = std::min(best_ns, (cpu_ns() - start) / calls);
  }
  std::printf("%-52s %12.2f us   (%zu)\n", name, best_ns / 1000, sum);
}

/// Pieces as vocabularies have them: all bytes, words with and without a space, punctuation,
/// blanks, characters of other scripts, whole and cut.
std::vector<std::string> synthetic_vocabulary(std::size_t size) {
  std::mt19937 dice(1);
  const auto roll = [&](std::size_t sides) { return static_cast<std::size_t>(dice() % sides); };
  const std::string marks = "\"{}[]:,.;!?()<>/\\'-_=+*&%$#@`~|^";
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 256; ++byte) {
    pieces.emplace_back(1, static_cast<char>(byte));
  }
  for (std::size_t blanks = 2; blanks < 80; ++blanks) {
    pieces.emplace_back(blanks, ' ');
  }
  while (pieces.size() < size) {
    std::string piece = roll(2) == 0 ? " " : "";
    const std::size_t kind = roll(20);
    const std::size_t length = kind < 17 ? 1 + roll(4) + roll(5) : 1 + roll(4);
    for (std::size_t i = 0; i < length; ++i) {
      if (kind < 13) {
        piece += static_cast<char>('a' + std::min(roll(26), roll(26)));
      } else if (kind < 15) {
        piece += marks[roll(marks.size())];
      } else if (kind == 15) {
        piece += roll(3) == 0 ? marks[roll(marks.size())] : static_cast<char>('a' + roll(26));
      } else if (kind == 16) {
        piece += roll(2) == 0 ? '\n' : ' ';
      } else if (kind == 17) {
        piece += {'\xD0', static_cast<char>(0x80 + roll(64))};
      } else {
        piece += {static_cast<char>(0xE4 + roll(5)), static_cast<char>(0x80 + roll(64)),
                  static_cast<char>(0x80 + roll(64))};
      }
    }
    if (kind >= 18 && roll(4) == 0) {
      piece.pop_back();
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

constexpr const char* json_text = R"(root ::= object
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}"
array ::= "[" ws (value ("," ws value)*)? "]"
string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
ws ::= " "?
)";
constexpr const char* counted_text =
    R"(root ::= "\"" ([^"\\\x00-\x1F] | "\\" ["\\/bfnrt]){2,500} "\"")";
constexpr const char* letters_text = "root ::= [a-z ]{1,1000} \".\"";

GrammarPtr compiled(const std::string& text) {
  return grammar::parse_gbnf(text).value().grammar;
}

void measure_masks(std::size_t size) {
  const auto pieces = synthetic_vocabulary(size);
  const VocabularyTrie trie(pieces);
  std::printf("-- %zu pieces, %zu nodes, %.1f MB\n", trie.size(), trie.nodes().size(),
              static_cast<double>(trie.bytes()) / 1e6);
  struct Row {
    const char* name;
    const char* text;
    const char* begun;
  };
  const Row rows[] = {
      {"mask, forced literal", R"(root ::= "\"properties\":" .*)", ""},
      {"mask, in a literal", R"(root ::= "\"properties\":" .*)", "\"prop"},
      {"mask, JSON begins", json_text, ""},
      {"mask, in a JSON string", json_text, "{\"a\":\"some text"},
      {"mask, in a JSON number", json_text, "{\"a\":12"},
      {"mask, in a counted string", counted_text, "\"some text"},
      {"mask, near the end of a counted string", counted_text, "\""},
      {"mask, counted letters", letters_text, "some text"},
      {"mask, any text", "root ::= .*", "some text"},
      {"mask, words without a loop", "root ::= ([a-f] [g-m] | [g-z] [a-z] [a-z] | \" \")*", ""},
  };
  for (const Row& row : rows) {
    const GrammarPtr made = compiled(row.text);
    std::string begun = row.begun;
    if (std::strstr(row.name, "near the end") != nullptr) {
      begun += std::string(488, 'x');
    }
    std::vector<bool> allowed;
    std::size_t work_used = 0;
    measure(row.name, size > 10'000 ? 20 : 200, [&] {
      Matcher matcher(made);
      (void)matcher.accept(begun);
      grammar::Work work{1'000'000'000};
      const Verdict verdict = matcher.mask(trie, allowed, work);
      work_used = 1'000'000'000 - work.left;
      return verdict == Verdict::yes ? 1U : 0U;
    });
    std::printf("%52s %12zu operations, %zu allowed\n", "", work_used,
                static_cast<std::size_t>(std::count(allowed.begin(), allowed.end(), true)));
  }
  Matcher matcher(compiled(json_text));
  (void)matcher.accept("{\"a\":\"some text");
  std::vector<bool> allowed;
  measure("mask, in a JSON string, again", 200, [&] {
    (void)matcher.accept(" abc");
    return matcher.mask(trie, allowed) == Verdict::yes ? 1U : 0U;
  });
}

/// One step of a server: sixteen answers under grammars, none of which has been here before. Each
/// is told whether a token fits, asks for the mask and takes a token, within what a step may cost.
void measure_step(std::size_t size) {
  constexpr std::uint64_t step_work = 220'000;  // As the engine shares it.
  const auto pieces = synthetic_vocabulary(size);
  const VocabularyTrie trie(pieces);
  std::vector<bool> known;  // What is found out when a model is loaded.
  Matcher loaded(compiled(json_text));
  (void)loaded.accept("{\"a\":\"b");
  (void)loaded.mask(trie, known);
  const std::string strings = "root ::= \"\\\"\" [^\"\\\\\\x00-\\x1F]* \"\\\"\"";
  const std::string words = "root ::= ([a-f] [g-m] | [g-z] [a-z] [a-z] | \" \")*";
  const std::string twofold = "root ::= a\na ::= \"x\" a? a?";
  for (const auto& [name, text, begun] :
       {std::tuple{"16 in a JSON string", std::string(json_text), "{\"a\":\"text"},
        std::tuple{"16 in a string", strings, "\"text"},
        std::tuple{"16 counted", std::string(counted_text), "\"some text"},
        std::tuple{"16 words without a loop", words, "ag"},
        std::tuple{"16 that cost too much", twofold, "x"}}) {
    std::vector<Matcher> matchers(16, Matcher(compiled(text)));
    double worst_us = 0;
    std::uint64_t most_work = 0;
    for (int step = 0; step < (tiny ? 2 : 12); ++step) {
      std::vector<bool> allowed;
      std::uint64_t left = step_work;
      const double start = cpu_ns();
      for (std::size_t i = 0; i < matchers.size(); ++i) {
        grammar::Work work{left / (matchers.size() - i)};
        left -= work.left;
        (void)matchers[i].accept(step == 0 ? begun : "x", work);
        const std::uint64_t kept = work.left / 5;
        work.left -= kept;
        (void)matchers[i].mask(trie, allowed, work);
        work.left += kept;
        (void)matchers[i].allows("ag", work);
        left += work.left;
      }
      worst_us = std::max(worst_us, (cpu_ns() - start) / 1000);
      most_work = std::max(most_work, step_work - left);
    }
    std::printf("%-52s %12.2f us at worst a step, %zu operations\n", name, worst_us,
                static_cast<std::size_t>(most_work));
  }
}

void measure_hostile(const char* name, const std::string& text, const std::string& byte) {
  const auto parsed = grammar::parse_gbnf(text);
  if (!parsed) {
    std::printf("%-52s refused: %s\n", name, parsed.error().keyword.c_str());
    return;
  }
  Matcher matcher(parsed.value().grammar);
  double worst_us = 0;
  std::size_t taken = 0;
  std::size_t most_work = 0;
  for (; taken < 2000; ++taken) {
    const double start = cpu_ns();
    grammar::Work work{grammar::token_work};
    const Verdict verdict = matcher.accept(byte, work);
    most_work = std::max<std::size_t>(most_work, grammar::token_work - work.left);
    worst_us = std::max(worst_us, (cpu_ns() - start) / 1000);
    if (verdict != Verdict::yes) {
      break;
    }
  }
  std::printf("%-52s %12.2f us at worst, %zu operations, %zu bytes taken, %.1f MB\n", name,
              worst_us, most_work, taken, static_cast<double>(matcher.bytes()) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  tiny = argc > 1 && std::strcmp(argv[1], "--tiny") == 0;
  measure("compile JSON", 1000, [&] { return compiled(json_text)->bytes(); });
  std::string many = "root ::= r0\n";
  for (int i = 0; i < 3000; ++i) {
    many += "r" + std::to_string(i) + " ::= \"word " + std::to_string(i) + "\" [a-z]{2,7} r" +
            std::to_string((i + 1) % 3000) + "? | \"x\"\n";
  }
  measure("compile 3,000 rules", 20, [&] { return compiled(many)->bytes(); });
  std::string words = "root ::= \"0\"";
  for (int i = 0; i < 2000; ++i) {
    words += " | \"some-word-" + std::to_string(i * 7919) + "\"";
  }
  measure("compile 2,000 words", 20, [&] { return compiled(words)->bytes(); });

  const GrammarPtr json = compiled(json_text);
  Matcher inside(json);
  (void)inside.accept("{\"a\":\"");
  measure("accept 4 bytes in a string", 100'000,
          [&] { return static_cast<std::size_t>(inside.accept("abcd")); });
  Matcher many_words(compiled(words));
  measure("refuse 4 bytes among 2,000 words", 100'000,
          [&] { return static_cast<std::size_t>(many_words.allows("somx")); });
  const GrammarPtr counted = compiled("root ::= [a-z]{1,100000}");
  Matcher counting(counted);
  measure("accept 4 bytes, counted", 4000,
          [&] { return static_cast<std::size_t>(counting.accept("abcd")); });
  measure("begin and copy", 1000, [&] { return Matcher(Matcher(json)).bytes(); });

  measure_masks(4096);
  if (!tiny) {
    measure_masks(150'000);
  }
  std::printf("-- one step of sixteen answers, 4,096 pieces\n");
  measure_step(4096);
  if (!tiny) {
    std::printf("-- one step of sixteen answers, 150,000 pieces\n");
    measure_step(150'000);
  }
  std::printf("-- hostile\n");
  measure_hostile("((a|a){10})*", R"(root ::= (("a"|"a"){10})*)", "a");
  measure_hostile("(a*)* in itself", R"(root ::= (("a"*)* ("a"*)*)*)", "a");
  measure_hostile("a{0,1000}{0,1000}", R"(root ::= "a"{0,1000}{0,1000})", "a");
  measure_hostile("all sums", R"g(root ::= root-2 root-2? | "a"
root-2 ::= "a" root? root?)g",
                  "a");
  measure_hostile("brackets without end", R"g(root ::= "(" root ")" | "x")g", "((((((((((");
  measure_hostile("(((a?){100}){100}){100}", R"(root ::= ((("a"?){100}){100}){100})", "a");
}
