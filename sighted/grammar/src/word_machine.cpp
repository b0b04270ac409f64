#include "word_machine.hpp"

#include <algorithm>

namespace grammar {

Machine word_machine(const std::vector<std::u32string>& words) {
  std::vector<std::u32string> sorted = words;
  std::sort(sorted.begin(), sorted.end());
  Machine machine;
  machine.add();
  std::vector<std::uint32_t> path{0};  // the states of the word before
  std::u32string_view before;
  for (const std::u32string& word : sorted) {
    std::size_t shared = 0;
    while (shared < before.size() && shared < word.size() && before[shared] == word[shared]) {
      ++shared;
    }
    path.resize(shared + 1);
    for (std::size_t at = shared; at < word.size(); ++at) {
      const std::uint32_t made = machine.add();
      machine.states[path.back()].arcs.push_back({word[at], word[at], made});
      path.push_back(made);
    }
    machine.states[path.back()].end = true;
    before = word;
  }
  return words.empty() ? Machine{} : machine;
}

}  // namespace grammar
