#include <client/download.hpp>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include "easy.hpp"
#include "part_file.hpp"

namespace client {

namespace {

constexpr std::chrono::seconds wait_max{30};

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// One answer, going into the part file.
class PartReceiver final : public Receiver {
 public:
  PartReceiver(const Download& wanted, PartFile& part, const Easy& easy, Progress& progress)
      : wanted_(wanted), part_(part), easy_(easy), progress_(progress) {}

  bool on_body(std::string_view piece) override {
    if (!begun_) {
      begun_ = true;
      if (!begin()) return false;
    }
    if (!is_file_) return true;  // what a server says beside an error is of no use
    if (!part_.append(piece)) return stop(Reason::disk, part_.error());
    progress_.done_bytes = part_.size();
    if (wanted_.size_bytes && part_.size() > *wanted_.size_bytes) {
      return stop(Reason::mismatch, wanted_.url + ": the file there is longer than expected");
    }
    if (wanted_.progress) wanted_.progress(progress_);
    return true;
  }

  [[nodiscard]] bool begun() const { return begun_; }

  /// Set where it was us who stopped.
  std::optional<Failure> failure;
  /// The server sent a part of a file that is not the one begun: the download starts anew.
  bool another_file = false;

 private:
  bool begin() {
    const unsigned status = easy_.status();
    is_file_ = status == 200 || status == 206;
    if (!is_file_) return true;
    if (status == 200 && !part_.restart()) return stop(Reason::disk, part_.error());
    if (status == 200) progress_.resumed_bytes = 0;
    const std::string_view range = find_header(easy_.headers(), "content-range");
    if (status == 206 && !range.starts_with("bytes " + std::to_string(part_.size()) + "-")) {
      return stop(Reason::broken, wanted_.url + ": the server sent another range than asked");
    }
    // A server may ignore If-Range. Parts of two files must not be joined (RFC 9110, 15.3.7.3).
    another_file = status == 206 && find_header(easy_.headers(), "etag") != part_.tag();
    if (another_file) return false;
    part_.remember_tag(find_header(easy_.headers(), "etag"));
    const std::uint64_t coming = number_in(find_header(easy_.headers(), "content-length"));
    progress_.total_bytes = coming == 0 ? wanted_.size_bytes.value_or(0) : part_.size() + coming;
    if (wanted_.size_bytes && coming != 0 && progress_.total_bytes != *wanted_.size_bytes) {
      return stop(Reason::mismatch, wanted_.url + ": the file there has " +
                                        std::to_string(progress_.total_bytes) + " bytes, not " +
                                        std::to_string(*wanted_.size_bytes));
    }
    std::error_code ec;
    const auto folder = wanted_.file.has_parent_path() ? wanted_.file.parent_path() : ".";
    const auto space = std::filesystem::space(folder, ec);
    if (!ec && coming > space.available) {
      return stop(Reason::disk, folder.string() + ": " + std::to_string(coming) +
                                    " bytes are to come, and there is room for " +
                                    std::to_string(space.available));
    }
    return true;
  }

  bool stop(Reason reason, std::string text) {
    failure = Failure{reason, std::move(text)};
    return false;
  }

