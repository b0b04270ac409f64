// From a plan to what a Matcher runs on.
#pragma once

#include <memory>

#include <base/result.hpp>
#include <grammar/refusal.hpp>

#include "plan.hpp"
#include "tables.hpp"

namespace grammar {

[[nodiscard]] base::Result<std::unique_ptr<const Tables>, Refusal> compile(const Plan& plan);

}  // namespace grammar
