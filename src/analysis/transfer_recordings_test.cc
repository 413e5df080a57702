// The verdict on transfers that really happened: iperf3 in network namespaces, recorded with tools/record_transfers.py.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "analysis/throughput.h"
#include "analysis/transfer_limit.h"

namespace gnomon::analysis {
namespace {

struct Recording {
  std::string name;
  std::map<std::string, std::string> header;
  schema::Transfer transfer;  // as if the client received
};

using Row = std::map<std::string, std::int64_t>;

schema::TransferSample sample_of(const Row& row) {
  const auto us = [&](const std::string& name) { return std::chrono::microseconds(row.at(name)); };
  const auto ms = [&](const std::string& name) { return std::chrono::milliseconds(row.at(name)); };
  const auto count = [&](const std::string& name) { return static_cast<std::uint64_t>(row.at(name)); };
  const auto cpu = [&](const std::string& end) {
    return schema::CpuUse{us(end + "_run_us"), us(end + "_run_us"), us(end + "_wait_us"), us(end + "_throttled_us")};
  };
  schema::TransferSample sample;
  sample.at = us("at_us");
  sample.received_bytes = count("received");
  sample.tcp = schema::SenderTcp{count("acked"),   count("segments"), count("retransmitted"),    us("rtt_us"),
                                 us("min_rtt_us"), ms("busy_ms"),     ms("window_ms"),           ms("buffer_ms"),
                                 count("cwnd"),    count("unsent"),   row.at("app_limited") != 0};
  sample.sender_cpu = cpu("sender");
  sample.receiver_cpu = cpu("receiver");
  return sample;
}

Recording read(const std::filesystem::path& path) {
  Recording recording;
  recording.name = path.stem().string();
  std::ifstream file(path);
  std::vector<std::string> columns;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    if (columns.empty()) {
      std::string key;
      words >> key;
      if (key == "columns") {
        for (std::string column; words >> column;) columns.push_back(column);
      } else {
        words >> recording.header[key];
      }
      continue;
    }
    Row row;
    for (const std::string& column : columns) words >> row[column];
    recording.transfer.samples.push_back(sample_of(row));
  }
  recording.transfer.streams = static_cast<std::uint32_t>(std::stoul(recording.header.at("streams")));
  recording.transfer.paced_by_sender = recording.header.at("paced") == "1";
  return recording;
}

std::vector<Recording> recordings() {
  std::vector<Recording> all;
  for (const auto& entry : std::filesystem::directory_iterator(GNOMON_SOURCE_DIR "/src/analysis/testdata/transfers")) {
    if (entry.path().extension() == ".txt") all.push_back(read(entry.path()));
  }
  std::ranges::sort(all, {}, &Recording::name);
  return all;
}

std::string named(const std::string& limit) {
  return limit == "sender_cpu" ? "server_cpu" : limit == "receiver_cpu" ? "client_cpu" : limit;
}

TEST(TransferRecordings, TheVerdictIsRightOrUnsure) {
  int right = 0, all = 0;
  for (const Recording& recording : recordings()) {
    const TransferLimit limit = transfer_limit(recording.transfer);
    const std::string truth = named(recording.header.at("limit")), verdict(to_string(limit.limit));
    std::printf("%-20s %-18s %-18s %.2f  %s\n", recording.name.c_str(), truth.c_str(), verdict.c_str(),
                limit.confidence, limit.sentence.en.c_str());
    std::string seen;
    for (const Evidence& each : limit.evidence) seen += " " + each.name + "=" + std::to_string(each.value);
    EXPECT_TRUE(verdict == truth || limit.limit == Limit::kUnsure) << recording.name << seen;
    if (verdict != truth) std::printf("    %s\n", seen.c_str());
    right += verdict == truth ? 1 : 0;
    ++all;
  }
  EXPECT_GE(all, 10);
  EXPECT_GE(right, all - 2);
}

// The bucket counts the headers of IP and TCP too: 52 of 1,500 bytes.
TEST(TransferRecordings, PolicersAreMeasured) {
  int measured = 0;
  for (const Recording& recording : recordings()) {
    if (!recording.header.contains("police_mbps")) continue;
    const auto policer = find_policer(recording.transfer.samples);
    ASSERT_TRUE(policer) << recording.name;
    const double rate = std::stod(recording.header.at("police_mbps")) * 1e6 * 1448 / 1500;
    const double burst = std::stod(recording.header.at("burst")) * 1448 / 1500;
    std::printf("%-20s rate %+.1f %%, burst %+.1f %%\n", recording.name.c_str(), 100 * (policer->bps / rate - 1),
                100 * (policer->burst_bytes / burst - 1));
    EXPECT_NEAR(policer->bps, rate, 0.05 * rate) << recording.name;
    EXPECT_NEAR(policer->burst_bytes, burst, 0.2 * burst) << recording.name;
    ++measured;
  }
  EXPECT_GE(measured, 2);
}

// What the link lets through, less the headers.
TEST(TransferRecordings, ShapedRatesAreMeasured) {
  for (const Recording& recording : recordings()) {
    if (!recording.header.contains("rate_mbps")) continue;
    const DeliveryCurve curve(recording.transfer.samples);
    const auto result = throughput(curve, ramp_up(curve).end);
    ASSERT_TRUE(result) << recording.name;
    const double rate = std::stod(recording.header.at("rate_mbps")) * 1e6 * 1448 / 1500;
    std::printf("%-20s rate %+.1f %% ± %.1f %%\n", recording.name.c_str(), 100 * (result->bps / rate - 1),
                100 * *result->precision());
    EXPECT_NEAR(result->bps, rate, 0.03 * rate) << recording.name;
  }
}

}  // namespace
}  // namespace gnomon::analysis
