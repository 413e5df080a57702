#pragma once

// Speed tests of the last minutes, as their results told them: whose windows they disturbed (docs/adr/0017). Not
// thread-safe.

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/clock.h"
#include "schema/access_result.h"
#include "server/live_view.h"

namespace gnomon::server {

// A test that filled a line, with the access of the site that tested and the site that served it.
struct KnownTest {
  std::string site, access, target_site;
  WallTime from, to;
};

// Nothing when the test moved nothing.
std::optional<KnownTest> known_test(const std::string& site, const schema::AccessResult& result);

// Does the path begin or end at an access that the test filled? An access that is not named at either side may be any
// of its site; of a path's target only the site is known.
bool concerns(const KnownTest& test, const PathIdentity& path);

class LiveTests {
 public:
  // Forgets those of its sites that ended more than ten minutes before it. At most a thousand a site are kept.
  void add(const KnownTest& test);
  [[nodiscard]] bool empty() const { return by_site_.empty(); }
  // Did one that concerns the path run at any moment of [from, to)? Asked for every window that comes in: looks at the
  // tests of the path's two sites alone.
  [[nodiscard]] bool disturb(const PathIdentity& path, WallTime from, WallTime to) const;

 private:
  std::unordered_map<std::string, std::deque<KnownTest>> by_site_;  // under each of its sites
};

}  // namespace gnomon::server
