#include <array>
#include <string>

#include "pattern_categories.hpp"
#include "pattern_set.hpp"

namespace grammar {

namespace {

struct LongName {
  std::string_view name;
  std::string_view code;
};

constexpr std::array long_names = {
    LongName{"Letter", "L"},
    LongName{"Uppercase_Letter", "Lu"},
    LongName{"Uppercase", "Lu"},
    LongName{"Lowercase_Letter", "Ll"},
    LongName{"Lowercase", "Ll"},
    LongName{"Titlecase_Letter", "Lt"},
    LongName{"Cased_Letter", "LC"},
    LongName{"Modifier_Letter", "Lm"},
    LongName{"Other_Letter", "Lo"},
    LongName{"Mark", "M"},
    LongName{"Nonspacing_Mark", "Mn"},
    LongName{"Spacing_Mark", "Mc"},
    LongName{"Enclosing_Mark", "Me"},
    LongName{"Number", "N"},
    LongName{"Decimal_Number", "Nd"},
    LongName{"Letter_Number", "Nl"},
    LongName{"Other_Number", "No"},
    LongName{"Punctuation", "P"},
    LongName{"Connector_Punctuation", "Pc"},
    LongName{"Dash_Punctuation", "Pd"},
    LongName{"Open_Punctuation", "Ps"},
    LongName{"Close_Punctuation", "Pe"},
    LongName{"Initial_Punctuation", "Pi"},
    LongName{"Final_Punctuation", "Pf"},
    LongName{"Other_Punctuation", "Po"},
    LongName{"Symbol", "S"},
    LongName{"Math_Symbol", "Sm"},
    LongName{"Currency_Symbol", "Sc"},
    LongName{"Modifier_Symbol", "Sk"},
    LongName{"Other_Symbol", "So"},
    LongName{"Separator", "Z"},
    LongName{"Space_Separator", "Zs"},
    LongName{"Line_Separator", "Zl"},
    LongName{"Paragraph_Separator", "Zp"},
    LongName{"Other", "C"},
    LongName{"Control", "Cc"},
    LongName{"Format", "Cf"},
    LongName{"Private_Use", "Co"},
    LongName{"Unassigned", "Cn"},
};

/// The letter that stands for a category in category_runs.
char letter_of(std::string_view category) {
  const std::size_t at = category_names.find(category);
  const std::size_t index = at / 3;
  return static_cast<char>(index < 26 ? 'A' + index : 'a' + (index - 26));
}

/// The letters of all categories that `code` names; empty where it names none.
std::string letters_of(std::string_view code) {
  if (code == "LC") return {letter_of("Lu"), letter_of("Ll"), letter_of("Lt")};
  std::string letters;
  for (std::size_t at = 0; at < category_names.size(); at += 3) {
    const std::string_view category = category_names.substr(at, 2);
    if (code == category || (code.size() == 1 && code[0] == category[0])) {
      letters += letter_of(category);
    }
  }
  return letters;
}

CodeSet set_of_letters(std::string_view letters) {
  std::vector<CodeRange> ranges;
  char32_t next = 0;
  char32_t count = 0;
  for (const char letter : category_runs) {
    if (letter >= '0' && letter <= '9') {
      count = count * 10 + static_cast<char32_t>(letter - '0');
      continue;
    }
    if (count == 0) count = 1;
    if (letters.find(letter) != std::string_view::npos) ranges.push_back({next, next + count - 1});
    next += count;
    count = 0;
  }
  return CodeSet::of(std::move(ranges));
}

}  // namespace

std::optional<CodeSet> property_set(std::string_view name) {
  if (name == "Any") return any_set();
  if (name == "ASCII") return CodeSet{0, 0x7F};
  if (name == "White_Space" || name == "space") return space_set();
  for (const std::string_view key : {"General_Category=", "gc="}) {
    if (name.starts_with(key)) {
      name.remove_prefix(key.size());
      break;
    }
  }
  if (name == "Alphabetic" || name == "Alpha") name = "L";
  for (const LongName& known : long_names) {
    if (name == known.name) name = known.code;
  }
  const std::string letters = letters_of(name);
  if (letters.empty()) return std::nullopt;
  return set_of_letters(letters);
}

}  // namespace grammar
