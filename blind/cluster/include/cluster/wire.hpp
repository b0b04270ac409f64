// The wire between a client and a test's database server, to be cut anywhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

#include <cluster/cluster.hpp>

namespace cluster {

/// Carries one connection after another. Both bounds count from the moment they are set, over all
/// connections; when one is reached, the rest is not carried and the connection is cut.
class Wire {
 public:
  explicit Wire(const Cluster& cluster);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// The address of a database through this wire.
  [[nodiscard]] std::string url(const std::string& database) const;

  /// Cuts after that many more bytes to the server, or from it.
  void cut_after(std::int64_t to_server, std::int64_t from_server);
  /// Cuts no more.
  void heal() { cut_after(uncut, uncut); }
  [[nodiscard]] bool was_cut() const { return was_cut_; }
  /// What went through since the last cut_after().
  [[nodiscard]] std::int64_t carried_to_server() const { return carried_to_server_; }
  [[nodiscard]] std::int64_t carried_from_server() const { return carried_from_server_; }

 private:
  static constexpr std::int64_t uncut = INT64_MAX;
  void serve();
  void carry(int client, int server);
  /// False: cut, or one side has closed.
  bool move(int from, int to, std::atomic<std::int64_t>& left, std::atomic<std::int64_t>& carried);

  std::filesystem::path folder_;
  std::filesystem::path target_;
  int listening_ = -1;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> was_cut_ = false;
  std::atomic<std::int64_t> left_to_server_ = uncut;
  std::atomic<std::int64_t> left_from_server_ = uncut;
  std::atomic<std::int64_t> carried_to_server_ = 0;
  std::atomic<std::int64_t> carried_from_server_ = 0;
  std::thread thread_;
};

}  // namespace cluster
