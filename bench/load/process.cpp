#include "process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace load {

double cpu_of_s(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (pid == 0 || name_end == std::string::npos) {
    return 0;
  }
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double own_cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Memory memory_of(int pid) {
  Memory memory;
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (pid != 0 && std::getline(file, line)) {
    if (line.starts_with("VmRSS:")) {
      memory.now_mib = std::atof(line.c_str() + 6) / 1024;
    } else if (line.starts_with("VmHWM:")) {
      memory.most_mib = std::atof(line.c_str() + 6) / 1024;
    }
  }
  return memory;
}

}  // namespace load
