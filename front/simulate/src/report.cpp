#include <simulate/report.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace simulate {
namespace {

namespace json = boost::json;

constexpr std::size_t tenants_shown_max = 20;

/// The sum of a tenant's seconds from..to.
double over(const std::vector<double>& seconds, double from, double to) {
  const auto begin = static_cast<std::size_t>(std::max(from, 0.0));
  const auto end = std::min(static_cast<std::size_t>(std::max(to, 0.0)), seconds.size());
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) {
    sum += seconds[i];
  }
  return sum;
}

/// The last second in which anybody asked.
std::size_t asked_until(const Outcome& outcome) {
  std::size_t seconds = 0;
  for (const auto& asked : outcome.asked) {
    seconds = std::max(seconds, asked.size());
  }
  return seconds;
}

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

json::object quantiles(const std::vector<double>& values) {
  return {{"p50", rounded(quantile(values, 0.5))},
          {"p99", rounded(quantile(values, 0.99))},
          {"max", rounded(quantile(values, 1))},
          {"count", values.size()}};
}

json::object tenant_json(const Load& load, const Outcome& outcome, std::uint32_t tenant) {
  const std::vector<float>& itl = outcome.itl_ms[tenant];
  const auto& service = outcome.service[tenant];
  const auto& asked = outcome.asked[tenant];
  return {{"tenant", load.tenants[tenant]},
          {"asked", std::accumulate(asked.begin(), asked.end(), 0.0)},
          {"served", std::accumulate(service.begin(), service.end(), 0.0)},
          {"served_while_asked", over(service, 0, static_cast<double>(asked_until(outcome)))},
          {"first_token_s", quantiles(first_token_s(outcome, tenant))},
          {"between_tokens_ms", quantiles({itl.begin(), itl.end()})}};
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  if (values.empty()) {
    return 0;
  }
  std::ranges::sort(values);
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

std::vector<double> first_token_s(const Outcome& outcome, std::uint32_t tenant) {
  std::vector<double> waits;
  for (const Served& request : outcome.requests) {
    if (request.tenant == tenant) {
      waits.push_back(request.first_s - request.asked_s);
    }
  }
  return waits;
}

std::vector<double> windowed_difference(const Outcome& outcome) {
  constexpr double window_s = 60;
  constexpr int moments = 100;
  const double until_s = static_cast<double>(asked_until(outcome));
  std::vector<double> differences;
  for (int i = 0; i < moments; ++i) {
    const double from = until_s / moments * i - window_s / 2;
    const double to = from + window_s;
    double best = 0;
    for (const auto& service : outcome.service) {
      best = std::max(best, over(service, from, to));
    }
    double sum = 0;
    for (std::size_t tenant = 0; tenant < outcome.service.size(); ++tenant) {
      const double served = over(outcome.service[tenant], from, to);
      const double asked = over(outcome.asked[tenant], from, to);
      sum += std::min(best - served, std::abs(asked - served));
    }
    differences.push_back(sum / window_s);
  }
  return differences;
}

std::vector<double> accumulated_difference(const Outcome& outcome) {
  const std::size_t until = asked_until(outcome);
  std::vector<double> sums(outcome.service.size());
  std::vector<double> differences;
  for (std::size_t second = 0; second < until; ++second) {
    for (std::size_t tenant = 0; tenant < sums.size(); ++tenant) {
      const auto& service = outcome.service[tenant];
      sums[tenant] += second < service.size() ? service[second] : 0;
    }
    const auto [least, most] = std::ranges::minmax(sums);
    differences.push_back(most - least);
  }
  return differences;
}

json::object to_json(const Load& load, const Options& options,
                     const std::vector<Outcome>& outcomes) {
  const Machine& m = options.machine;
  json::array policies;
  for (const Outcome& outcome : outcomes) {
    const std::vector<double> windowed = windowed_difference(outcome);
    const std::vector<double> accumulated = accumulated_difference(outcome);
    const double sum = std::accumulate(windowed.begin(), windowed.end(), 0.0);
    std::vector<double> waits;
    std::vector<double> between;
    json::array tenants;
    for (std::uint32_t tenant = 0; tenant < load.tenants.size(); ++tenant) {
      const std::vector<double> own = first_token_s(outcome, tenant);
      waits.insert(waits.end(), own.begin(), own.end());
      between.insert(between.end(), outcome.itl_ms[tenant].begin(), outcome.itl_ms[tenant].end());
      if (tenant < tenants_shown_max) {
        tenants.push_back(tenant_json(load, outcome, tenant));
      }
    }
    policies.push_back(json::object{
        {"policy", name(outcome.policy)},
        {"window_difference_max", rounded(quantile(windowed, 1))},
        {"window_difference_average",
         rounded(sum / static_cast<double>(std::max<std::size_t>(windowed.size(), 1)))},
        {"difference_at_end", accumulated.empty() ? 0 : accumulated.back()},
        {"difference_max", quantile(accumulated, 1)},
        {"tokens_per_s",
         rounded(static_cast<double>(outcome.tokens) / std::max(outcome.end_s, 1e-9))},
        {"end_s", rounded(outcome.end_s)},
        {"requests", outcome.requests.size()},
        {"refused", outcome.refused},
        {"steps", outcome.steps},
        {"evictions", outcome.evictions},
        {"recomputed_tokens", outcome.recomputed},
        {"first_token_s", quantiles(waits)},
        {"between_tokens_ms", quantiles(between)},
        {"tenants", tenants}});
  }
  return {{"load", load.name},
          {"tenants", load.tenants.size()},
          {"requests", load.requests.size()},
          {"machine",
           {{"name", m.name},
            {"step_ms", m.step_ms},
            {"prompt_ms", m.prompt_ms},
            {"decode_ms", m.decode_ms},
            {"read_ms", m.read_ms},
            {"position_ms", m.position_ms},
            {"kv_tokens", m.kv_tokens},
            {"lanes", m.lanes},
            {"step_tokens", m.step_tokens}}},
          {"engines", options.engines},
          {"weights", {{"input", options.input_weight}, {"output", options.output_weight}}},
          {"policies", policies}};
}

}  // namespace simulate
