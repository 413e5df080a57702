#pragma once

// One function for each api_NAME.cc, which adds the resource's routes. Called once, by add_api.

#include "http/router.h"
#include "server/api.h"

namespace gnomon::server {

void add_status_routes(http::Router& router, const Api& api);
void add_region_routes(http::Router& router, const Api& api);
void add_path_routes(http::Router& router, const Api& api);
void add_series_routes(http::Router& router, const Api& api);
void add_mesh_routes(http::Router& router, const Api& api);
void add_overview_routes(http::Router& router, const Api& api);
void add_access_routes(http::Router& router, const Api& api);
void add_change_routes(http::Router& router, const Api& api);
void add_fleet_routes(http::Router& router, const Api& api);
void add_storage_routes(http::Router& router, const Api& api);
void add_lab_routes(http::Router& router, const Api& api);
void add_live_routes(http::Router& router, const Api& api);
void add_document_routes(http::Router& router, const Api& api);
void add_metrics_routes(http::Router& router, const Api& api);

}  // namespace gnomon::server
