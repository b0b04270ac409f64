// make_random_model SHAPE FILE [--type TYPE] [--architecture NAME] [--vocabulary GGUF] [--seed N]
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "random_model/random_model.hpp"

namespace {

using engine::random_model::Options;
using engine::random_model::Shape;
using engine::random_model::Type;

const std::map<std::string, Shape> shapes{{"tiny", Shape::tiny},
                                          {"small", Shape::small},
                                          {"tiny-encoder", Shape::tiny_encoder},
                                          {"smollm2-135m", Shape::smollm2_135m},
                                          {"llama-3.2-1b", Shape::llama_1b}};
const std::map<std::string, Type> types{
    {"f32", Type::f32},   {"f16", Type::f16},   {"bf16", Type::bf16}, {"q8_0", Type::q8_0},
    {"q4_0", Type::q4_0}, {"q4_k", Type::q4_k}, {"q5_k", Type::q5_k}, {"q6_k", Type::q6_k}};

int usage() {
  std::fputs(
      "usage: make_random_model SHAPE FILE [--type TYPE] [--architecture NAME] [--vocabulary "
      "GGUF]\n"
      "                         [--seed N]\n"
      "  SHAPE  tiny, small, tiny-encoder, smollm2-135m or llama-3.2-1b\n"
      "  TYPE   f32, f16, bf16, q8_0 (the default), q4_0, q4_k, q5_k or q6_k\n"
      "  NAME   llama (the default), qwen2 or qwen3\n"
      "  GGUF   a file to take the tokenizer from, such as llama.cpp's ggml-vocab-*.gguf\n",
      stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0 || !shapes.contains(argv[1])) {
    return usage();
  }
  Options options;
  options.shape = shapes.at(argv[1]);
  options.type = Type::q8_0;
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--type" && types.contains(value)) {
      options.type = types.at(value);
    } else if (name == "--architecture" &&
               (value == "llama" || value == "qwen2" || value == "qwen3")) {
      options.architecture = value;
    } else if (name == "--vocabulary") {
      options.vocabulary = value;
    } else if (name == "--seed") {
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      return usage();
    }
  }
  const std::string fault = engine::random_model::write(options, argv[2]);
  if (!fault.empty()) {
    std::fprintf(stderr, "make_random_model: %s\n", fault.c_str());
    return 1;
  }
  return 0;
}
