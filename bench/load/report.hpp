#pragma once

#include <string>

#include "plan.hpp"
#include "tally.hpp"

namespace load {

std::string table_head();
/// One line for each group, and what went wrong below it. Sorts the outcome's spans.
std::string table_rows(const Plan& plan, Outcome& outcome, const std::string& label);
/// One line of JSON for each group, and one for all of them, whose group is "*".
std::string json_rows(const Plan& plan, Outcome& outcome, const std::string& label);

}  // namespace load
