#pragma once

// POST /api/v1/probes and DELETE /api/v1/probes/{id}: which probes may hand in batches, for admins.

#include <functional>

#include "core/ids.h"
#include "http/router.h"
#include "server/probe_registry.h"

namespace gnomon::server {

// `removed`: told after a probe was removed; may be empty. `registry` must outlive the router's use.
void add_probe_routes(http::Router& router, ProbeRegistry& registry, std::function<void(const ProbeId&)> removed = {});

}  // namespace gnomon::server
