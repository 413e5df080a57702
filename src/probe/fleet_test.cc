// Whole probes over the loopback, with real packets, to a small real server.

#include "probe/fleet.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <set>

#include "gnomon/v1/batch.pb.h"
#include "http/held_port_for_test.h"
#include "http/server.h"
#include "schema/batch_codec.h"

namespace gnomon::probe {
namespace {

using namespace std::chrono_literals;

// Takes batches, checks their signatures, and answers as it is told.
class Collector {
 public:
  explicit Collector(const std::string& listen = "127.0.0.1:0") {
    http::Route route;
    route.method = http::Method::kPost;
    route.pattern = "/api/v1/ingest";
    route.access = http::Access::kPublic;
    route.body_limit = 8UL << 20;
    route.handler = [this](const http::Request& request) { return take(request); };
    router_.add(std::move(route));
    http::ServerOptions options;
    options.listen = listen;
    auto server = http::Server::start(options, router_);
    if (!server) throw std::runtime_error(server.error().message());
    server_ = std::move(*server);
  }

  [[nodiscard]] std::string url() const { return server_->url(); }

  // Until `enough` of all batches so far is true; false after a time that a healthy run never needs.
  bool wait(const std::function<bool(const std::vector<v1::Batch>&)>& enough) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return enough(batches_); });
  }
  std::vector<v1::Batch> batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

 private:
  Result<http::Response> take(const http::Request& request) {
    const auto parts = schema::split_ingest_request(std::as_bytes(std::span(request.body)));
    v1::IngestResponse response;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& bytes : *parts) {
        const auto batch = schema::read_signed_batch(bytes);
        auto& ack = *response.add_acks();
        ack.set_sequence(batch ? batch->head().sequence : 0);
        ack.set_verdict(batch ? v1::IngestResponse::VERDICT_STORED : v1::IngestResponse::VERDICT_BAD);
        if (!batch) continue;
        const auto content = schema::split_signed_batch(bytes)->batch;
        EXPECT_TRUE(batches_.emplace_back().ParseFromArray(content.data(), static_cast<int>(content.size())));
      }
    }
    changed_.notify_all();
    return http::Response::text(response.SerializeAsString(), "application/x-protobuf");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<v1::Batch> batches_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

class FleetTest : public testing::Test {
 protected:
  FleetTest() : folder_(testing::TempDir() + fmt::format("/fleet-{}-{}", ::getpid(), ++count_)) {}
  ~FleetTest() override { std::filesystem::remove_all(folder_); }

  FleetOptions options(const std::string& url) const {
    FleetOptions options;
    options.plan = *parse_plan(R"(
targets:
  here: {addresses: 127.0.0.1}
  name: {host: localhost}
measurements:
  - {name: quick, from: all, to: here, interval: 50ms, window: 1s, timeout: 500ms}
  - {name: named, from: all, to: name, interval: 100ms, window: 1s, timeout: 500ms, family: 4}
)")
                        .plan;
    options.server_url = url;
    options.folder = folder_;
    options.members.push_back({"one", "north", "", net::host_space(), {}, {}});
    options.members.push_back({"two", "south", "", net::host_space(), {}, {}});
    return options;
  }

  static std::uint64_t answered(const std::vector<v1::Batch>& batches) {
    std::uint64_t received = 0;
    for (const auto& batch : batches) {
      for (const auto count : batch.delay().received()) received += count;
    }
    return received;
  }
  static inline int count_ = 0;
  std::string folder_;
};

TEST_F(FleetTest, ResultsArriveAndNothingIsMissing) {
  Collector collector;
  auto fleet = Fleet::start(options(collector.url()));
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message();
  ASSERT_TRUE(collector.wait([](const auto& batches) { return answered(batches) > 0; }));
  ASSERT_TRUE(collector.wait([](const auto& batches) { return batches.size() >= 8; }));
  EXPECT_EQ((*fleet)->stop(20s), 0U);
  std::map<std::string, std::set<std::uint64_t>> sequences;
  for (const auto& batch : collector.batches()) {
    EXPECT_TRUE(sequences[batch.probe_name()].insert(batch.sequence()).second);
    EXPECT_EQ(batch.plan_revision().size(), 16U);
    EXPECT_GT(batch.vantage().links_size() + batch.vantage().families_size(), 1);
  }
  ASSERT_EQ(sequences.size(), 2U);
  for (const auto& [probe, numbers] : sequences) {
    EXPECT_EQ(*numbers.begin(), 1U);
    EXPECT_EQ(*numbers.rbegin(), numbers.size()) << probe << " has gaps";
  }
  const FleetStatus status = (*fleet)->status();
  std::uint64_t windows = 0;
  for (const auto& probe : status.probes) windows += probe.windows;
  std::uint64_t arrived = 0;
  for (const auto& batch : collector.batches()) arrived += static_cast<std::uint64_t>(batch.delay().path_size());
  EXPECT_EQ(arrived, windows);
}

