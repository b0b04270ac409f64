// Cosigns checkpoints of logs that only grow.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <note/checkpoint.hpp>
#include <note/note.hpp>
#include <signing/key.hpp>
#include <witness/shelf.hpp>

namespace witness {

/// A request is no longer than this: 63 hashes and a checkpoint.
inline constexpr std::size_t request_bytes_max = 64 * 1024;

struct Answer {
  unsigned status = 200;
  std::string content_type;
  std::string body;
};

class Witness {
 public:
  /// name   of the witness, as it stands in its cosignatures.
  /// logs   keys of the logs it watches; a key's name is its log's. Several of one name: any signs.
  /// Shelf and clock must outlive this.
  Witness(std::string name, signing::Key key, std::vector<note::VerifierKey> logs, Shelf& shelf,
          const base::Clock& clock);

  /// Reads what was kept. A line for people where that is not to be had or makes no sense.
  [[nodiscard]] base::Result<base::Done, std::string> open();

  /// Answers the body of a POST /add-checkpoint. Blocks on the shelf. Any thread.
  [[nodiscard]] Answer add_checkpoint(std::string_view body);

  [[nodiscard]] note::VerifierKey verifier() const;

 private:
  struct Request;
  [[nodiscard]] static std::optional<Request> parse(std::string_view body);
  [[nodiscard]] bool signed_by_log(const note::Note& note, const std::string& origin) const;
  [[nodiscard]] bool knows(const std::string& origin) const;
  Answer judge(const Request& request, const note::Checkpoint& checkpoint);
  Answer cosign(const note::Note& note);

  std::string name_;
  signing::Key key_;
  std::vector<note::VerifierKey> logs_;
  Shelf& shelf_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, note::Checkpoint> latest_;  ///< By origin; guarded by mutex_.
  std::uint64_t last_time_s_ = 0;                   ///< Guarded by mutex_.
};

}  // namespace witness
