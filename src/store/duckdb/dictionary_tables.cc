#include "store/duckdb/dictionary.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::string_view kPathColumns =
    "place INTEGER, id UBIGINT, probe VARCHAR, source_site VARCHAR, plan_item VARCHAR, method VARCHAR, target VARCHAR, "
    "target_site VARCHAR, family INTEGER, address VARCHAR, interval_ms UINTEGER, payload_bytes UINTEGER, dscp "
    "UINTEGER, "
    "access VARCHAR, port UINTEGER, first_seen_ms BIGINT";
constexpr std::string_view kProbeColumns =
    "probe VARCHAR, sequence UBIGINT, created_ms BIGINT, received_ms BIGINT, program_version VARCHAR, name VARCHAR, "
    "site VARCHAR, plan_revision VARCHAR, vantage BLOB, first_seen_ms BIGINT, batches UBIGINT, windows UBIGINT, "
    "dropped_windows UBIGINT";

// Rows that are gathered before they are handed to an appender.
constexpr std::size_t kSlice = 8'192;

std::string numbers_list(const auto& numbers) {
  std::string list;
  for (const auto n : numbers) list += fmt::format("{}{}", list.empty() ? "" : ",", n);
  return list;
}

}  // namespace

Status Dictionary::create_tables(Connection& connection) {
  return connection.run(
      fmt::format("CREATE TABLE path ({}); CREATE TABLE path_seen (place INTEGER, last_seen_ms BIGINT);"
                  "CREATE TABLE probe ({})",
                  kPathColumns, kProbeColumns),
      "create tables");
}

Result<Dictionary> Dictionary::load(Connection& connection, std::int64_t seen_run) {
  Dictionary dictionary;
  if (auto status = dictionary.load_paths(connection, seen_run); !status) return tl::unexpected(status.error());
  if (auto status = dictionary.load_probes(connection); !status) return tl::unexpected(status.error());
  return dictionary;
}

Status Dictionary::load_paths(Connection& connection, std::int64_t seen_run) {
  auto rows = connection.query("SELECT * FROM path ORDER BY place", "read paths");
  if (!rows) return tl::unexpected(rows.error());
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      PathFields path;
      path.id = PathId{rows->natural(1, i)};
      const auto probe = parse_probe_id(rows->text(2, i)).value_or(ProbeId{});
      path.plan_item = rows->text(4, i);
      path.method = rows->text(5, i);
      path.target = rows->text(6, i);
      path.target_site = rows->text(7, i);
      path.family = static_cast<int>(rows->integer(8, i));
      path.address = rows->text(9, i);
      path.interval_ms = static_cast<std::uint32_t>(rows->integer(10, i));
      path.payload_bytes = static_cast<std::uint32_t>(rows->integer(11, i));
      path.dscp = static_cast<std::uint32_t>(rows->integer(12, i));
      path.access = rows->text(13, i);
      path.port = static_cast<std::uint32_t>(rows->integer(14, i));
      paths_.add(path, probe, rows->text(3, i), from_unix_ms(rows->integer(15, i)));
    }
  }
  paths_written_ = paths_.size();
  auto seen = connection.query(fmt::format("SELECT place, last_seen_ms FROM path_seen UNION ALL "
                                           "SELECT path, max({}) FROM {} WHERE run >= {} GROUP BY path",
                                           start_sql(), table_of(Level::kRaw), seen_run),
                               "read when paths were seen");
  if (!seen) return tl::unexpected(seen.error());
  for (auto more = seen->next();; more = seen->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t i = 0; i < seen->size(); ++i) {
      const auto place = seen->natural(0, i);
      if (place < paths_.size()) see(static_cast<std::int32_t>(place), seen->integer(1, i));
    }
  }
}

Status Dictionary::load_probes(Connection& connection) {
  auto rows = connection.query("SELECT * FROM probe ORDER BY probe", "read probes");
  if (!rows) return tl::unexpected(rows.error());
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t i = 0; i < rows->size(); ++i) {
      ProbeRecord probe;
      probe.header.probe = parse_probe_id(rows->text(0, i)).value_or(ProbeId{});
      probe.header.sequence = rows->natural(1, i);
      probe.header.created = from_unix_ms(rows->integer(2, i));
      probe.header.received = from_unix_ms(rows->integer(3, i));
      probe.header.program_version = rows->text(4, i);
      probe.header.probe_name = rows->text(5, i);
      probe.header.site = rows->text(6, i);
      probe.header.plan_revision = rows->text(7, i);
      probe.header.vantage = rows->text(8, i);
      probe.first_seen = from_unix_ms(rows->integer(9, i));
      probe.batches = rows->natural(10, i);
      probe.windows = rows->natural(11, i);
      probe.dropped_windows = rows->natural(12, i);
      probe_places_.emplace(probe.header.probe, probes_.size());
      probes_.push_back(std::move(probe));
    }
  }
}

