// What a finished request tells the metrics: numbers only.
#pragma once

#include <base/quantity.hpp>
#include <terms/ids.hpp>
#include <terms/usage.hpp>

namespace serve {

struct Finished {
  terms::ModelId model;
  terms::Usage usage;
  terms::EndReason end = terms::EndReason::stop;
  base::SpanNs arrived;
  base::SpanNs first_token;  ///< 0 = there was none.
  base::SpanNs finished;
};

/// Called on the engine thread; must be quick and must not throw.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_finished(const Finished& request) = 0;
};

}  // namespace serve
