#pragma once

// Table `access_result`: a row is one test of an access network. Columns: record, place, probe, site, then the schema's
// fields (schema/access_columns.h) under their names; evidence is text, a line "name<TAB>value<TAB>unit" for each item.

#include <set>

#include "store/duckdb/connection.h"
#include "store/tail.h"

namespace gnomon::store::duckdb {

// Makes the table, or adds the columns of a newer schema that it lacks.
Status prepare_access_table(Connection& connection);
// The tail's tests, in the caller's transaction.
Status append_access(Connection& connection, const Tail& tail);
// Removes what began earlier, in the caller's transaction; returns how many.
Result<std::int64_t> remove_access(Connection& connection, std::int64_t before_ms);

// Numbers of the schema's fields that a query wants; empty: all.
using AccessFields = std::set<std::uint32_t>;

// Names of the columns that read_access_row() expects, in order, joined with commas.
std::string access_columns_sql(const AccessFields& fields = {});
AccessRow read_access_row(const Rows& rows, std::size_t row, const AccessFields& fields = {});

}  // namespace gnomon::store::duckdb
