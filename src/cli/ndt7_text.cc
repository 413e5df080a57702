#include "cli/ndt7_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>

#include "analysis/figure_text.h"
#include "analysis/transfer_ends.h"

namespace gnomon::cli {

namespace {

namespace json = boost::json;
using methods::ndt7::RunEnd;
using methods::ndt7::RunResult;
using schema::Direction;
using schema::TransferSample;

double seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// Of the last second, or of what there is.
double recent_bits_per_second(const schema::Transfer& transfer) {
  if (transfer.samples.empty()) return 0;
  const TransferSample& last = transfer.samples.back();
  TransferSample first;
  for (const auto& sample : transfer.samples) {
    if (last.at - sample.at <= std::chrono::seconds(1)) break;
    first = sample;
  }
  if (last.at <= first.at) return 0;
  return static_cast<double>(last.received_bytes - first.received_bytes) * 8 / seconds(last.at - first.at);
}

// The last sample that knows it.
template <typename T>
std::optional<T> last_known(const schema::Transfer& transfer, std::optional<T> TransferSample::*what) {
  for (auto sample = transfer.samples.rbegin(); sample != transfer.samples.rend(); ++sample) {
    if ((*sample).*what) return (*sample).*what;
  }
  return std::nullopt;
}

std::string_view name_of(Direction direction) {
  return direction == Direction::kDown ? "download" : "upload";
}

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object object_of(const RunResult& run) {
  const schema::Transfer& transfer = run.transfer;
  json::object out{{"throughput_bps", methods::ndt7::mean_bits_per_second(transfer)},
                   {"received_bytes", transfer.samples.empty() ? 0 : transfer.samples.back().received_bytes},
                   {"elapsed_ns", run.elapsed.count()},
                   {"end", methods::ndt7::to_string(run.end)},
                   {"fault", run.fault.empty() ? json::value(nullptr) : json::value(run.fault)},
                   {"client", run.own_endpoint},
                   {"server", run.peer_endpoint}};
  const auto tcp = last_known(transfer, &TransferSample::tcp);
  out["rtt_ns"] = tcp ? json::value(tcp->rtt.count()) : json::value(nullptr);
  out["min_rtt_ns"] = tcp ? json::value(tcp->min_rtt.count()) : json::value(nullptr);
  out["sent_segments"] = tcp ? json::value(tcp->sent_segments) : json::value(nullptr);
  out["retransmitted_segments"] = tcp ? json::value(tcp->retransmitted_segments) : json::value(nullptr);
  const analysis::TransferEnds ends = analysis::transfer_ends(transfer);
  out["client_cpu_s_per_gb"] = number_or_null(ends.client_cpu);
  out["server_cpu_s_per_gb"] = number_or_null(ends.server_cpu);
  json::array samples;
  for (const auto& sample : transfer.samples) {
    samples.push_back(
        json::object{{"at_ns", sample.at.count()},
                     {"received_bytes", sample.received_bytes},
                     {"rtt_ns", sample.tcp ? json::value(sample.tcp->rtt.count()) : json::value(nullptr)}});
  }
  out["samples"] = std::move(samples);
  return out;
}

// Why a test ended before its time, and what to look at.
std::string ending_text(const RunResult& run) {
  const auto& samples = run.transfer.samples;
  if ((samples.empty() || samples.back().received_bytes == 0) && run.end != RunEnd::kKilled) {
    return "not a byte came through, though the connection stood: something between lets small packets pass and no "
           "large ones (an MTU black hole), or blocks the data";
  }
  std::string why(methods::ndt7::to_string(run.end));
  if (run.end == RunEnd::kIdle) why = "nothing came through for 5 s";
  if (!run.fault.empty()) why += ": " + run.fault;
  return fmt::format("ended early ({}); the figure holds until then: see whether {} still runs and is reached", why,
                     run.peer_endpoint);
}

void add_run(std::vector<std::string>& lines, const Terminal& terminal, const RunResult& run) {
  const schema::Transfer& transfer = run.transfer;
  StyledLine line(terminal);
  line.add(fmt::format(" {:<9}", name_of(transfer.direction)));
  line.add(analysis::rate_text(methods::ndt7::mean_bits_per_second(transfer)), Style::kBold);
  line.add(fmt::format("  in {:.1f} s", seconds(run.elapsed)), Style::kDim);
  if (const auto tcp = last_known(transfer, &TransferSample::tcp)) {
    line.add(fmt::format("   rtt {:.1f} ms, least {:.1f} ms", seconds(tcp->rtt) * 1e3, seconds(tcp->min_rtt) * 1e3));
    if (tcp->sent_segments > 0) {
      line.add(fmt::format("   {:.2f} % sent again", 100.0 * static_cast<double>(tcp->retransmitted_segments) /
                                                         static_cast<double>(tcp->sent_segments)));
    }
  }
  lines.push_back(line.text());
  if (run.end == RunEnd::kDone) return;
  constexpr int kIndent = 11;
  for (std::string& one : wrapped(ending_text(run), kIndent, Style::kWarn, terminal)) lines.push_back(std::move(one));
}

}  // namespace

std::string ndt7_line(const Terminal& terminal, const schema::Transfer& transfer) {
  StyledLine line(terminal);
  line.add(fmt::format(" {:<9}", name_of(transfer.direction)));
  line.add(fmt::format("{:>13}", analysis::rate_text(recent_bits_per_second(transfer))), Style::kBold);
  line.add(fmt::format("   mean {}", analysis::rate_text(methods::ndt7::mean_bits_per_second(transfer))));
  if (!transfer.samples.empty()) line.add(fmt::format("   {:.1f} s", seconds(transfer.samples.back().at)), Style::kDim);
  return line.text();
}

std::vector<std::string> ndt7_block(const Terminal& terminal, const methods::ndt7::Ndt7Result& result) {
  std::vector<std::string> lines;
  for (const auto* run : {&result.download, &result.upload}) {
    if (*run) add_run(lines, terminal, **run);
  }
  const auto& any = result.download ? result.download : result.upload;
  if (any) {
    lines.push_back(StyledLine(terminal)
                        .add(fmt::format(" one TCP connection, {} to {}, {}", any->own_endpoint, any->peer_endpoint,
                                         result.tls ? "TLS" : "no TLS"),
                             Style::kDim)
                        .text());
  }
  return lines;
}

std::string ndt7_json(std::string_view url, const methods::ndt7::Ndt7Result& result) {
  json::object out{{"method", "ndt7"}, {"url", url}, {"tls", result.tls}};
  out["download"] = result.download ? json::value(object_of(*result.download)) : json::value(nullptr);
  out["upload"] = result.upload ? json::value(object_of(*result.upload)) : json::value(nullptr);
  return json::serialize(out);
}

}  // namespace gnomon::cli
