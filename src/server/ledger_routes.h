#pragma once

// GET /ledger/checkpoint, /ledger/key and /ledger/tile/… (C2SP tlog-tiles), so that anybody can verify what was
// measured. Thread-safe.

#include <functional>
#include <string>
#include <string_view>

#include "http/router.h"

namespace gnomon::server {

// Gives the bytes of "checkpoint", "key", "tile/0/x001/067", kNotFound for anything else: journal::Ledger::resource.
using LedgerResource = std::function<Result<std::string>(std::string_view)>;

// `access`: public unless the operator says otherwise.
void add_ledger_routes(http::Router& router, LedgerResource resource, http::Access access = http::Access::kPublic);

}  // namespace gnomon::server
