#include "methods/responsiveness/config_fetch.h"
#include "methods/responsiveness/loaded_part.h"
#include "methods/responsiveness/responsiveness.h"
#include "net/resolve.h"

namespace gnomon::methods::responsiveness {
namespace {

// "HOST", "HOST:PORT", an address as it stands, or a URL; without a path the well-known one.
Result<NqUrl> url_of(const std::string& target) {
  const bool is_url = target.find("://") != std::string::npos;
  const auto address = net::Address::parse(target);
  const bool bare_v6 = address && address->family() == Family::kIpv6;
  const std::string host = bare_v6 ? "[" + target + "]" : target;
  const auto url = decode_nq_url(is_url ? target : "https://" + host);
  if (!url) {
    return failure(ErrorCode::kInvalidArgument, "read responsiveness server", target, url.error().reason,
                   "write HOST, HOST:PORT or https://HOST/.well-known/nq");
  }
  NqUrl out = *url;
  if (out.path == "/") out.path = kWellKnownPath;
  return out;
}

Result<std::optional<http::H2Tls>> tls_of(const Options& options, const NqUrl& url) {
  if (!url.tls) return std::nullopt;
  auto tls = http::H2Tls::client(options.ca_file, options.verify_tls);
  if (!tls) return tl::unexpected(tls.error());
  return std::optional(std::move(*tls));
}

// The draft: with a test endpoint, as if the URLs' host had its address.
Result<net::Address> address_for(const Options& options, const NqUrl& asked, const Fetched& fetched) {
  const auto& host = fetched.config.test_endpoint.value_or(fetched.config.small.host);
  if (host == asked.host) return fetched.address;
  auto addresses = net::resolve(host, options.family);
  if (!addresses) return tl::unexpected(addresses.error());
  return addresses->front();
}

std::optional<WorkingConditions>& place_of(Load load, Responsiveness& out) {
  switch (load) {
    case Load::kDown:
      return out.down;
    case Load::kUp:
      return out.up;
    case Load::kBoth:
      return out.both;
  }
  return out.both;
}

SearchOptions search_of(const Options& options, const Course& course, Load load) {
  SearchOptions search = options.search;
  search.tls = course.tls != nullptr;
  const auto share = options.most_time / static_cast<int>(std::max<std::size_t>(1, options.loads.size()));
  search.goodput_time = search.rpm_time = share / 2;
  if (load == Load::kBoth) {
    search.first_flows *= 2;
    search.more_flows *= 2;
  }
  return search;
}

TestFailure no_address(const Error& error) {
  return {error, schema::AccessOutcome::kNoAddress};
}

}  // namespace

std::string_view to_string(Load load) {
  switch (load) {
    case Load::kDown:
      return "down";
    case Load::kUp:
      return "up";
    case Load::kBoth:
      return "both";
  }
  return "";
}

Measured<Responsiveness> measure(const Options& options, const Clock& clock, Random& random, ProgressSink* progress) {
  const auto url = url_of(options.target);
  if (!url) return tl::unexpected(TestFailure(url.error()));
  const auto tls = tls_of(options, *url);
  if (!tls) return tl::unexpected(TestFailure(tls.error()));
  const auto addresses = net::resolve(url->host, options.family);
  if (!addresses) return tl::unexpected(no_address(addresses.error()));
  const http::H2Tls* const secure = *tls ? &**tls : nullptr;
  const auto fetched = fetch_config(*url, *addresses, secure, *options.space, clock, options.stop);
  if (!fetched) return tl::unexpected(fetched.error());
  const NqUrl& small = fetched->config.small;
  if (small.tls != url->tls) {
    return tl::unexpected(TestFailure(
        failure(ErrorCode::kUnsupported, "use configuration of", url->text(), "its URLs have another scheme",
                "ask for the configuration with the scheme that is to be measured")
            .value(),
        schema::AccessOutcome::kRefused));
  }
  const auto address = address_for(options, *url, *fetched);
  if (!address) return tl::unexpected(no_address(address.error()));
  const Course course{
      *options.space, clock, secure, {{*address, small.port}, small.host, small.authority()}, fetched->config};

  if (progress != nullptr) progress->on_progress({});
  constexpr Nanoseconds kMostIdle = std::chrono::seconds(5);  // a probe without load is not answered later
  auto idle = measure_idle(course, options.idle_probes, std::min(options.probe_timeout, kMostIdle), options.stop);
  if (!idle) return tl::unexpected(TestFailure(idle.error()));
  if (idle->total.empty()) {
    return tl::unexpected(
        TestFailure(failure(ErrorCode::kUnavailable, "measure responsiveness of", course.peer.name,
                            "it gave its configuration, and then not one of the first probes was answered",
                            "see whether it still runs and is reached")
                        .value(),
                    schema::AccessOutcome::kTimedOut));
  }
  Responsiveness out{course.peer.endpoint, small.host, secure != nullptr, *std::move(idle), {}, {}, {}};
  bool broke_off = false;
  for (const Load load : options.loads) {
    const LoadedSpec spec{load, search_of(options, course, load), options.probe_timeout, out.idle, options.stop};
    auto conditions = measure_loaded(course, spec, random, progress);
    // What an earlier load has seen is not lost with a server that is gone since.
    if (!conditions && broke_off) break;
    if (!conditions) return tl::unexpected(conditions.error());
    broke_off = broke_off || !conditions->ended_early.empty();
    place_of(load, out) = *std::move(conditions);
  }
  return out;
}

}  // namespace gnomon::methods::responsiveness
