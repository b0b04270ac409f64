#pragma once

namespace load {

/// User and system time of a process so far, in seconds; 0 where it is not there.
double cpu_of_s(int pid);
/// Of this process.
double own_cpu_s();

/// Resident memory of a process, in MiB; 0 where it is not there.
struct Memory {
  double now_mib = 0;
  double most_mib = 0;  // since it began
};
Memory memory_of(int pid);

}  // namespace load
