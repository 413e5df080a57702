#include "store/path_dictionary.h"

namespace gnomon::store {

std::uint32_t StringPool::number_of(std::string_view text) {
  if (const auto at = numbers_.find(text); at != numbers_.end()) return at->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  numbers_.emplace(texts_.emplace_back(text), number);
  return number;
}

std::size_t PathDictionary::cell_of(PathId id) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t cell = (id.value * 0x9e3779b97f4a7c15ULL >> 20) & mask;
  while (index_[cell] >= 0 && at(index_[cell]).id != id) cell = (cell + 1) & mask;
  return cell;
}

std::optional<std::int32_t> PathDictionary::find(PathId id) const {
  if (index_.empty()) return std::nullopt;
  const std::int32_t place = index_[cell_of(id)];
  if (place < 0) return std::nullopt;
  return place;
}

void PathDictionary::grow_index() {
  index_.assign(std::max<std::size_t>(64, 2 * index_.size()), -1);
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    index_[cell_of(entries_[place].id)] = static_cast<std::int32_t>(place);
  }
}

std::uint32_t PathDictionary::shape_of(const PathFields& f) {
  const Shape shape{strings_.number_of(f.plan_item),
                    strings_.number_of(f.method),
                    strings_.number_of(f.access),
                    static_cast<std::uint32_t>(f.family),
                    f.interval_ms,
                    f.payload_bytes,
                    f.dscp,
                    f.port};
  const auto [at, is_new] = shape_numbers_.try_emplace(shape, static_cast<std::uint32_t>(shapes_.size()));
  if (is_new) shapes_.push_back(shape);
  return at->second;
}

void PathDictionary::fill(Entry& entry, const PathFields& fields, const std::string& source_site) {
  entry.source_site = strings_.number_of(source_site);
  entry.target = strings_.number_of(fields.target);
  entry.target_site = strings_.number_of(fields.target_site);
  entry.address = strings_.number_of(fields.address);
  entry.shape = shape_of(fields);
}

std::int32_t PathDictionary::add(const PathFields& fields, const ProbeId& probe, const std::string& source_site,
                                 WallTime first_seen) {
  if (index_.size() * 7 <= entries_.size() * 10) grow_index();  // at most 0.7 full
  Entry entry;
  entry.id = fields.id;
  entry.first_seen_ms = std::chrono::floor<std::chrono::milliseconds>(first_seen.since_epoch).count();
  const auto [at, is_new] = probe_numbers_.try_emplace(probe, static_cast<std::uint32_t>(probes_.size()));
  if (is_new) probes_.push_back(probe);
  entry.probe = at->second;
  fill(entry, fields, source_site);
  const std::size_t cell = cell_of(fields.id);
  index_[cell] = static_cast<std::int32_t>(entries_.size());
  entries_.push_back(entry);
  return index_[cell];
}

bool PathDictionary::update(std::int32_t place, const PathFields& fields, const std::string& source_site) {
  Entry& entry = entries_[static_cast<std::size_t>(place)];
  Entry next = entry;
  fill(next, fields, source_site);
  const bool same = next.source_site == entry.source_site && next.target == entry.target &&
                    next.target_site == entry.target_site && next.address == entry.address && next.shape == entry.shape;
  entry = next;
  return !same;
}

void PathDictionary::see(std::int32_t place, std::int64_t start_ms) {
  Entry& entry = entries_[static_cast<std::size_t>(place)];
  entry.last_seen_ms = std::max(entry.last_seen_ms, start_ms);
}

PathRecord PathDictionary::record(std::int32_t place) const {
  const Entry& entry = at(place);
  const Shape& shape = shapes_[entry.shape];
  PathRecord path;
  path.id = entry.id;
  path.plan_item = strings_.text(shape.plan_item);
  path.method = strings_.text(shape.method);
  path.target = strings_.text(entry.target);
  path.target_site = strings_.text(entry.target_site);
  path.family = static_cast<int>(shape.family);
  path.address = strings_.text(entry.address);
  path.interval_ms = shape.interval_ms;
  path.payload_bytes = shape.payload_bytes;
  path.dscp = shape.dscp;
  path.access = strings_.text(shape.access);
  path.port = shape.port;
  path.probe = probes_[entry.probe];
  path.source_site = strings_.text(entry.source_site);
  path.first_seen = WallTime{std::chrono::milliseconds(entry.first_seen_ms)};
  path.last_seen = WallTime{std::chrono::milliseconds(entry.last_seen_ms)};
  return path;
}

}  // namespace gnomon::store
