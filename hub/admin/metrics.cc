#include "hub/admin/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace lianxi::hub {

namespace {

// Counters are kept as plain numbers by the core; Prometheus wants increments.
void raise_to(prometheus::Counter& counter, std::uint64_t value) {
  const double step = static_cast<double>(value) - counter.Value();
  if (step > 0) counter.Increment(step);
}

}  // namespace

struct HubMetrics::Impl {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();

  prometheus::Counter& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*registry).Add({});
  }
  prometheus::Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*registry).Add({});
  }

  prometheus::Counter& entries = counter("lianxi_entries_total", "Entries committed since start");
  prometheus::Counter& messages = counter("lianxi_messages_accepted_total", "Messages accepted since start");
  prometheus::Counter& refused_messages = counter("lianxi_messages_refused_total", "Messages refused inside logged entries");
  prometheus::Counter& repeats = counter("lianxi_entries_repeated_total", "Entries submitted again and answered with their receipts");
  prometheus::Counter& busy = counter("lianxi_busy_total", "Submits answered busy");
  prometheus::Counter& batches = counter("lianxi_commits_total", "Journal records written and synced");
  prometheus::Counter& incidents = counter("lianxi_incidents_total", "Incidents logged");
  prometheus::Counter& bad_frames = counter("lianxi_bad_frames_total", "Frames that did not verify");
  prometheus::Counter& frames = counter("lianxi_frames_received_total", "Frames received");
  prometheus::Counter& frames_sent = counter("lianxi_frames_sent_total", "Frames sent");
  prometheus::Counter& frames_dropped = counter("lianxi_frames_dropped_total", "Frames that could not be sent or had the wrong shape");
  prometheus::Counter& auth_failures = counter("lianxi_auth_failures_total", "CURVE handshakes with a key that is not enrolled");
  prometheus::Gauge& head = gauge("lianxi_log_entries", "Entries in the log");
  prometheus::Gauge& sessions = gauge("lianxi_sessions", "Sessions of all endpoints");
  prometheus::Gauge& pending = gauge("lianxi_pending_bytes", "Admitted and not yet written");
  prometheus::Gauge& clock_stopped = gauge("lianxi_clock_stopped", "1 while commits are stopped because the clock stepped");
  prometheus::Gauge& checkpoint_time = gauge("lianxi_last_entry_timestamp_seconds", "Time of the newest entry");
  prometheus::Family<prometheus::Counter>& refusals =
      prometheus::BuildCounter().Name("lianxi_refusals_total").Help("Refusals by code").Register(*registry);
  prometheus::Family<prometheus::Gauge>& connected =
      prometheus::BuildGauge().Name("lianxi_agency_connected").Help("1 if the agency takes its stream").Register(*registry);
  prometheus::Histogram& sync = prometheus::BuildHistogram()
                                    .Name("lianxi_journal_sync_seconds")
                                    .Help("Journal write and sync")
                                    .Register(*registry)
                                    .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1});
};

HubMetrics::HubMetrics() : impl_(std::make_unique<Impl>()) {
  prometheus::BuildGauge()
      .Name("lianxi_build_info")
      .Help("Which program this is")
      .Register(*impl_->registry)
      .Add({{"version", "0.1.0"}})
      .Set(1);
}
HubMetrics::~HubMetrics() = default;

void HubMetrics::sync_seconds(std::int64_t micros) { impl_->sync.Observe(static_cast<double>(micros) / 1e6); }

void HubMetrics::update(const HubCore& core, const TransportCounters& transport, std::uint64_t auth_failures, Now) {
  const auto& counters = core.counters();
  raise_to(impl_->entries, counters.entries);
  raise_to(impl_->messages, counters.messages);
  raise_to(impl_->refused_messages, counters.refused_messages);
  raise_to(impl_->repeats, counters.repeats);
  raise_to(impl_->busy, counters.busy);
  raise_to(impl_->batches, counters.batches);
  raise_to(impl_->incidents, counters.incidents);
  raise_to(impl_->bad_frames, counters.bad_frames);
  raise_to(impl_->frames, transport.frames);
  raise_to(impl_->frames_sent, transport.sent);
  raise_to(impl_->frames_dropped, transport.dropped + transport.bad_routing_id + transport.no_user_id);
  raise_to(impl_->auth_failures, auth_failures);
  impl_->head.Set(static_cast<double>(core.commit().durable()));
  impl_->sessions.Set(static_cast<double>(core.sessions()));
  impl_->pending.Set(static_cast<double>(core.commit().pending_bytes()));
  impl_->clock_stopped.Set(core.commit().stopped_by_clock() ? 1 : 0);
  impl_->checkpoint_time.Set(static_cast<double>(core.log().last_time()) / 1000);
  for (const auto& [code, count] : counters.refusals) raise_to(impl_->refusals.Add({{"code", std::string(describe(code).name)}}), count);
  const auto connected = core.connected();
  for (const auto& [id, agency] : core.log().registry().agencies()) {
    const bool here = std::find(connected.begin(), connected.end(), id) != connected.end();
    impl_->connected.Add({{"agency", id.value()}}).Set(here ? 1 : 0);
  }
}

std::string HubMetrics::text() const { return prometheus::TextSerializer().Serialize(impl_->registry->Collect()); }

}  // namespace lianxi::hub
