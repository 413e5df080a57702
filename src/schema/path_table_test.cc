#include "schema/path_table.h"

#include <gtest/gtest.h>

#include "gnomon/v1/batch.pb.h"
#include "schema/path_id.h"
#include "schema/utf8.h"

namespace gnomon::schema {
namespace {

const ProbeId kProbe{{std::byte{1}}};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

v1::Path path_to(const std::string& target) {
  v1::Path path;
  path.set_plan_item("mesh");
  path.set_method("stamp");
  path.set_target(target);
  path.set_target_site("广州");
  path.set_family(v1::ADDRESS_FAMILY_IPV6);
  path.set_address("2001:db8::1");
  path.set_interval_ms(1000);
  path.set_payload_bytes(56);
  path.set_dscp(46);
  path.set_access("5g");
  path.set_port(862);
  return path;
}

PathTable table_of(const std::vector<std::string>& targets, const ProbeId& probe = kProbe) {
  PathTable table(probe);
  for (const std::string& target : targets) EXPECT_TRUE(table.add(bytes_of(path_to(target).SerializeAsString())));
  return table;
}

TEST(PathTable, GivesBackEveryField) {
  const PathTable table = table_of({"a", "b"});
  ASSERT_EQ(table.size(), 2U);
  const PathFields fields = table.path(1);
  const PathFields wanted{
      path_id(kProbe, path_to("b")), "mesh", "stamp", "b", "广州", 6, "2001:db8::1", 1000, 56, 46, "5g", 862};
  EXPECT_EQ(fields, wanted);
  EXPECT_EQ(table.all()[1], wanted);
}

TEST(PathTable, EqualDigestsAreOfEqualTables) {
  EXPECT_EQ(table_of({"a", "b"}).digest(), table_of({"a", "b"}).digest());
  EXPECT_NE(table_of({"a", "b"}).digest(), table_of({"b", "a"}).digest());
  EXPECT_NE(table_of({"a", "b"}).digest(), table_of({"a"}).digest());
  EXPECT_NE(table_of({"a"}).digest(), table_of({"a"}, ProbeId{{std::byte{2}}}).digest());
  EXPECT_NE(table_of({}).digest(), table_of({""}).digest());
}

TEST(PathTable, RefusesWhatTheLibraryWouldRefuse) {
  PathTable table(kProbe);
  const std::string good = path_to("a").SerializeAsString();
  for (std::size_t size = 0; size <= good.size(); ++size) {
    const std::string cut = good.substr(0, size);
    EXPECT_EQ(table.add(bytes_of(cut)), v1::Path().ParseFromString(cut)) << size;
  }
  v1::Path path = path_to("\xff");
  EXPECT_FALSE(table.add(bytes_of(path.SerializeAsString())));
}

TEST(Utf8, KnowsWhatIsWellFormed) {
  for (const std::string_view good : {"", "abc", "é", "广州", "\xf0\x9f\x8c\x90", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(is_utf8(bytes_of(good))) << good;
  }
  // Cut short, a lone continuation, overlong forms, a surrogate, above U+10FFFF.
  for (const std::string_view bad : {"\xc3", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80", "\xff", "a\xe5\xb9"}) {
    EXPECT_FALSE(is_utf8(bytes_of(bad)));
  }
}

}  // namespace
}  // namespace gnomon::schema
