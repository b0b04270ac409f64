#include <witness/witness.hpp>

#include <algorithm>
#include <utility>

#include <note/base64.hpp>
#include <receipt/proof.hpp>
#include <receipt/tree.hpp>

namespace witness {
namespace {

using base::Done;
using base::Fail;

constexpr std::string_view old_word = "old ";
constexpr std::size_t hashes_max = 63;
constexpr std::int64_t ns_per_s = 1'000'000'000;

Answer refuse(unsigned status, std::string_view why) {
  return {status, "text/plain; charset=utf-8", std::string(why) + "\n"};
}

/// What the log must have asked for instead.
Answer conflict(std::uint64_t size) {
  return {409, "text/x.tlog.size", std::to_string(size) + "\n"};
}

/// The line before the next newline, taken off; nothing when there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

struct Witness::Request {
  std::uint64_t old_size = 0;
  receipt::Proof proof;
  note::Note note;
};

std::optional<Witness::Request> Witness::parse(std::string_view body) {
  Request request;
  auto line = take_line(body);
  if (!line || !line->starts_with(old_word)) {
    return std::nullopt;
  }
  const auto size = note::parse_size(line->substr(old_word.size()));
  if (!size) {
    return std::nullopt;
  }
  request.old_size = *size;
  for (line = take_line(body); line && !line->empty(); line = take_line(body)) {
    const auto hash = note::hash_from_base64(*line);
    if (!hash || request.proof.size() == hashes_max) {
      return std::nullopt;
    }
    request.proof.push_back(*hash);
  }
  auto note = note::parse(body);
  if (!line || !note.ok()) {
    return std::nullopt;
  }
  request.note = std::move(note).value();
  return request;
}

Witness::Witness(std::string name, signing::Key key, std::vector<note::VerifierKey> logs,
                 Shelf& shelf, const base::Clock& clock)
    : name_(std::move(name)),
      key_(std::move(key)),
      logs_(std::move(logs)),
      shelf_(shelf),
      clock_(clock) {}

note::VerifierKey Witness::verifier() const {
  return {name_, note::KeyType::cosignature, key_.public_key()};
}

base::Result<Done, std::string> Witness::open() {
  const std::lock_guard lock(mutex_);
  for (const note::VerifierKey& log : logs_) {
    const auto kept = shelf_.read(log.name);
    if (!kept.ok()) {
      return Fail{"cannot read what was kept of the log " + log.name};
    }
    if (!kept.value()) {
      continue;
    }
    const auto note = note::parse(*kept.value());
    const auto checkpoint = note.ok() ? note::parse_checkpoint(note.value().text)
                                      : note::Read<note::Checkpoint>(Fail{note.error()});
    // Without it a fork could be signed: better no witness than a forgetful one.
    if (!checkpoint.ok() || checkpoint.value().origin != log.name) {
      return Fail{"what was kept of the log " + log.name +
                  " is damaged; put back a copy, or give the witness another key and folder"};
    }
    latest_[log.name] = checkpoint.value();
  }
  return Done{};
}

bool Witness::knows(const std::string& origin) const {
  return std::any_of(logs_.begin(), logs_.end(),
                     [&](const note::VerifierKey& log) { return log.name == origin; });
}

bool Witness::signed_by_log(const note::Note& note, const std::string& origin) const {
  return std::any_of(logs_.begin(), logs_.end(), [&](const note::VerifierKey& log) {
    return log.name == origin && note::verify(note, log).ok();
  });
}

Answer Witness::add_checkpoint(std::string_view body) {
  const auto request = body.size() <= request_bytes_max ? parse(body) : std::nullopt;
  if (!request) {
    return refuse(400, "the body is not: old SIZE, hashes, an empty line, a checkpoint");
  }
  const auto checkpoint = note::parse_checkpoint(request->note.text);
  if (!checkpoint.ok()) {
    return refuse(400, "the note is no checkpoint");
  }
  if (!knows(checkpoint.value().origin)) {
    return refuse(404, "this witness does not watch that log");
  }
  if (!signed_by_log(request->note, checkpoint.value().origin)) {
    return refuse(403, "the checkpoint is not signed by a key of that log");
  }
  if (request->old_size > checkpoint.value().size) {
    return refuse(400, "the old size is above the new one");
  }
  const std::lock_guard lock(mutex_);
  return judge(*request, checkpoint.value());
}

Answer Witness::judge(const Request& request, const note::Checkpoint& checkpoint) {
  const auto kept = latest_.find(checkpoint.origin);
  const note::Checkpoint before =
      kept == latest_.end() ? note::Checkpoint{checkpoint.origin, 0, receipt::empty_root()}
                            : kept->second;
  if (request.old_size != before.size) {
    return conflict(before.size);
  }
  if (checkpoint.size == before.size && checkpoint.root != before.root) {
    return conflict(before.size);  // a fork: two trees of one size
  }
  if (!receipt::extends(before.root, before.size, checkpoint.root, checkpoint.size,
                        request.proof)) {
    return refuse(422, "the proof does not show that the log only grew");
  }
  if (checkpoint != before || kept == latest_.end()) {
    if (!shelf_.write(checkpoint.origin, note::to_text(request.note)).ok()) {
      // It may be on disk all the same. Nothing was cosigned, so either may be gone on from.
      return refuse(503, "this witness cannot write to its disk");
    }
    latest_[checkpoint.origin] = checkpoint;
  }
  return cosign(request.note);
}

Answer Witness::cosign(const note::Note& note) {
  const auto now_s =
      static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now().value, 0) / ns_per_s);
  last_time_s_ = std::max(last_time_s_, now_s);
  return {200, "text/plain; charset=utf-8",
          note::to_text(note::cosign(note.text, name_, key_, last_time_s_))};
}

}  // namespace witness
