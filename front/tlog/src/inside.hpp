// What a Log is made of.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <tlog/log.hpp>

#include "archive.hpp"
#include "publisher.hpp"
#include "witnesses.hpp"

namespace tlog {

class Log::Inside {
 public:
  Inside(std::filesystem::path dir, Surroundings surroundings, std::unique_ptr<Archive> archive,
         std::unique_ptr<Publisher> publisher, std::vector<Witness> witnesses);
  ~Inside() { stop(); }

  void start();
  void stop();
  Answer<bool> turn();
  void ask_witnesses(const std::stop_token& stop);

  Answer<std::uint64_t> publish(std::string_view document);
  Answer<PublishedDocument> publish_liabilities();
  Answer<PublishedDocument> rotate_key();
  Answer<base::Done> drop_previous_key();
  Answer<std::optional<std::uint64_t>> leaf_of(std::string_view document);

  [[nodiscard]] std::string checkpoint() const;
  [[nodiscard]] std::string witnessed() const;
  /// A checkpoint to prove by: its size and the signed note. Size 0: there is none.
  struct Sealed {
    std::uint64_t size = 0;
    std::string note;
  };
  [[nodiscard]] Sealed newest() const;
  [[nodiscard]] Sealed cosigned() const;
  std::optional<Tree> tree_of(Sealed sealed);
  [[nodiscard]] State state() const;
  [[nodiscard]] std::uint64_t size() const;

  Answer<std::optional<std::string>> tile(const receipt::Tile& tile);
  Answer<std::optional<std::string>> entries(const receipt::Tile& tile);
  Answer<std::optional<Inclusion>> prove(std::uint64_t leaf);

  const std::filesystem::path dir;
  const Surroundings around;
  const std::unique_ptr<Archive> archive;
  const std::unique_ptr<Publisher> publisher;

 private:
  Answer<bool> sign_new();
  Answer<base::Done> liabilities_due();
  [[nodiscard]] terms::Digest random_digest() const;
  Answer<PublishedDocument> publish_day(base::UnixNs now, bool once);
  Answer<base::Done> replace_key(const Identity& next);
  void show_witnessed(std::string note);
  void sign_each_second(const std::stop_token& stop);
  void ask_each_head(const std::stop_token& stop);

  std::mutex turn_mutex_;  ///< One turn or rotation at a time.
  Witnesses witnesses_;
  const bool has_witnesses_;

  mutable std::mutex mutex_;  ///< Guards what follows.
  State state_;
  std::string witnessed_;       ///< The newest checkpoint with cosignatures.
  std::string witnessed_text_;  ///< What they are under.
  std::uint64_t witnessed_size_ = 0;
  std::condition_variable_any new_head_;
  std::uint64_t heads_ = 0;  ///< Counts them, for whoever waits for the next.
  std::jthread signer_;
  std::jthread asker_;
};

/// The proof that `before` is the beginning of `size`, or nothing.
[[nodiscard]] std::optional<receipt::Proof> consistency(ledger::Reader& reader, Archive& archive,
                                                        std::uint64_t size, std::uint64_t before);

}  // namespace tlog
