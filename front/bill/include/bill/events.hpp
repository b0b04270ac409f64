// Receipts as CloudEvents 1.0, one JSON object a line, for metering pipelines.
#pragma once

#include <cstdint>

#include <bill/pages.hpp>
#include <bill/statement.hpp>

namespace bill {

/// Events in structured mode: id = the receipt's, subject = the account as receipts call it, data =
/// counts and charge. Nothing of a request's or an answer's content is in the books, nor here.
///
/// Each event names its `cursor`. Whoever goes on after the cursor of the last event it kept gets
/// every other one exactly once, in an order that never changes, also while new ones come.
/// tenant   null: everybody's, in the order of the log; receipts of before there was a log are not
///          in it. Else that one's, in the order of its receipts. The cursors of one are not those
///          of another.
/// after    0 = from the start.
/// memory   flat. `source` outlives the pages.
[[nodiscard]] Document cloud_events(const Source& source, registry::TenantPtr tenant,
                                    std::uint64_t after);

}  // namespace bill
