// Runs a fuzz target without libFuzzer: over every file of its corpus, and over mutants of
// each made by a seeded generator, so that each run does the same. A crash names its input.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// A target whose inputs take long defines its own.
extern "C" __attribute__((weak)) int mutants_per_file() {
  return 500;
}

namespace {

struct Random {
  std::uint64_t state;
  std::uint64_t below(std::uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return bound == 0 ? 0 : state % bound;
  }
};

std::string mutate(std::string input, Random& random) {
  const auto edits = 1 + random.below(8);
  for (std::uint64_t i = 0; i < edits; ++i) {
    const auto at = static_cast<std::size_t>(random.below(input.size() + 1));
    const auto length = static_cast<std::size_t>(1 + random.below(16));
    switch (random.below(5)) {
      case 0: input.insert(at, 1, static_cast<char>(random.below(256))); break;
      case 1: input.erase(at < input.size() ? at : 0, length); break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        input.insert(
            at, input.substr(static_cast<std::size_t>(random.below(input.size() + 1)), length));
        break;
      default: input.resize(at); break;
    }
  }
  return input;
}

void run(const std::string& name, const std::string& input) {
  // What is being run is left on disk, so that a crash can be looked at.
  if (std::getenv("MAINS_FUZZ_TRACE") != nullptr) {
    std::fprintf(stderr, "%s\n", name.c_str());
    std::ofstream("last_fuzz_input", std::ios::binary) << input;
  }
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  run("(empty)", "");
  std::size_t runs = 1;
  for (const auto& path : files) {
    std::ifstream stream(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    run(path.string(), input);
    // The seed comes from the content, so the order of files does not matter.
    Random random{0x9e3779b97f4a7c15ULL ^ (std::hash<std::string>{}(input) | 1)};
    for (int i = 0; i < mutants_per_file(); ++i) {
      run(path.string() + " mutant " + std::to_string(i), mutate(input, random));
    }
    runs += 1 + static_cast<std::size_t>(mutants_per_file());
  }
  std::printf("%zu inputs of %zu files: no crash\n", runs, files.size());
  return 0;
}
