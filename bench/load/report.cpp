#include "report.hpp"

#include <cstdarg>
#include <cstdio>

namespace load {
namespace {

__attribute__((format(printf, 1, 2))) std::string print(const char* form, ...) {
  char text[1024];
  va_list values;
  va_start(values, form);
  const int size = std::vsnprintf(text, sizeof text, form, values);
  va_end(values);
  return std::string(text, static_cast<std::size_t>(std::max(0, size)));
}

double rate(std::int64_t count, double seconds) {
  if (seconds <= 0) {
    return 0;
  }
  return static_cast<double>(count) / seconds;
}

double cpu_us_each(double cpu_s, const Outcome& outcome) {
  std::int64_t requests = 0;
  for (const Tally& tally : outcome.tallies) {
    requests += tally.requests;
  }
  if (requests == 0) {
    return 0;
  }
  return cpu_s * 1e6 / static_cast<double>(requests);
}

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace

std::string table_head() {
  return print("%-22s %7s %8s %8s %8s | %8s %8s | %8s %8s | %8s %8s | %7s %7s %7s %6s\n", "load",
               "clients", "req/s", "in t/s", "out t/s", "all p50", "p99 ms", "TTFT p50", "p99 ms",
               "ITL p50", "p99 ms", "srv us", "cli us", "srv cpu", "errors");
}

std::string table_rows(const Plan& plan, Outcome& outcome, const std::string& label) {
  std::string rows;
  for (std::size_t group = 0; group < plan.groups.size(); ++group) {
    Tally& tally = outcome.tallies[group];
    const std::string name =
        plan.groups.size() == 1 ? label : label + " " + plan.groups[group].name;
    rows += print(
        "%-22s %7d %8.1f %8.0f %8.0f | %8.2f %8.2f | %8.2f %8.2f | %8.2f %8.2f | %7.0f %7.0f "
        "%7.2f %6lld\n",
        name.c_str(), plan.groups[group].clients, rate(tally.requests, outcome.window_s),
        rate(tally.tokens_in, outcome.window_s), rate(tally.tokens_out, outcome.window_s),
        tally.whole.at_ms(0.5), tally.whole.at_ms(0.99), tally.first.at_ms(0.5),
        tally.first.at_ms(0.99), tally.between.at_ms(0.5), tally.between.at_ms(0.99),
        cpu_us_each(outcome.server_cpu_s, outcome), cpu_us_each(outcome.client_cpu_s, outcome),
        outcome.window_s > 0 ? outcome.server_cpu_s / outcome.window_s : 0.0,
        static_cast<long long>(tally.error_count()));
    for (const auto& [what, count] : tally.errors) {
      rows += print("    %lld x %s\n", static_cast<long long>(count), what.c_str());
    }
    if (tally.unanswered > 0) {
      rows += print("    %lld cut at the end, %lld of them before their first token\n",
                    static_cast<long long>(tally.unanswered),
                    static_cast<long long>(tally.unanswered_without_token));
    }
  }
  return rows;
}

std::string json_rows(const Plan& plan, Outcome& outcome, const std::string& label) {
  std::string rows;
  for (std::size_t group = 0; group < plan.groups.size(); ++group) {
    Tally& tally = outcome.tallies[group];
    rows += "{" + quoted("label") + ":" + quoted(label) + "," + quoted("group") + ":" +
            quoted(plan.groups[group].name);
    const auto whole = [&rows](const char* name, std::int64_t value) {
      rows += print(",\"%s\":%lld", name, static_cast<long long>(value));
    };
    const auto real = [&rows](const char* name, double value) {
      rows += print(",\"%s\":%.4f", name, value);
    };
    whole("clients", plan.groups[group].clients);
    whole("stream", plan.stream ? 1 : 0);
    real("window_s", outcome.window_s);
    whole("requests", tally.requests);
    whole("errors", tally.error_count());
    whole("unanswered", tally.unanswered);
    real("requests_per_s", rate(tally.requests, outcome.window_s));
    real("tokens_in_per_s", rate(tally.tokens_in, outcome.window_s));
    real("tokens_out_per_s", rate(tally.tokens_out, outcome.window_s));
    real("whole_p50_ms", tally.whole.at_ms(0.5));
    real("whole_p99_ms", tally.whole.at_ms(0.99));
    real("ttft_p50_ms", tally.first.at_ms(0.5));
    real("ttft_p99_ms", tally.first.at_ms(0.99));
    real("itl_p50_ms", tally.between.at_ms(0.5));
    real("itl_p99_ms", tally.between.at_ms(0.99));
    real("server_cpu_s", outcome.server_cpu_s);
    real("client_cpu_s", outcome.client_cpu_s);
    rows += "}\n";
  }
  return rows;
}

}  // namespace load
