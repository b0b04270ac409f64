#pragma once

#include <vector>

namespace load {

/// How evenly tenants were served, in priced tokens. Of tenants that always ask, this is fairness;
/// of others it only says who had more.
struct Fairness {
  double jain = 1;        // (sum x)^2 / (n sum x^2): 1 = all alike, 1/n = one had all
  double apart_end = 0;   // most served minus least served, over the whole window
  double apart_most = 0;  // the same, at the second at which it was greatest
};

/// service  [tenant][second]; tenants that have fewer seconds had nothing in the rest.
Fairness fairness(const std::vector<std::vector<double>>& service);

}  // namespace load
