#include "schema_property.hpp"

#include <algorithm>
#include <ctime>
#include <string_view>

#include <grammar/matcher.hpp>
#include <grammar/schema.hpp>

#include "schema_maker.hpp"
#include "schema_validator.hpp"

namespace grammar {

namespace {

constexpr double accept_ms_max = 50;
constexpr double refuse_ms_max = 20;
constexpr std::size_t bytes_max = std::size_t{64} << 20U;
constexpr std::size_t text_max = 400;

double thread_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Dice {
  std::uint64_t state;
  std::size_t below(std::size_t bound) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return static_cast<std::size_t>(state % bound);
  }
};

enum class Ending { whole, cut, stuck, costly };

/// A text made byte by byte: anything at first, then what brings it to an end.
Ending make_text(const GrammarPtr& grammar, Dice& dice, std::string& text) {
  static constexpr std::string_view closing = "]}\"";
  static constexpr std::string_view likely = "\"{}[],: 0123456789abntfp-.";
  Matcher matcher(grammar);
  while (text.size() < text_max) {
    if (matcher.may_end() && (matcher.must_end() || text.size() > 60 || dice.below(4) == 0)) {
      return Ending::whole;
    }
    int next = -1;
    const auto fits = [&](char byte) {
      const Verdict verdict = matcher.allows({&byte, 1});
      next = verdict == Verdict::no ? next : static_cast<unsigned char>(byte);
      return verdict != Verdict::no;
    };
    for (std::size_t at = 0; text.size() > 60 && at < closing.size() && next < 0; ++at) {
      (void)fits(closing[at]);
    }
    for (int tries = 0; tries < 12 && next < 0; ++tries) {
      (void)fits(likely[dice.below(likely.size())]);
    }
    const std::size_t from = dice.below(256);
    for (std::size_t step = 0; step < 256 && next < 0; ++step) {
      (void)fits(static_cast<char>((from + step) % 256));
    }
    if (next < 0) {
      return matcher.may_end() ? Ending::whole : Ending::stuck;
    }
    const char byte = static_cast<char>(next);
    const Verdict verdict = matcher.accept({&byte, 1});
    if (verdict != Verdict::yes) {
      return verdict == Verdict::too_costly ? Ending::costly : Ending::stuck;
    }
    text += byte;
  }
  return Ending::cut;
}

/// `check`: the schema is one of the maker's, which the plain validator knows in full.
SchemaTrial trial_of(const std::string& schema, std::uint64_t seed, double slow, bool write,
                     bool check) {
  SchemaTrial trial;
  trial.schema = schema;
  for (const SchemaMode mode : {SchemaMode::lenient, SchemaMode::strict}) {
    const double start = thread_ms();
    auto compiled = compile_schema(schema, mode);
    const double took = thread_ms() - start;
    double& most = compiled.ok() ? trial.accept_ms : trial.refuse_ms;
    most = std::max(most, took);
    if (took > slow * (compiled.ok() ? accept_ms_max : refuse_ms_max)) {
      trial.fault = "time " + std::to_string(took) + " ms";
      return trial;
    }
    if (!compiled.ok()) {
      if (compiled.error().keyword.empty()) {
        trial.fault = "a refusal without a keyword";
        return trial;
      }
      continue;
    }
    const GrammarPtr grammar = compiled.value().grammar;
    if (grammar->bytes() > bytes_max) {
      trial.fault = "memory " + std::to_string(grammar->bytes());
      return trial;
    }
    if (mode == SchemaMode::lenient) {
      continue;
    }
    trial.compiled = true;
    if (!write) {
      continue;
    }
    Dice dice{seed | 1U};
    std::string text;
    const Ending ending = make_text(grammar, dice, text);
    trial.text_whole = ending == Ending::whole;
    if (ending == Ending::stuck) {
      trial.fault = "a dead end after " + text;
    } else if (ending == Ending::whole) {
      const std::string broken = check ? SchemaValidator(schema).fault(text) : "";
      trial.fault = broken.empty() ? "" : broken + " broken by " + text;
    }
  }
  return trial;
}

}  // namespace

SchemaTrial try_schema(const std::string& schema, std::uint64_t seed, double slow) {
  return trial_of(schema, seed, slow, true, false);
}

SchemaTrial try_schema(std::span<const std::uint8_t> bytes, double slow, bool text) {
  std::uint64_t seed = bytes.size();
  for (const std::uint8_t byte : bytes) {
    seed = seed * 0x100000001B3U ^ byte;
  }
  return trial_of(SchemaMaker(bytes).make(), seed, slow, text, true);
}

}  // namespace grammar