TEST_F(FleetTest, AnAccessResultTravelsInTheNextBatchOfItsProbe) {
  Collector collector;
  FleetOptions all = options(collector.url());
  all.members[1].access = "5g";
  auto fleet = Fleet::start(std::move(all));
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message();
  schema::AccessResult result;
  result.start = WallTime{1'700'000'000s};
  result.method = "tcp";
  result.throughput = 412'000'000;
  EXPECT_EQ((*fleet)->report("three", result).error().code, ErrorCode::kNotFound);
  schema::AccessResult faulty = result;
  faulty.family = 5;
  EXPECT_EQ((*fleet)->report("two", faulty).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE((*fleet)->report("two", result));
  const auto results_of = [](const std::vector<v1::Batch>& batches) {
    std::vector<std::pair<std::string, v1::AccessResult>> results;
    for (const auto& batch : batches) {
      for (const auto& one : batch.access()) results.emplace_back(batch.probe_name(), one);
    }
    return results;
  };
  ASSERT_TRUE(collector.wait([&](const auto& batches) { return !results_of(batches).empty(); }));
  EXPECT_EQ((*fleet)->stop(20s), 0U);
  const auto arrived = results_of(collector.batches());
  ASSERT_EQ(arrived.size(), 1U);
  EXPECT_EQ(arrived[0].first, "two");
  EXPECT_EQ(arrived[0].second.throughput(), 412'000'000U);
  EXPECT_EQ(arrived[0].second.access(), "5g");  // where the probe stands
  EXPECT_EQ(arrived[0].second.network(), v1::ACCESS_NETWORK_5G);
}

TEST_F(FleetTest, MeasuresOnWhileTheServerIsAwayAndLosesNothing) {
  const http::HeldPort port;
  std::uint64_t windows = 0;
  {
    auto fleet = Fleet::start(options("http://" + port.endpoint()));
    ASSERT_TRUE(fleet.has_value()) << fleet.error().message();
    const auto enough = [&] {
      std::uint64_t total = 0;
      for (const auto& probe : (*fleet)->status().probes) total += probe.windows;
      return total >= 12;
    };
    // The server stays away; status() is refreshed twice a second.
    const auto until = SystemClock().now() + 20s;
    while (!enough() && SystemClock().now() < until) std::this_thread::yield();
    EXPECT_GT((*fleet)->stop(0s), 0U);
    for (const auto& probe : (*fleet)->status().probes) windows += probe.windows;
  }
  Collector collector(port.endpoint());
  auto fleet = Fleet::start(options(collector.url()));
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message();
  ASSERT_TRUE(collector.wait([&](const auto& batches) {
    std::uint64_t arrived = 0;
    for (const auto& batch : batches) arrived += static_cast<std::uint64_t>(batch.delay().path_size());
    return arrived > windows;
  }));
  (*fleet)->stop(5s);
  std::map<std::string, std::set<std::uint64_t>> sequences;
  for (const auto& batch : collector.batches()) sequences[batch.probe_name()].insert(batch.sequence());
  for (const auto& [probe, numbers] : sequences) {
    EXPECT_EQ(*numbers.begin(), 1U);
    EXPECT_EQ(*numbers.rbegin(), numbers.size()) << probe << " has gaps";
  }
}

TEST_F(FleetTest, ANewPlanLeavesEqualPathsAlone) {
  Collector collector;
  auto fleet = Fleet::start(options(collector.url()));
  ASSERT_TRUE(fleet.has_value());
  ASSERT_TRUE(collector.wait([](const auto& batches) { return answered(batches) > 0; }));
  Plan plan = options("").plan;
  plan.measurements.pop_back();
  const std::string expected = revision(plan);
  (*fleet)->use_plan(plan);
  ASSERT_TRUE(collector.wait(
      [&](const auto& batches) { return !batches.empty() && batches.back().plan_revision() == expected; }));
  (*fleet)->stop(5s);
  EXPECT_EQ((*fleet)->status().plan_revision, expected);
}

TEST_F(FleetTest, RefusesAFolderInUseAndWrongNames) {
  Collector collector;
  auto first = Fleet::start(options(collector.url()));
  ASSERT_TRUE(first.has_value());
  const auto second = Fleet::start(options(collector.url()));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  FleetOptions wrong = options(collector.url());
  wrong.members[1].name = "../two";
  EXPECT_EQ(Fleet::start(wrong).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(FleetTest, IdentitiesAreThoseOfTheBatches) {
  Collector collector;
  const auto identities = Fleet::identities(folder_, options("").members);
  ASSERT_TRUE(identities.has_value());
  auto fleet = Fleet::start(options(collector.url()));
  ASSERT_TRUE(collector.wait([](const auto& batches) { return !batches.empty(); }));
  (*fleet)->stop(5s);
  const v1::Batch batch = collector.batches().front();
  const auto& own = batch.probe_name() == "one" ? identities->at(0) : identities->at(1);
  EXPECT_EQ(batch.probe_id(), std::string(reinterpret_cast<const char*>(own.id.bytes.data()), own.id.bytes.size()));
}

}  // namespace
}  // namespace gnomon::probe
