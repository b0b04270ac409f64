// Brings a large file, however often the connection breaks.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <base/result.hpp>
#include <client/fetch.hpp>

namespace client {

struct Progress {
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;    // 0: not known
  std::uint64_t resumed_bytes = 0;  // of `done`, those that an earlier start brought
  unsigned attempt = 1;
};

struct Download {
  std::string url;
  std::filesystem::path file;  // written as <file>.part, renamed when it is right
  std::optional<std::uint64_t> size_bytes = {};
  std::string sha256 = {};                       // 64 hex digits; empty: not checked
  std::string bearer_token = {};                 // not sent to another host after a redirect
  unsigned attempts_max = 8;                     // in a row without a new byte
  std::chrono::milliseconds backoff_first{500};  // doubles up to 30 s
  std::chrono::seconds stall_timeout{30};        // without a byte
  std::function<void(const Progress&)> progress = {};
  /// Told of each failed attempt that another one follows, and how long it waits until then.
  std::function<void(const Failure&, std::chrono::milliseconds)> retrying = {};
  std::stop_token stop = {};
};

struct Downloaded {
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 64 hex digits, of what now lies there
  std::uint64_t resumed_bytes = 0;
  bool was_there = false;  // `file` was already right and nothing was asked
};

/// Resumes from <file>.part by a range request, if the server still has the same file: its strong
/// ETag lies in <file>.part.tag and must come again. Without one the download starts anew. Follows
/// redirects. A stop or a failure leaves a part that has bytes for the next start; a mismatch
/// deletes it. Two at once on one file: the second fails with `disk`.
[[nodiscard]] base::Result<Downloaded, Failure> download(const Download& wanted);

}  // namespace client
