#include "probe/plan.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include "core/hex.h"
#include "crypto/sha256.h"

namespace gnomon::probe {
namespace {

// Unambiguous text of a plan's meaning: every value with its length before it, so that no two plans share one text.
class Canonical {
 public:
  Canonical& add(std::string_view text) {
    text_ += fmt::format("{}:{},", text.size(), text);
    return *this;
  }
  Canonical& add(std::int64_t number) { return add(fmt::format("{}", number)); }
  template <typename Texts>
  Canonical& add_all(const Texts& texts) {
    add(static_cast<std::int64_t>(texts.size()));
    for (const auto& text : texts) add(text);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_options(Canonical& c, const Options& o) {
  c.add(to_string(o.method)).add(static_cast<std::int64_t>(o.family)).add(o.interval.count()).add(o.timeout.count());
  c.add(o.window.count()).add(o.payload_bytes).add(o.dscp.value).add(o.port.value).add(o.ssid).add(o.access);
  if (o.stateful) c.add("stateful");  // plans without the word keep their revision
}

void add_speed(Canonical& c, const SpeedTest& test) {
  c.add("speed").add(test.name).add(static_cast<std::int64_t>(test.shape)).add(test.all_sources ? 1 : 0);
  c.add_all(test.sources).add_all(test.targets).add(static_cast<std::int64_t>(test.family));
  c.add(test.every.count()).add(test.most.count()).add(test.streams).add(test.port.value).add(test.access);
  if (test.method == SpeedMethod::kTcp) return;  // plans without the word keep their revision
  c.add(to_string(test.method)).add(static_cast<std::int64_t>(test.search)).add(static_cast<std::int64_t>(test.tls));
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kEcho:
      return "echo";
    case Method::kStamp:
      return "stamp";
  }
  return "";
}

std::string_view to_string(SpeedMethod method) {
  switch (method) {
    case SpeedMethod::kTcp:
      return "tcp";
    case SpeedMethod::kUdp:
      return "udp";
    case SpeedMethod::kNdt7:
      return "ndt7";
    case SpeedMethod::kResponsiveness:
      return "responsiveness";
  }
  return "";
}

std::string revision(const Plan& plan) {
  Canonical c;
  c.add("gnomon plan 1").add(plan.name).add_all(plan.sites);
  c.add(static_cast<std::int64_t>(plan.targets.size()));
  for (const auto& [name, t] : plan.targets) {
    c.add(name).add_all(t.addresses).add(t.host).add(t.site).add(t.access).add(t.port.value);
  }
  c.add(static_cast<std::int64_t>(plan.measurements.size()));
  for (const Measurement& m : plan.measurements) {
    c.add(m.name)
        .add(static_cast<std::int64_t>(m.shape))
        .add(m.all_sources ? 1 : 0)
        .add_all(m.sources)
        .add_all(m.targets);
    add_options(c, m.options);
  }
  c.add(fmt::format("{} {}", plan.limits.per_target, plan.limits.fleet_per_target));
  for (const SpeedTest& test : plan.speed) add_speed(c, test);  // plans without any keep their revision
  if (plan.limits.data_per_month) c.add(fmt::format("data {}", plan.limits.data_per_month->value));
  return to_hex(crypto::sha256(c.text())).substr(0, 16);
}

std::string describe(const std::vector<PlanFault>& faults, std::string_view file) {
  std::string text;
  for (const PlanFault& fault : faults) {
    text += fmt::format("{}{}:{}:{}: {}", text.empty() ? "" : "\n", file, fault.line, fault.column, fault.message);
  }
  return text;
}

Result<Plan> load_plan(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return errno_failure(errno, "read plan", path, "name a plan file; docs/guides/plan.md shows one");
  std::string text;
  text.resize(kPlanTextLimit + 1);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return errno_failure(errno, "read plan", path);
  text.resize(static_cast<std::size_t>(stream.gcount()));
  PlanReading reading = parse_plan(text);
  if (reading.plan) return std::move(*reading.plan);
  const std::size_t count = reading.faults.size();
  return failure(ErrorCode::kInvalidArgument, "read plan", path,
                 fmt::format("{} {}\n{}\ndocs/guides/plan.md describes every word", count,
                             count == 1 ? "fault" : "faults", describe(reading.faults, path)));
}

}  // namespace gnomon::probe
