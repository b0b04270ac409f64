// A PostgreSQL server of one's own, for tests and benches.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cluster {

class Cluster {
 public:
  struct Options {
    std::filesystem::path folder = std::filesystem::temp_directory_path();
    /// Sync every commit. Off, it is quicker, and still safe from everything but power cuts.
    bool durable = false;
  };

  /// Where initdb and postgres are; nothing: not on this machine.
  [[nodiscard]] static std::optional<std::filesystem::path> programs();
  [[nodiscard]] static bool available() { return programs().has_value(); }

  /// One for the whole test program, made when it is first asked for.
  [[nodiscard]] static Cluster& shared();

  /// Makes and starts one. available() must be true.
  explicit Cluster(const Options& options);
  Cluster() : Cluster(Options{}) {}
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// The address of a database as its owner.
  [[nodiscard]] std::string url(const std::string& database = "postgres") const;
  /// An empty database, and its address.
  [[nodiscard]] std::string fresh_database();
  /// Runs SQL with psql, as another program would; what it printed.
  std::string sql(const std::string& database, const std::string& text);

  /// SIGINT ends it and its sessions at once and in order, SIGQUIT without order, SIGKILL without
  /// a word, its sessions with it. Returns when it is gone.
  void stop(int signal);
  /// Starts it again, with what it had.
  void start();

  [[nodiscard]] std::filesystem::path socket() const { return folder_ / ".s.PGSQL.5432"; }

 private:
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& command,
                            const std::filesystem::path& output) const;
  [[nodiscard]] bool answers() const;

  std::filesystem::path folder_;
  bool durable_;
  uid_t user_ = 0;  ///< 0: the one that we are.
  gid_t group_ = 0;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace cluster
