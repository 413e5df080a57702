#pragma once

// /.well-known/nq on an HTTP/1.1 server whose responsiveness server has a port of its own: clients find it by the URL
// that the draft has for it, and measure over HTTP/2 where it points to.

#include "http/router.h"
#include "methods/responsiveness/own_config.h"

namespace gnomon::methods::responsiveness {

// `port` and `tls` are those of the responsiveness server at the same host.
void add_nq_route(http::Router& router, Port port, bool tls);

}  // namespace gnomon::methods::responsiveness
