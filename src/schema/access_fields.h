#pragma once

// Every field of an AccessResult with its number in the .proto, once: the wire, the tables and the JSON walk this list.
// A test holds it against the descriptor.

#include <cstdint>

#include "schema/access_result.h"

namespace gnomon::schema {

// Calls visit(number, member) in the order of the numbers. `Result` is AccessResult, const or not.
template <typename Result, typename Visit>
void for_each_field(Result& r, Visit&& visit) {
  visit(1U, r.start);
  visit(2U, r.duration);
  visit(3U, r.plan_item);
  visit(4U, r.target);
  visit(5U, r.target_site);
  visit(6U, r.address);
  visit(7U, r.port);
  visit(8U, r.family);
  visit(9U, r.method);
  visit(10U, r.direction);
  visit(11U, r.streams);
  visit(12U, r.network);
  visit(13U, r.access);
  visit(14U, r.outcome);
  visit(15U, r.marks);
  visit(20U, r.throughput);
  visit(21U, r.throughput_low);
  visit(22U, r.throughput_high);
  visit(23U, r.samples);
  visit(24U, r.layer);
  visit(25U, r.moved_bytes);
  visit(26U, r.spared_bytes);
  visit(27U, r.throughput_up);
  visit(30U, r.idle_p50);
  visit(31U, r.idle_p95);
  visit(32U, r.loaded_p50);
  visit(33U, r.loaded_p95);
  visit(34U, r.rpm);
  visit(35U, r.rpm_confidence);
  visit(36U, r.delay_variation_mean);
  visit(37U, r.delay_variation_max);
  visit(38U, r.rpm_foreign);
  visit(39U, r.rpm_loaded);
  visit(40U, r.loss_ratio);
  visit(41U, r.retransmission_ratio);
  visit(42U, r.reordered_ratio);
  visit(50U, r.verdict);
  visit(51U, r.verdict_confidence);
  visit(52U, r.evidence);
  visit(53U, r.policer_rate);
  visit(54U, r.policer_burst);
  visit(55U, r.queue);
  visit(60U, r.client_cpu);
  visit(61U, r.server_cpu);
  visit(62U, r.congestion_control);
  visit(63U, r.software);
  visit(64U, r.rate_search);
}

}  // namespace gnomon::schema
