#pragma once

// Where DelayColumns keeps each column. Private to delay_columns*.cc.

#include <vector>

#include "schema/columns.h"
#include "schema/delay_columns.h"

namespace gnomon::schema {

// Built once from the schema; `slot` counts the columns of one kind of storage.
struct DelayColumns::Layout {
  Layout();
  struct Place {
    ColumnKind kind{};
    std::size_t slot = 0;
  };
  std::vector<Place> places;                 // as delay_columns()
  std::vector<std::size_t> place_of_number;  // by field number; kNone: no such field
  std::size_t words = 0, enums = 0, longs = 0, sketches = 0;

  static constexpr std::size_t kNone = ~std::size_t{0};
  // Slots of the columns that code names.
  std::size_t path, start_ms, duration_ms, marks, sent, received, lost, duplicated, reordered, late, stray, unreachable;
  std::size_t outcome, timestamp_source;
  std::size_t lost_forward, lost_backward, reordered_forward, reordered_backward;
  std::size_t rtt_min, rtt_mean, rtt_max, forward_min, forward_max, backward_min, backward_max;
  std::size_t error_bound, clock_bound;
  std::size_t rtt, forward, backward, ipdv;
};

// The bytes of each column by its place in delay_columns(); a column may come once, packed.
struct DelayColumns::Chunks {
  std::vector<std::span<const std::byte>> of;
  std::vector<bool> present;
};

}  // namespace gnomon::schema
