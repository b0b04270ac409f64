// Greedy answers from a GGUF through libllama, for evaluate.py.
// usage: greedy MODEL CONTEXT < frames > frames. A frame in is "MAX LENGTH\n" and LENGTH bytes of
// prompt (special tokens as text); out, "LENGTH IDS...\n" and LENGTH bytes of answer. MAX 0: the
// answer is empty and IDS are the prompt's tokens.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "llama.h"

namespace {

std::vector<llama_token> tokens_of(const llama_vocab* vocab, const std::string& text) {
  std::vector<llama_token> out(text.size() + 8);
  const int n = llama_tokenize(vocab, text.data(), static_cast<int>(text.size()), out.data(),
                               static_cast<int>(out.size()), false, true);
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

llama_token best(const float* logits, int size) {
  int at = 0;
  for (int i = 1; i < size; ++i) {
    if (logits[i] > logits[at]) {
      at = i;
    }
  }
  return at;
}

std::string answer(llama_context* ctx, const llama_vocab* vocab, std::vector<llama_token> prompt,
                   int most) {
  llama_memory_clear(llama_get_memory(ctx), true);
  std::string out;
  const int step = static_cast<int>(llama_n_batch(ctx));
  for (size_t at = 0; at < prompt.size(); at += static_cast<size_t>(step)) {
    const int n = std::min<int>(step, static_cast<int>(prompt.size() - at));
    if (llama_decode(ctx, llama_batch_get_one(prompt.data() + at, n)) != 0) {
      return "<full>";
    }
  }
  for (int i = 0; i < most; ++i) {
    llama_token next = best(llama_get_logits_ith(ctx, -1), llama_vocab_n_tokens(vocab));
    if (llama_vocab_is_eog(vocab, next)) {
      break;
    }
    char piece[256];
    const int n = llama_token_to_piece(vocab, next, piece, sizeof piece, 0, true);
    if (n > 0) {
      out.append(piece, static_cast<size_t>(n));
    }
    if (llama_decode(ctx, llama_batch_get_one(&next, 1)) != 0) {
      break;
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    return 2;
  }
  llama_log_set(
      [](ggml_log_level level, const char* text, void*) {
        if (level == GGML_LOG_LEVEL_ERROR) {
          std::fputs(text, stderr);
        }
      },
      nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (model == nullptr) {
    return 1;
  }
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(std::atoi(argv[2]));
  params.n_batch = params.n_ubatch = 512;
  params.n_threads = params.n_threads_batch = 1;
  llama_context* ctx = llama_init_from_model(model, params);
  const llama_vocab* vocab = llama_model_get_vocab(model);
  int most = 0;
  size_t length = 0;
  while (std::cin >> most >> length) {
    std::cin.get();
    std::string prompt(length, '\0');
    std::cin.read(prompt.data(), static_cast<std::streamsize>(length));
    const auto ids = tokens_of(vocab, prompt);
    const std::string out = most > 0 ? answer(ctx, vocab, ids, most) : "";
    std::cout << out.size();
    for (const auto id : ids) {
      std::cout << ' ' << id;
    }
    std::cout << '\n' << out << std::flush;
  }
  llama_free(ctx);
  llama_model_free(model);
}
