#pragma once

// Every path that a store knows, by a small number (its place), compactly: some 60 bytes a path, however long the
// names, since paths share them. A path keeps its place for ever. Not thread-safe.

#include <compare>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/store.h"

namespace gnomon::store {

// Strings by number, each kept once.
class StringPool {
 public:
  std::uint32_t number_of(std::string_view text);
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }

 private:
  std::deque<std::string> texts_;  // addresses stay
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

class PathDictionary {
 public:
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::optional<std::int32_t> find(PathId id) const;
  [[nodiscard]] PathId id(std::int32_t place) const { return at(place).id; }
  [[nodiscard]] PathRecord record(std::int32_t place) const;

  [[nodiscard]] const std::string& method(std::int32_t place) const { return strings_.text(method_number(place)); }
  // Equal for paths of one method, while the program runs.
  [[nodiscard]] std::uint32_t method_number(std::int32_t place) const { return shapes_[at(place).shape].method; }

  // Adds a path that find() does not know; returns its place.
  std::int32_t add(const PathFields& fields, const ProbeId& probe, const std::string& source_site, WallTime first_seen);
  // Replaces what may change; true when something did.
  bool update(std::int32_t place, const PathFields& fields, const std::string& source_site);
  void see(std::int32_t place, std::int64_t start_ms);
  [[nodiscard]] std::int64_t last_seen_ms(std::int32_t place) const { return at(place).last_seen_ms; }

 private:
  // What many paths have in common.
  struct Shape {
    std::uint32_t plan_item, method, access, family, interval_ms, payload_bytes, dscp, port;
    friend auto operator<=>(const Shape&, const Shape&) = default;
  };
  struct Entry {
    PathId id;
    std::int64_t first_seen_ms = 0;
    std::int64_t last_seen_ms = 0;
    std::uint32_t probe = 0, source_site = 0, target = 0, target_site = 0, address = 0, shape = 0;
  };
  [[nodiscard]] const Entry& at(std::int32_t place) const { return entries_[static_cast<std::size_t>(place)]; }
  void fill(Entry& entry, const PathFields& fields, const std::string& source_site);
  std::uint32_t shape_of(const PathFields& fields);
  void grow_index();
  [[nodiscard]] std::size_t cell_of(PathId id) const;  // where it stands in the index, or would

  std::deque<Entry> entries_;
  std::vector<std::int32_t> index_;  // open addressing by id; -1: empty; a power of two long
  StringPool strings_;
  std::vector<ProbeId> probes_;
  std::unordered_map<ProbeId, std::uint32_t> probe_numbers_;
  std::vector<Shape> shapes_;
  std::map<Shape, std::uint32_t> shape_numbers_;
};

}  // namespace gnomon::store
