// Counters and histograms for Prometheus, under OpenTelemetry's names for generative AI.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <serve/observer.hpp>

namespace api {

/// Labels are model names, ends and kinds of tokens: nothing of a client's, and no tenant.
/// Thread-safe.
class Metrics final : public serve::Observer {
 public:
  /// model_name   a served model's name; empty for an unknown id. Any thread.
  explicit Metrics(std::function<std::string(terms::ModelId)> model_name);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void on_finished(const serve::Finished& request) override;
  /// A route's answer, by its class of status (2xx, 4xx ...).
  void on_answer(unsigned status);
  /// A number that is read when the metrics are asked for. Only before the server starts.
  void gauge(const std::string& name, const std::string& help, std::function<double()> read);

  /// The text exposition format.
  [[nodiscard]] std::string text();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace api
