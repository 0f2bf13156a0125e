#include "agents/http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace lianxi::agent {

namespace {

using Labels = prometheus::Labels;

prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& accepted = prometheus::BuildCounter()
                                                          .Name("lianxi_agent_messages_accepted_total")
                                                          .Help("Messages numbered and stored in the outbox.")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& rejected = prometheus::BuildCounter()
                                                          .Name("lianxi_agent_messages_rejected_total")
                                                          .Help("Messages refused before they got a number, or by the hub.")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("lianxi_http_requests_total").Help("HTTP requests answered.").Register(registry);
  prometheus::Family<prometheus::Histogram>& duration = prometheus::BuildHistogram()
                                                            .Name("lianxi_http_request_duration_seconds")
                                                            .Help("From request to answer, waiting included.")
                                                            .Register(registry);
  prometheus::Family<prometheus::Gauge>& connected =
      gauge(registry, "lianxi_agent_connected", "1 while the session with this endpoint of the hub stands.");
  prometheus::Family<prometheus::Gauge>& registry_known =
      gauge(registry, "lianxi_agent_registry_known", "1 once the registry was fetched and checked.");
  prometheus::Family<prometheus::Gauge>& failed =
      gauge(registry, "lianxi_agent_failed", "1 after a failed write or a broken store.");
  prometheus::Family<prometheus::Gauge>& queued =
      gauge(registry, "lianxi_agent_outbox_messages", "Messages kept until a receipt covers them.");
  prometheus::Family<prometheus::Gauge>& in_flight =
      gauge(registry, "lianxi_agent_in_flight_messages", "Messages sent and not yet answered.");
  prometheus::Family<prometheus::Gauge>& inbox_new =
      gauge(registry, "lianxi_agent_inbox_new_messages", "Messages received and not yet done or failed.");
  prometheus::Family<prometheus::Gauge>& behind =
      gauge(registry, "lianxi_agent_behind_entries", "Entries of the log that this agent has yet to take.");
  prometheus::Family<prometheus::Gauge>& contact =
      gauge(registry, "lianxi_agent_last_contact_timestamp_seconds", "When the hub was last heard of.");
};

Metrics::Metrics(const std::string& version) : impl_(std::make_unique<Impl>()) {
  gauge(impl_->registry, "lianxi_build_info", "The version that runs.").Add({{"version", version}}).Set(1);
}
Metrics::~Metrics() = default;

void Metrics::request(const std::string& route, int status, std::chrono::duration<double> took) {
  static const prometheus::Histogram::BucketBoundaries kBounds{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};
  impl_->requests.Add(Labels{{"route", route}, {"code", std::to_string(status)}}).Increment();
  impl_->duration.Add(Labels{{"route", route}}, kBounds).Observe(took.count());
}

void Metrics::accepted(const AgencyId& agency, const std::string& type) {
  impl_->accepted.Add(Labels{{"agency", agency.value()}, {"type", type}}).Increment();
}

void Metrics::rejected(const AgencyId& agency, Code code) {
  impl_->rejected.Add(Labels{{"agency", agency.value()}, {"code", std::string(describe(code).name)}}).Increment();
}

void Metrics::health(const AgencyId& agency, const Agent::Health& health) {
  const Labels labels{{"agency", agency.value()}};
  impl_->connected.Add({{"agency", agency.value()}, {"endpoint", "submit"}}).Set(health.submit_ready ? 1 : 0);
  impl_->connected.Add({{"agency", agency.value()}, {"endpoint", "deliver"}}).Set(health.deliver_ready ? 1 : 0);
  impl_->registry_known.Add(labels).Set(health.registry_known ? 1 : 0);
  impl_->failed.Add(labels).Set(health.failed ? 1 : 0);
  impl_->queued.Add(labels).Set(static_cast<double>(health.queued));
  impl_->in_flight.Add(labels).Set(static_cast<double>(health.in_flight));
  impl_->inbox_new.Add(labels).Set(static_cast<double>(health.inbox_new));
  impl_->behind.Add(labels).Set(static_cast<double>(health.behind_entries));
  impl_->contact.Add(labels).Set(static_cast<double>(health.last_contact) / 1000.0);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(impl_->registry.Collect()); }

}  // namespace lianxi::agent
