#include "methods/responsiveness/nq_route.h"

namespace gnomon::methods::responsiveness {

void add_nq_route(http::Router& router, Port port, bool tls) {
  router.get(std::string(kWellKnownPath), http::Access::kPublic,
             [port, tls](const http::Request& request) -> Result<http::Response> {
               const std::string host(request.headers.get("Host").value_or(""));
               const auto config = own_config(host, tls, port);
               if (!config) {
                 return failure(ErrorCode::kInvalidArgument, "read Host", host, "is no host",
                                "ask for the server by its name or address");
               }
               auto response = http::Response::json(encode_nq_config(*config));
               response.headers.set("Cache-Control", "no-store");
               return response;
             });
}

}  // namespace gnomon::methods::responsiveness