  const Download& wanted_;
  PartFile& part_;
  const Easy& easy_;
  Progress& progress_;
  bool begun_ = false;
  bool is_file_ = false;
};

enum class Next : std::uint8_t { done, again, give_up };

struct Outcome {
  Next next = Next::give_up;
  Failure failure = {};
  std::chrono::milliseconds wait_least{0};
};

Outcome refused(const Download& wanted, unsigned status) {
  std::string text = wanted.url + ": status " + std::to_string(status);
  if (status == 401 || status == 403) {
    text += wanted.bearer_token.empty() ? "; it needs an access token"
                                        : "; the access token does not open it";
  } else if (status == 404) {
    text += "; there is no such file";
  }
  return {Next::give_up, {Reason::refused, std::move(text)}};
}

Outcome judge_status(const Download& wanted, PartFile& part, const Easy& easy) {
  const unsigned status = easy.status();
  if (status == 200 || status == 206) return {Next::done};
  if (status == 416) {
    // "bytes */1234": we may have it all already; otherwise the part is of no use.
    const std::string_view range = find_header(easy.headers(), "content-range");
    const std::size_t slash = range.find('/');
    if (slash != std::string_view::npos && part.size() > 0 &&
        number_in(range.substr(slash + 1)) == part.size()) {
      return {Next::done};
    }
    if (!part.restart()) return {Next::give_up, {Reason::disk, part.error()}};
    return {Next::again, {Reason::refused, wanted.url + ": no such range"}};
  }
  if (status == 408 || status == 429 || status >= 500) {
    const std::uint64_t seconds = number_in(find_header(easy.headers(), "retry-after"));
    const auto wait = std::chrono::seconds(std::min<std::uint64_t>(seconds, 30));
    return {
        Next::again, {Reason::refused, wanted.url + ": status " + std::to_string(status)}, wait};
  }
  return refused(wanted, status);
}

Outcome try_once(const Download& wanted, PartFile& part, Progress& progress) {
  Easy easy(wanted.url, wanted.stop);
  easy.set(CURLOPT_FOLLOWLOCATION, 1L);
  easy.set(CURLOPT_MAXREDIRS, 10L);
  easy.set(CURLOPT_CONNECTTIMEOUT, 15L);
  easy.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  easy.set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(wanted.stall_timeout.count()));
  easy.set(CURLOPT_BUFFERSIZE, 256L * 1024);
  // libcurl leaves this header out when a redirect leads to another host, port or scheme.
  if (!wanted.bearer_token.empty()) {
    easy.add_header("Authorization", "Bearer " + wanted.bearer_token);
  }
  // Only a strong validator says that the rest belongs to what is here.
  if (part.size() > 0 && part.tag().empty()) {
    if (!part.restart()) return {Next::give_up, {Reason::disk, part.error()}};
    progress.resumed_bytes = 0;
  }
  if (part.size() > 0) {
    easy.add_header("Range", "bytes=" + std::to_string(part.size()) + "-");
    easy.add_header("If-Range", part.tag());
  }
  PartReceiver receiver(wanted, part, easy, progress);
  const CURLcode code = easy.perform(receiver);
  if (receiver.another_file) {
    if (!part.restart()) return {Next::give_up, {Reason::disk, part.error()}};
    return {Next::again, {Reason::broken, wanted.url + ": the file there has changed"}};
  }
  if (receiver.failure) {
    const bool useless = receiver.failure->reason == Reason::mismatch;
    if (useless) part.discard();
    return {Next::give_up, *receiver.failure};
  }
  if (code == CURLE_OK) {
    const bool now_empty = easy.status() == 200 && !receiver.begun();
    if (now_empty && !part.restart()) return {Next::give_up, {Reason::disk, part.error()}};
    return judge_status(wanted, part, easy);
  }
  Failure failure = easy.failure_of(code);
  const bool hopeless = failure.reason == Reason::bad_url || failure.reason == Reason::stopped ||
                        failure.reason == Reason::tls;
  return {hopeless ? Next::give_up : Next::again, std::move(failure)};
}

/// False when it was stopped.
bool wait_before_next(std::chrono::milliseconds wait, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  (void)never.wait_for(lock, stop, wait, [] { return false; });
  return !stop.stop_requested();
}

base::Result<Downloaded, Failure> conclude(const Download& wanted, PartFile& part,
                                           const Progress& progress) {
  Downloaded downloaded{part.size(), part.sha256(), progress.resumed_bytes, false};
  std::string wrong;
  if (wanted.size_bytes && *wanted.size_bytes != downloaded.size_bytes) {
    wrong = std::to_string(downloaded.size_bytes) + " bytes came, not " +
            std::to_string(*wanted.size_bytes);
  } else if (!wanted.sha256.empty() && wanted.sha256 != downloaded.sha256) {
    wrong = "its SHA-256 is " + downloaded.sha256 + ", not " + wanted.sha256;
  }
  if (!wrong.empty()) {
    part.discard();
    return base::Fail{
        Failure{Reason::mismatch, wanted.url + ": " + wrong + ". Nothing of it was kept."}};
  }
  if (!part.finish()) return base::Fail{Failure{Reason::disk, part.error()}};
  return downloaded;
}

}  // namespace

base::Result<Downloaded, Failure> download(const Download& wanted) {
  std::error_code ec;
  const std::uint64_t there = std::filesystem::file_size(wanted.file, ec);
  if (!ec && !wanted.sha256.empty() && wanted.size_bytes.value_or(there) == there &&
      digest_of_file(wanted.file) == wanted.sha256) {
    return Downloaded{there, wanted.sha256, 0, true};
  }
  PartFile part(wanted.file);
  if (!part.open()) return base::Fail{Failure{Reason::disk, part.error()}};
  Progress progress;
  progress.done_bytes = progress.resumed_bytes = part.size();
  unsigned in_vain = 0;
  for (;;) {
    const std::uint64_t before = part.size();
    const Outcome outcome = try_once(wanted, part, progress);
    if (outcome.next == Next::done) return conclude(wanted, part, progress);
    in_vain = part.size() > before ? 1 : in_vain + 1;
    if (outcome.next == Next::give_up || in_vain >= wanted.attempts_max) {
      if (part.size() == 0) part.discard();  // Nothing came that a later start could go on with.
      return base::Fail{outcome.failure};
    }
    const auto backoff = std::min<std::chrono::milliseconds>(
        wanted.backoff_first * (1U << std::min(in_vain - 1, 16U)), wait_max);
    const auto wait = std::max(backoff, outcome.wait_least);
    if (wanted.retrying) wanted.retrying(outcome.failure, wait);
    if (!wait_before_next(wait, wanted.stop)) {
      return base::Fail{Failure{Reason::stopped, wanted.url + ": stopped"}};
    }
    ++progress.attempt;
  }
}

}  // namespace client
