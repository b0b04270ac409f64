#include <api/metrics.hpp>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <notation/end_text.hpp>

namespace api {
namespace {

// Boundaries that the semantic conventions recommend, in seconds.
const prometheus::Histogram::BucketBoundaries first_token_s{
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};
const prometheus::Histogram::BucketBoundaries per_token_s{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
                                                          0.3,  0.4,   0.5,  0.75,  1.0, 2.5};
const prometheus::Histogram::BucketBoundaries duration_s{
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
const prometheus::Histogram::BucketBoundaries tokens{1,    4,     16,    64,     256,    1024,
                                                     4096, 16384, 65536, 262144, 1048576};

double seconds(base::SpanNs from, base::SpanNs to) {
  return static_cast<double>(to.value - from.value) / 1e9;
}

}  // namespace

struct Metrics::Inside {
  explicit Inside(std::function<std::string(terms::ModelId)> model_name)
      : name(std::move(model_name)) {}

  struct PerModel {
    prometheus::Counter* input = nullptr;
    prometheus::Counter* cached = nullptr;
    prometheus::Counter* output = nullptr;
    prometheus::Histogram* input_size = nullptr;
    prometheus::Histogram* output_size = nullptr;
    prometheus::Histogram* first_token = nullptr;
    prometheus::Histogram* per_token = nullptr;
    prometheus::Histogram* duration = nullptr;
  };

  prometheus::Family<prometheus::Counter>& counters(const std::string& metric,
                                                    const std::string& help) {
    return prometheus::BuildCounter().Name(metric).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const std::string& metric,
                                                        const std::string& help) {
    return prometheus::BuildHistogram().Name(metric).Help(help).Register(registry);
  }

  PerModel& of(terms::ModelId model) {
    const auto found = models.find(model);
    if (found != models.end()) {
      return found->second;
    }
    const std::string label = name(model);
    const auto token_kind = [&](const char* kind) {
      return &counters("mains_tokens_total", "Tokens charged.")
                  .Add({{"gen_ai_request_model", label}, {"gen_ai_token_type", kind}});
    };
    auto& usage = histograms("gen_ai_client_token_usage", "Tokens of a request.");
    const auto size = [&](const char* kind) {
      return &usage.Add({{"gen_ai_request_model", label}, {"gen_ai_token_type", kind}}, tokens);
    };
    const prometheus::Labels by_model{{"gen_ai_request_model", label}};
    PerModel made;
    made.input = token_kind("input");
    made.cached = token_kind("cached_input");
    made.output = token_kind("output");
    made.input_size = size("input");
    made.output_size = size("output");
    made.first_token = &histograms("gen_ai_server_time_to_first_token_seconds",
                                   "From the request's arrival to its first token.")
                            .Add(by_model, first_token_s);
    made.per_token = &histograms("gen_ai_server_time_per_output_token_seconds",
                                 "Between the first token and the last, for each.")
                          .Add(by_model, per_token_s);
    made.duration = &histograms("gen_ai_server_request_duration_seconds",
                                "From the request's arrival to its last token.")
                         .Add(by_model, duration_s);
    return models.emplace(model, made).first->second;
  }

  std::function<std::string(terms::ModelId)> name;
  prometheus::Registry registry;
  std::mutex mutex;
  std::map<terms::ModelId, PerModel> models;
  std::vector<std::pair<prometheus::Gauge*, std::function<double()>>> gauges;
};

Metrics::Metrics(std::function<std::string(terms::ModelId)> model_name)
    : inside_(std::make_unique<Inside>(std::move(model_name))) {}

Metrics::~Metrics() = default;

void Metrics::on_finished(const serve::Finished& request) {
  const std::scoped_lock lock(inside_->mutex);
  Inside::PerModel& of = inside_->of(request.model);
  const terms::Usage& usage = request.usage;
  of.input->Increment(usage.input.value - usage.cached.value);
  of.cached->Increment(usage.cached.value);
  of.output->Increment(usage.output.value);
  of.input_size->Observe(usage.input.value);
  of.output_size->Observe(usage.output.value);
  of.duration->Observe(seconds(request.arrived, request.finished));
  if (request.first_token.value != 0) {
    of.first_token->Observe(seconds(request.arrived, request.first_token));
    if (usage.output.value > 1) {
      of.per_token->Observe(seconds(request.first_token, request.finished) /
                            (usage.output.value - 1));
    }
  }
  inside_->counters("mains_requests_total", "Requests that were charged, by how they ended.")
      .Add({{"gen_ai_request_model", inside_->name(request.model)},
            {"end", std::string(notation::to_text(request.end))}})
      .Increment();
}

void Metrics::on_answer(unsigned status) {
  const std::scoped_lock lock(inside_->mutex);
  inside_->counters("mains_http_answers_total", "Answers, by class of status.")
      .Add({{"status", std::to_string(status / 100) + "xx"}})
      .Increment();
}

void Metrics::gauge(const std::string& name, const std::string& help,
                    std::function<double()> read) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(inside_->registry);
  inside_->gauges.emplace_back(&family.Add({}), std::move(read));
}

std::string Metrics::text() {
  const std::scoped_lock lock(inside_->mutex);
  for (auto& [gauge, read] : inside_->gauges) {
    gauge->Set(read());
  }
  return prometheus::TextSerializer().Serialize(inside_->registry.Collect());
}

}  // namespace api
