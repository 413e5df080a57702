// The part of the oracle that does the sums at the end: what a probe measured is in the journal or was reported.

#include <algorithm>

#include "simulation/oracle.h"

namespace gnomon::simulation {

namespace {

bool names(const probe::DroppedRange& range, std::uint64_t sequence) {
  return sequence >= range.first_sequence && sequence <= range.last_sequence;
}

}  // namespace

void Oracle::finish(const ProbeId& probe, std::optional<std::uint64_t> dropped) {
  const auto reports = reports_of(probe);
  ranges_ += reports.size();
  check_accounts(probe, reports);
  if (dropped) check_counts(probe, reports, *dropped);
}

std::vector<Oracle::Report> Oracle::reports_of(const ProbeId& probe) const {
  std::vector<Report> reports;
  for (const Record& record : records_) {
    if (record.probe != probe) continue;
    for (const auto& range : version_of(record)->carried) reports.push_back({record.sequence, range});
  }
  return reports;
}

void Oracle::check_accounts(const ProbeId& probe, const std::vector<Report>& reports) {
  const auto is_reported = [&](std::uint64_t sequence) {
    return std::ranges::any_of(reports, [&](const Report& report) { return names(report.range, sequence); });
  };
  std::uint64_t missing_windows = 0;
  std::uint64_t newest = 0;
  for (const auto& [sequence, versions] : books_[probe].versions) {
    if (stored_.contains({probe, sequence})) {
      newest = sequence;
      continue;
    }
    for (const Version& version : versions) {
      // What was only in memory when its program was killed is gone, and nobody can know.
      if (!version.is_safe && ended_lives_.contains({probe, version.life})) continue;
      newest = sequence;
      if (!is_reported(sequence)) {
        std::string told;
        for (const Report& report : reports) {
          told += fmt::format(" {}-{} by {}", report.range.first_sequence, report.range.last_sequence, report.by);
        }
        return world_.violate(
            "accounted", fmt::format("batch {} of probe {} neither arrived nor was reported as dropped; reported:{}",
                                     sequence, to_string(probe).substr(0, 6), told));
      }
      if (version.is_safe) missing_windows += version.windows.size();
    }
  }
  for (std::uint64_t sequence = 1; sequence <= newest; ++sequence) {
    if (!stored_.contains({probe, sequence}) && !is_reported(sequence)) {
      return world_.violate("accounted", fmt::format("number {} is missing and nothing explains it", sequence));
    }
  }
  std::uint64_t reported_windows = 0;
  for (const Report& report : reports) reported_windows += report.range.windows;
  // The count of a batch whose file could not be read is not known to anybody.
  if (reported_windows < missing_windows && !unreadable_.contains(probe)) {
    world_.violate("accounted", fmt::format("{} windows were dropped, {} reported", missing_windows, reported_windows));
  }
}

void Oracle::check_counts(const ProbeId& probe, const std::vector<Report>& reports, std::uint64_t dropped) {
  // A batch whose answer was lost may be dropped although it arrived; what it carried is then carried again by another,
  // and told twice. Such a report stands in a batch that was itself reported.
  std::uint64_t once = 0;
  for (const Report& report : reports) {
    const auto is_of = [&](const Report& other) { return names(other.range, report.by); };
    if (std::ranges::none_of(reports, is_of)) once += report.range.windows;
  }
  if (once != dropped) {
    world_.violate("accounted", fmt::format("probe {} dropped {} windows and {} were reported",
                                            to_string(probe).substr(0, 6), dropped, once));
  }
}

}  // namespace gnomon::simulation
