#include "witnesses.hpp"

#include <chrono>
#include <utility>

#include <client/fetch.hpp>
#include <note/base64.hpp>

namespace tlog {
namespace {

constexpr std::chrono::milliseconds patience{5'000};
constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr unsigned conflict = 409;

std::string body_of(const Head& head, std::uint64_t before, const receipt::Proof& proof) {
  std::string body = "old " + std::to_string(before) + "\n";
  for (const terms::Digest& hash : proof) {
    body += note::to_base64(hash) + "\n";
  }
  return body + "\n" + note::to_text(head.note);
}

/// The first signature that is the witness's own and verifies.
std::optional<note::Signature> cosignature_in(const std::string& lines, const Witness& witness,
                                              const Head& head) {
  const auto signatures = note::parse_signatures(lines);
  if (!signatures.ok()) {
    return std::nullopt;
  }
  for (const note::Signature& signature : signatures.value()) {
    const note::Note cosigned{head.note.text, {signature}};
    if (note::verify(cosigned, witness.key).ok()) {
      return signature;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<note::Signature> Witnesses::ask(const Head& head, std::stop_token stop) {
  std::vector<note::Signature> given;
  for (const Witness& witness : witnesses_) {
    if (stop.stop_requested()) break;
    if (auto signature = ask_one(witness, head, stop)) {
      given.push_back(std::move(*signature));
    }
  }
  return given;
}

std::optional<note::Signature> Witnesses::ask_one(const Witness& witness, const Head& head,
                                                  const std::stop_token& stop) {
  std::uint64_t& known = sizes_[witness.url];
  // Twice: the first answer may be that the witness stands elsewhere than we thought.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (known > head.checkpoint.size) {
      return std::nullopt;  // it has seen a larger tree of ours; the next head will do
    }
    const auto proof = prove_(head, known);
    if (!proof) {
      return std::nullopt;
    }
    client::Request request;
    request.method = "POST";
    request.url = witness.url + "/add-checkpoint";
    request.headers = {{"content-type", "text/plain; charset=utf-8"}};
    request.body = body_of(head, known, *proof);
    request.connect_timeout = patience;
    request.timeout = patience;
    request.response_bytes_max = answer_bytes_max;
    request.stop = stop;
    const auto answer = client::fetch(request);
    if (!answer.ok()) {
      return std::nullopt;
    }
    if (answer.value().ok()) {
      auto signature = cosignature_in(answer.value().body, witness, head);
      if (signature) known = head.checkpoint.size;
      return signature;
    }
    const std::string& body = answer.value().body;
    const auto size = body.ends_with('\n')
                          ? note::parse_size(std::string_view(body).substr(0, body.size() - 1))
                          : std::nullopt;
    if (answer.value().status != conflict || !size || *size == known) {
      return std::nullopt;
    }
    known = *size;
  }
  return std::nullopt;
}

}  // namespace tlog
