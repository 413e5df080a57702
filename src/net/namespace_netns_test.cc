#include "net/namespace.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/stat.h>

namespace gnomon::net {
namespace {

ino_t inode_of(const Namespace& place) {
  struct stat status {};
  EXPECT_EQ(::fstat(place.fd(), &status), 0);
  return status.st_ino;
}

TEST(Namespace, AnonymousOnesDifferFromTheCallersAndFromEachOther) {
  const auto home = Namespace::current();
  const auto first = Namespace::create();
  const auto second = Namespace::create();
  ASSERT_TRUE(home.has_value());
  ASSERT_TRUE(first.has_value()) << first.error().message();
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(inode_of(*home), inode_of(*first));
  EXPECT_NE(inode_of(*first), inode_of(*second));
}

TEST(Namespace, RefusesDescriptorsOfOtherKinds) {
  EXPECT_FALSE(Namespace::from_path("/proc/self/ns/uts").has_value());
  EXPECT_FALSE(Namespace::from_path("/dev/null").has_value());
  EXPECT_EQ(Namespace::from_path("/run/netns/no-such-place").error().code, ErrorCode::kNotFound);
}

TEST(NamespaceRunner, RunsInThePlaceAndLeavesTheCallerAtHome) {
  const auto home = Namespace::current();
  const auto first = Namespace::create();
  const auto second = Namespace::create();
  ASSERT_TRUE(first.has_value() && second.has_value());
  NamespaceRunner runner;
  for (const Namespace* place : {&*first, &*second, &*first}) {
    const auto there = runner.call(*place, [] { return Namespace::current(); });
    ASSERT_TRUE(there.has_value()) << there.error().message();
    EXPECT_EQ(inode_of(*there), inode_of(*place));
  }
  EXPECT_EQ(inode_of(*Namespace::current()), inode_of(*home));
}

}  // namespace
}  // namespace gnomon::net
