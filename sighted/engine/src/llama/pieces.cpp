#include "pieces.hpp"

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

}  // namespace

Pieces::Pieces(const Vocabulary& vocabulary)
    : ends_(ends_of(vocabulary)), pieces_(pieces_of(vocabulary)), trie_(pieces_) {}

}  // namespace engine::llama
