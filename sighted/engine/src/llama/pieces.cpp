#include "pieces.hpp"

#include <grammar/matcher.hpp>
#include <grammar/schema.hpp>

namespace engine::llama {
namespace {

content::TokenIds ends_of(const Vocabulary& vocabulary) {
  content::TokenIds ends;
  for (content::TokenId id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.ends_generation(id)) {
      ends.push_back(id);
    }
  }
  return ends;
}

std::vector<std::string> pieces_of(const Vocabulary& vocabulary) {
  std::vector<std::string> pieces(static_cast<std::size_t>(vocabulary.size()));
  for (content::TokenId id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary.ends_generation(id)) {
      pieces[static_cast<std::size_t>(id)] = vocabulary.piece(id, false);
    }
  }
  return pieces;
}

/// Has the trie remember what of the vocabulary fits within a JSON string. That takes some ms and
/// is wanted by almost every schema: a step is no place for it.
void remember_strings(const grammar::VocabularyTrie& trie) {
  grammar::Matcher inside(grammar::any_json_object());
  std::vector<bool> allowed;
  if (inside.accept(R"({"a":"b)") == grammar::Verdict::yes) {
    (void)inside.mask(trie, allowed);
  }
}

}  // namespace

Pieces::Pieces(const Vocabulary& vocabulary)
    : ends_(ends_of(vocabulary)), pieces_(pieces_of(vocabulary)), trie_(pieces_) {
  remember_strings(trie_);
}

}  // namespace engine::llama
