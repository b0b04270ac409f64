// The handlers, one for each line of the route table.
#pragma once

#include "answer.hpp"

namespace admin {

[[nodiscard]] Answer create_tenant(const Call& call);
[[nodiscard]] Answer list_tenants(const Call& call);
[[nodiscard]] Answer show_tenant(const Call& call);
[[nodiscard]] Answer add_credit(const Call& call);
[[nodiscard]] Answer delete_tenant(const Call& call);

[[nodiscard]] Answer create_key(const Call& call);
[[nodiscard]] Answer list_keys(const Call& call);
[[nodiscard]] Answer revoke_key(const Call& call);
[[nodiscard]] Answer set_limits(const Call& call);

[[nodiscard]] Answer current_prices(const Call& call);
[[nodiscard]] Answer price_list(const Call& call);
[[nodiscard]] Answer check_prices(const Call& call);
[[nodiscard]] Answer publish_prices(const Call& call);
[[nodiscard]] Answer withdraw_prices(const Call& call);
[[nodiscard]] Answer new_price_key(const Call& call);

[[nodiscard]] Answer usage(const Call& call);
[[nodiscard]] DocumentAnswer show_bill(const Call& call);
[[nodiscard]] DocumentAnswer export_focus(const Call& call);
[[nodiscard]] DocumentAnswer export_events(const Call& call);
[[nodiscard]] Answer show_books(const Call& call);
[[nodiscard]] Answer check_ledger(const Call& call);
[[nodiscard]] Answer show_log(const Call& call);
[[nodiscard]] Answer rotate_log_key(const Call& call);
[[nodiscard]] Answer drop_previous_log_key(const Call& call);
[[nodiscard]] Answer publish_liabilities(const Call& call);
[[nodiscard]] Answer list_models(const Call& call);

}  // namespace admin
