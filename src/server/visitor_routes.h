#pragma once

// Results of visitors' speed tests over HTTP, for anybody who has the link. Thread-safe.
//
//   GET  /api/v1/speed/server              this server's name, and the names that lead to it by one family only
//   POST /api/v1/speed/result              the page is done: keeps the tests of its ticket, 201 with the id
//   GET  /api/v1/speed/result/{id}         the figures, read from the signed batch
//   GET  /api/v1/speed/result/{id}/batch   that batch, as it was signed
//   GET  /api/v1/speed/result/{id}/proof   its proof in the ledger (journal/tlog_proof.h); 503 until a checkpoint has
//   it

#include "http/router.h"
#include "server/visitor_tests.h"

namespace gnomon::journal {
class Journal;
}

namespace gnomon::server {

// "HOST[:PORT]" that has addresses of one family only; empty: none.
struct SpeedHosts {
  std::string ipv4, ipv6;
};

// All outlive the router's use.
void add_visitor_routes(http::Router& router, VisitorTests& tests, const journal::Journal& journal,
                        const SpeedHosts& hosts);

}  // namespace gnomon::server
