#pragma once

#include <string>

namespace load {

struct DiskCost {
  double p50_ms = 0;
  double p99_ms = 0;
  double syncs_per_s = 0;
  bool measured = false;
};

/// Appends a page of 4 KiB and calls fdatasync, over and over, in a file in this folder that is
/// removed afterwards: what a durable commit costs on this disk at the least.
DiskCost disk_cost(const std::string& folder, double seconds);

}  // namespace load
