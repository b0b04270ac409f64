#include "report.hpp"

#include <cstdarg>
#include <cstdio>

#include "fairness.hpp"

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

}  // namespace

std::string table_head() {
  return print("%-22s %7s %8s %8s %8s | %8s %8s | %8s %8s | %8s %8s | %7s %7s %7s %6s\n", "load",
               "clients", "req/s", "in t/s", "out t/s", "all p50", "p99 ms", "TTFT p50", "p99 ms",
               "ITL p50", "p99 ms", "srv us", "cli us", "srv cpu", "errors");
}

namespace {

/// What stands below a group's line, where there is something to say.
std::string below(const Plan& plan, const Group& group, Tally& tally, double window_s) {
  std::string rows;
  if (tally.per_token.size() > 0) {
    rows += print("    TPOT p50 %.2f, p99 %.2f ms; longest gap between tokens %.0f ms",
                  tally.per_token.at_ms(0.5), tally.per_token.at_ms(0.99), tally.between.most_ms());
    rows += tally.tokens_cached > 0
                ? print("; %.0f in t/s from a cache\n", rate(tally.tokens_cached, window_s))
                : "\n";
  }
  if (plan.limits.first_ms > 0 || plan.limits.per_token_ms > 0) {
    rows +=
        print("    goodput %.2f/s: %lld of %lld kept TTFT %.0f ms, TPOT %.0f ms (0: no limit)\n",
              rate(tally.good, window_s), static_cast<long long>(tally.good),
              static_cast<long long>(tally.meant), plan.limits.first_ms, plan.limits.per_token_ms);
  }
  if (group.open()) {
    rows += print("    open loop: %lld requests were due; sent late by p99 %.2f ms\n",
                  static_cast<long long>(tally.meant), tally.late.at_ms(0.99));
  }
  for (const auto& [what, count] : tally.errors) {
    rows += print("    %lld x %s\n", static_cast<long long>(count), what.c_str());
  }
  if (tally.unanswered > 0) {
    rows += print("    %lld cut at the end, %lld of them before their first token\n",
                  static_cast<long long>(tally.unanswered),
                  static_cast<long long>(tally.unanswered_without_token));
  }
  return rows;
}

Fairness fairness_of(const Outcome& outcome) {
  std::vector<std::vector<double>> service;
  service.reserve(outcome.tallies.size());
  for (const Tally& tally : outcome.tallies) {
    service.push_back(tally.service);
  }
  return fairness(service);
}

}  // namespace

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
    rows += below(plan, plan.groups[group], tally, outcome.window_s);
  }
  if (plan.groups.size() > 1) {
    const Fairness even = fairness_of(outcome);
    rows += print(
        "    tenants: served apart by %.0f at the end, %.0f at most (millionths of the currency); "
        "Jain index %.3f\n",
        even.apart_end, even.apart_most, even.jain);
  }
  return rows;
}

namespace {

class JsonLine {
 public:
  JsonLine(const std::string& label, const std::string& group) {
    text_ = "{\"label\":\"" + label + "\",\"group\":\"" + group + "\"";
  }
  void whole(const char* name, std::int64_t value) {
    text_ += print(",\"%s\":%lld", name, static_cast<long long>(value));
  }
  void real(const char* name, double value) { text_ += print(",\"%s\":%.4f", name, value); }
  void word(const char* name, const std::string& value) {
    text_ += print(",\"%s\":\"%s\"", name, value.c_str());
  }
  void spans(const char* name, Spans& spans) {
    const std::string start = name;
    real((start + "_p50_ms").c_str(), spans.at_ms(0.5));
    real((start + "_p99_ms").c_str(), spans.at_ms(0.99));
    real((start + "_max_ms").c_str(), spans.most_ms());
  }
  [[nodiscard]] std::string text() const { return text_ + "}\n"; }

 private:
  std::string text_;
};

}  // namespace

std::string json_rows(const Plan& plan, Outcome& outcome, const std::string& label) {
  std::string rows;
  for (std::size_t group = 0; group < plan.groups.size(); ++group) {
    Tally& tally = outcome.tallies[group];
    JsonLine line(label, plan.groups[group].name);
    line.whole("clients", plan.groups[group].clients);
    line.whole("stream", plan.stream ? 1 : 0);
    line.real("window_s", outcome.window_s);
    line.whole("requests", tally.requests);
    line.whole("meant", tally.meant);
    line.whole("good", tally.good);
    line.whole("errors", tally.error_count());
    if (!tally.errors.empty()) {
      line.word("error", tally.errors.begin()->first);
    }
    line.whole("unanswered", tally.unanswered);
    line.real("requests_per_s", rate(tally.requests, outcome.window_s));
    line.real("good_per_s", rate(tally.good, outcome.window_s));
    line.real("tokens_in_per_s", rate(tally.tokens_in, outcome.window_s));
    line.real("tokens_cached_per_s", rate(tally.tokens_cached, outcome.window_s));
    line.real("tokens_out_per_s", rate(tally.tokens_out, outcome.window_s));
    line.real("served", tally.served());
    line.spans("whole", tally.whole);
    line.spans("ttft", tally.first);
    line.spans("itl", tally.between);
    line.spans("tpot", tally.per_token);
    line.spans("late", tally.late);
    rows += line.text();
  }
  const Fairness even = fairness_of(outcome);
  JsonLine line(label, "*");
  line.real("window_s", outcome.window_s);
  line.real("jain", even.jain);
  line.real("apart_end", even.apart_end);
  line.real("apart_max", even.apart_most);
  line.real("server_cpu_s", outcome.server_cpu_s);
  line.real("client_cpu_s", outcome.client_cpu_s);
  line.real("server_mib_before", outcome.memory_before.now_mib);
  line.real("server_mib_after", outcome.memory_after.now_mib);
  line.real("server_mib_max", outcome.memory_after.most_mib);
  return rows + line.text();
}

}  // namespace load
