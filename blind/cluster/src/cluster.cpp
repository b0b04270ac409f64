#include <cluster/cluster.hpp>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <base/invariant.hpp>

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr int start_tries = 600;
constexpr int pause_ms = 50;

std::string content_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool has_programs(const fs::path& folder) {
  return ::access((folder / "postgres").c_str(), X_OK) == 0 &&
         ::access((folder / "initdb").c_str(), X_OK) == 0;
}

/// 0 and what it printed in `output`, or its exit status.
int wait_for(pid_t child) {
  int status = 0;
  base::invariant(::waitpid(child, &status, 0) == child, "a child can be waited for");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<pid_t> children_of(pid_t process) {
  const std::string id = std::to_string(process);
  std::ifstream in("/proc/" + id + "/task/" + id + "/children");
  return {std::istream_iterator<pid_t>(in), std::istream_iterator<pid_t>()};
}

void must_work(int code, const fs::path& output) {
  if (code != 0) {
    std::fprintf(stderr, "%s\n", content_of(output).c_str());
  }
  base::invariant(code == 0, "the test's database server works");
}

}  // namespace

std::optional<fs::path> Cluster::programs() {
  std::vector<fs::path> places;
  if (const char* given = std::getenv("MAINS_POSTGRES_BIN")) places.emplace_back(given);
  std::error_code none;
  std::vector<fs::path> versions;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    versions.push_back(version.path() / "bin");
  }
  std::sort(versions.rbegin(), versions.rend());
  places.insert(places.end(), versions.begin(), versions.end());
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    places.emplace_back(rest.substr(0, colon));
    rest.erase(0, colon + 1);
  }
  const auto found = std::find_if(places.begin(), places.end(), has_programs);
  return found == places.end() ? std::nullopt : std::optional(*found);
}

Cluster& Cluster::shared() {
  static Cluster one;
  return one;
}

Cluster::Cluster(const Options& options) : durable_(options.durable) {
  base::invariant(available(), "PostgreSQL is on this machine");
  std::string name = (options.folder / "mains-pg-XXXXXX").string();
  base::invariant(::mkdtemp(name.data()) != nullptr, "a temporary folder can be made");
  folder_ = name;
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) user = ::getpwnam("nobody");
    base::invariant(user != nullptr, "there is a user that is not root");
    user_ = user->pw_uid;
    group_ = user->pw_gid;
    base::invariant(::chown(folder_.c_str(), user_, group_) == 0, "root may give a folder away");
  }
  const fs::path output = folder_ / "initdb.log";
  must_work(wait_for(spawn({"initdb", "-D", (folder_ / "data").string(), "-U", "mains", "-A",
                            "trust", "-E", "UTF8", "--no-locale", "--no-sync"},
                           output)),
            output);
  start();
}

Cluster::~Cluster() {
  if (server_ > 0) stop(SIGQUIT);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Cluster::url(const std::string& database) const {
  return "postgres://mains@/" + database + "?host=" + folder_.string();
}

std::string Cluster::fresh_database() {
  const std::string name = "t" + std::to_string(++databases_);
  sql("postgres", "CREATE DATABASE " + name);
  return url(name);
}

std::string Cluster::sql(const std::string& database, const std::string& text) {
  const fs::path output = folder_ / "psql.log";
  must_work(wait_for(spawn({"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                            url(database), "-c", text},
                           output)),
            output);
  return content_of(output);
}

pid_t Cluster::spawn(const std::vector<std::string>& command, const fs::path& output) const {
  std::vector<char*> arguments;
  std::vector<std::string> words = command;
  words[0] = (*programs() / words[0]).string();
  if (words[0].ends_with("/psql") && ::access(words[0].c_str(), X_OK) != 0) words[0] = "psql";
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  base::invariant(child >= 0, "a process can be started");
  if (child > 0) return child;
  if (user_ != 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(group_) != 0 || ::setuid(user_) != 0)) {
    ::_exit(126);
  }
  // Whatever happens to the test, the server ends with it.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent || ::chdir(folder_.c_str()) != 0) ::_exit(126);
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(out, 2) < 0) ::_exit(126);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

bool Cluster::answers() const {
  return wait_for(spawn({"pg_isready", "-q", "-h", folder_.string()}, folder_ / "ready.log")) == 0;
}

void Cluster::start() {
  const fs::path log = folder_ / "server.log";
  const std::vector<std::string> command = {
      "postgres",
      "-D",
      (folder_ / "data").string(),
      "-k",
      folder_.string(),
      "-c",
      "listen_addresses=",
      "-c",
      "max_connections=60",
      "-c",
      "shared_buffers=64MB",
      "-c",
      durable_ ? "fsync=on" : "fsync=off",
  };
  for (int i = 0; i < start_tries; ++i) {
    if (server_ < 0) server_ = spawn(command, log);
    if (answers()) return;
    // After a SIGKILL the children of the old one have to notice first: it refuses, and is tried
    // again.
    if (::waitpid(server_, nullptr, WNOHANG) == server_) server_ = -1;
    ::poll(nullptr, 0, pause_ms);
  }
  must_work(1, log);
}

void Cluster::stop(int signal) {
  if (signal == SIGKILL) {
    // Its sessions would answer until they notice: it starts no more of them, and they go with it.
    ::kill(server_, SIGSTOP);
    for (const pid_t session : children_of(server_)) {
      ::kill(session, SIGKILL);
    }
  }
  base::invariant(::kill(server_, signal) == 0, "the server runs");
  (void)wait_for(server_);
  server_ = -1;
}

}  // namespace cluster