Status Dictionary::write_paths(Connection& connection) const {
  if (!changed_paths_.empty()) {
    auto status = connection.run(fmt::format("DELETE FROM path WHERE place IN ({})", numbers_list(changed_paths_)),
                                 "write paths");
    if (!status) return status;
  }
  std::vector<std::int32_t> places(changed_paths_.begin(), changed_paths_.end());
  for (std::size_t p = paths_written_; p < paths_.size(); ++p) places.push_back(static_cast<std::int32_t>(p));
  const auto number = [](auto n) { return Cell(static_cast<std::int64_t>(n)); };
  std::vector<PathRecord> records;  // with the ids, outlives the cells, which only point to text
  std::vector<std::string> ids;
  for (std::size_t first = 0; first < places.size(); first += kSlice) {
    const auto slice = std::span(places).subspan(first, std::min(kSlice, places.size() - first));
    records.clear();
    ids.clear();
    for (const std::int32_t place : slice) {
      records.push_back(paths_.record(place));
      ids.push_back(to_string(records.back().probe));
    }
    std::vector<std::vector<Cell>> rows;
    for (std::size_t i = 0; i < slice.size(); ++i) {
      const PathRecord& p = records[i];
      rows.push_back({number(slice[i]), p.id.value, ids[i], p.source_site, p.plan_item, p.method, p.target,
                      p.target_site, number(p.family), p.address, number(p.interval_ms), number(p.payload_bytes),
                      number(p.dscp), p.access, number(p.port), number(to_unix_ms(p.first_seen))});
    }
    if (auto status = connection.append("path", rows); !status) return status;
  }
  return {};
}

Status Dictionary::write_probes(Connection& connection) const {
  if (changed_probes_.empty()) return {};
  std::vector<std::string> ids;  // outlives the cells, which only point to text
  ids.reserve(changed_probes_.size());
  std::vector<std::vector<Cell>> rows;
  std::string quoted;
  const auto number = [](auto n) { return Cell(static_cast<std::int64_t>(n)); };
  for (const std::size_t place : changed_probes_) {
    const ProbeRecord& p = probes_[place];
    const std::string& probe = ids.emplace_back(to_string(p.header.probe));
    quoted += fmt::format("{}'{}'", quoted.empty() ? "" : ",", probe);
    rows.push_back({probe, p.header.sequence, number(to_unix_ms(p.header.created)),
                    number(to_unix_ms(p.header.received)), p.header.program_version, p.header.probe_name, p.header.site,
                    p.header.plan_revision, Blob{p.header.vantage}, number(to_unix_ms(p.first_seen)), p.batches,
                    p.windows, p.dropped_windows});
  }
  const std::string where = rows.size() == probes_.size() ? "" : " WHERE probe IN (" + quoted + ")";
  if (auto status = connection.run("DELETE FROM probe" + where, "write probes"); !status) return status;
  return connection.append("probe", rows);
}

Status Dictionary::write(Connection& connection) const {
  if (auto status = write_paths(connection); !status) return status;
  return write_probes(connection);
}

Status Dictionary::write_seen(Connection& connection, std::shared_mutex& guard) const {
  if (auto status = connection.run("DELETE FROM path_seen", "write paths"); !status) return status;
  std::vector<std::vector<Cell>> rows;
  for (std::size_t place = 0;;) {
    rows.clear();
    {
      const std::shared_lock lock(guard);
      for (; place < paths_.size() && rows.size() < kSlice; ++place) {
        rows.push_back({static_cast<std::int64_t>(place), paths_.last_seen_ms(static_cast<std::int32_t>(place))});
      }
    }
    if (rows.empty()) return {};
    if (auto status = connection.append("path_seen", rows); !status) return status;
  }
}

}  // namespace gnomon::store::duckdb
