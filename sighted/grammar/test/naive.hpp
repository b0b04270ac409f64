// Grammars as trees, with a recognizer so plain that it can be believed, to compare with.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace naive {

struct Tree {
  enum class Kind { literal, any_of, rule, sequence, choice, repeat };
  Kind kind = Kind::literal;
  std::string text;  ///< The literal; the class's characters.
  int rule = 0;      ///< Which rule is called.
  int min = 0;       ///< Of a repetition;
  int max = 0;       ///< -1: no bound.
  std::vector<Tree> parts;
};

/// Bit i: what is matched may end at place i.
using Places = std::uint32_t;

/// Places after `tree` from each of `from`, with what is known of the rules so far.
inline Places match(const Tree& tree, std::string_view text, Places from,
                    const std::vector<std::vector<Places>>& rules) {
  Places after = 0;
  switch (tree.kind) {
    case Tree::Kind::literal:
      for (std::size_t i = 0; i <= text.size(); ++i) {
        if ((from >> i & 1) != 0 && text.substr(i, tree.text.size()) == tree.text) {
          after |= Places{1} << (i + tree.text.size());
        }
      }
      return after;
    case Tree::Kind::any_of:
      for (std::size_t i = 0; i < text.size(); ++i) {
        if ((from >> i & 1) != 0 && tree.text.find(text[i]) != std::string::npos) {
          after |= Places{2} << i;
        }
      }
      return after;
    case Tree::Kind::rule:
      for (std::size_t i = 0; i <= text.size(); ++i) {
        after |= (from >> i & 1) != 0 ? rules[static_cast<std::size_t>(tree.rule)][i] : 0;
      }
      return after;
    case Tree::Kind::sequence:
      for (const Tree& part : tree.parts) {
        from = match(part, text, from, rules);
      }
      return from;
    case Tree::Kind::choice:
      for (const Tree& part : tree.parts) {
        after |= match(part, text, from, rules);
      }
      return after;
    case Tree::Kind::repeat: {
      Places now = from;
      const int rounds = tree.max < 0 ? tree.min + static_cast<int>(text.size()) + 1 : tree.max;
      for (int pass = 0; pass <= rounds; ++pass) {
        after |= pass >= tree.min ? now : 0;
        now = match(tree.parts[0], text, now, rules);
      }
      return after;
    }
  }
  return 0;
}

/// Whether rule 0 matches all of `text` (31 bytes at most).
inline bool matches(const std::vector<Tree>& trees, std::string_view text) {
  std::vector<std::vector<Places>> rules(trees.size(), std::vector<Places>(text.size() + 1));
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t rule = 0; rule < trees.size(); ++rule) {
      for (std::size_t i = 0; i <= text.size(); ++i) {
        const Places now = match(trees[rule], text, Places{1} << i, rules);
        grown = grown || now != rules[rule][i];
        rules[rule][i] = now;
      }
    }
  }
  return (rules[0][0] >> text.size() & 1) != 0;
}

inline std::string gbnf(const Tree& tree) {
  const auto joined = [&](const char* between) {
    std::string text = "(";
    for (std::size_t i = 0; i < tree.parts.size(); ++i) {
      text += (i > 0 ? between : "") + gbnf(tree.parts[i]);
    }
    return text + ")";
  };
  switch (tree.kind) {
    case Tree::Kind::literal: return '"' + tree.text + '"';
    case Tree::Kind::any_of: return '[' + tree.text + ']';
    case Tree::Kind::rule: return tree.rule == 0 ? "root" : "r-" + std::to_string(tree.rule);
    case Tree::Kind::sequence: return joined(" ");
    case Tree::Kind::choice: return joined(" | ");
    case Tree::Kind::repeat: {
      const std::string body = gbnf(tree.parts[0]);
      const std::string min = std::to_string(tree.min);
      return body + "{" + min + "," + (tree.max < 0 ? "" : std::to_string(tree.max)) + "}";
    }
  }
  return "";
}

inline std::string gbnf(const std::vector<Tree>& trees) {
  std::string text;
  for (std::size_t rule = 0; rule < trees.size(); ++rule) {
    Tree called;
    called.kind = Tree::Kind::rule;
    called.rule = static_cast<int>(rule);
    text += gbnf(called) + " ::= " + gbnf(trees[rule]) + "\n";
  }
  return text;
}

/// A random tree over the letters a and b that calls rules 0 .. rules - 1.
inline Tree random_tree(std::mt19937& dice, int depth, int rules) {
  const auto roll = [&](int sides) {
    return static_cast<int>(dice() % static_cast<unsigned>(sides));
  };
  constexpr const char* literals[] = {"", "a", "b", "ab", "ba", "aab"};
  constexpr const char* classes[] = {"a", "b", "ab"};
  Tree tree;
  switch (depth > 0 ? roll(8) : roll(4)) {
    case 0:
    case 1: tree.text = literals[roll(6)]; return tree;
    case 2:
      tree.kind = Tree::Kind::any_of;
      tree.text = classes[roll(3)];
      return tree;
    case 3:
      tree.kind = Tree::Kind::rule;
      tree.rule = roll(rules);
      return tree;
    case 4:
    case 5: tree.kind = Tree::Kind::sequence; break;
    case 6: tree.kind = Tree::Kind::choice; break;
    default:
      tree.kind = Tree::Kind::repeat;
      tree.min = roll(4);
      tree.max = roll(3) == 0 ? -1 : tree.min + roll(4);
      tree.parts.push_back(random_tree(dice, depth - 1, rules));
      return tree;
  }
  const int parts = 2 + roll(2);
  for (int i = 0; i < parts; ++i) {
    tree.parts.push_back(random_tree(dice, depth - 1, rules));
  }
  return tree;
}

inline std::vector<Tree> random_grammar(std::mt19937& dice) {
  const int rules = 1 + static_cast<int>(dice() % 3);
  std::vector<Tree> trees;
  for (int i = 0; i < rules; ++i) {
    trees.push_back(random_tree(dice, 3, rules));
  }
  return trees;
}

/// All texts over a and b of up to `longest` letters.
inline std::vector<std::string> all_texts(std::size_t longest) {
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].size() < longest) {
      texts.push_back(texts[i] + 'a');
      texts.push_back(texts[i] + 'b');
    }
  }
  return texts;
}

}  // namespace naive
