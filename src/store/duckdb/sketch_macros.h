#pragma once

// Digits to buckets in SQL, kept in the file for those who read it with other tools; this program itself uses
// store/sketch_code.h. The test DuckdbViews holds both against each other.

#include <string_view>

namespace gnomon::store::duckdb {

// sketch_buckets(elements, near): a list of {number, packets}; a number may occur several times, one after another.
// bucket_ns(number): the delay that stands for a bucket; bucket_number(delay_ns): the bucket of a delay.
inline constexpr std::string_view kSketchMacros = R"sql(
CREATE OR REPLACE MACRO bucket_ratio() AS 1.005::DOUBLE / 0.995::DOUBLE;
CREATE OR REPLACE MACRO bucket_number(delay_ns) AS CASE WHEN coalesce(delay_ns, 0) = 0 THEN 0
  ELSE sign(delay_ns) * (1 + ceil(ln(abs(delay_ns)) / ln(bucket_ratio()))) END::INTEGER;
CREATE OR REPLACE MACRO bucket_ns(number) AS
  sign(number) * 2 * pow(bucket_ratio(), abs(number) - 1) / (bucket_ratio() + 1);
CREATE OR REPLACE MACRO sketch_ends(digits) AS list_filter(range(1, len(digits) + 1), lambda i: digits[i] < 4);
CREATE OR REPLACE MACRO sketch_tokens(digits) AS list_transform(
  list_zip(list_prepend(0, sketch_ends(digits)[:-2]), sketch_ends(digits)),
  lambda t: {'number': list_reduce(list_transform(digits[t[1] + 1 : t[2]], lambda d: (d & 3)::BIGINT),
                                   lambda high, low: 4 * high + low),
             'is_count': digits[t[1] + 1] = 4});
CREATE OR REPLACE MACRO sketch_step(token, is_first, by_magnitude) AS CASE
  WHEN token.is_count OR token.number = 0 THEN 0
  WHEN by_magnitude THEN (token.number - 1) // 2
  WHEN NOT is_first THEN token.number
  WHEN token.number % 2 = 1 THEN token.number // 2
  ELSE -token.number // 2 END;
CREATE OR REPLACE MACRO sketch_of_tokens(tokens, near, by_magnitude) AS list_transform(tokens, lambda token, i: {
  'number': (CASE WHEN by_magnitude AND list_filter(tokens[:i], lambda t: NOT t.is_count AND t.number > 0)[-1].number % 2 = 0
                  THEN -1 ELSE 1 END
             * (near + list_sum(list_transform(tokens[:i], lambda t, k: sketch_step(t, k = 1, by_magnitude)))))::INTEGER,
  'packets': CASE WHEN token.is_count THEN token.number ELSE 1 END});
CREATE OR REPLACE MACRO sketch_digits(elements) AS
  flatten(list_transform(elements, lambda element: [element // 8, element % 8]));
CREATE OR REPLACE MACRO sketch_buckets(elements, near) AS CASE
  WHEN coalesce(len(elements), 0) = 0 THEN []
  WHEN elements[1] < 8 THEN sketch_of_tokens(sketch_tokens(sketch_digits(elements)[2:]), 0, true)
  ELSE sketch_of_tokens(sketch_tokens(sketch_digits(elements)), near, false) END;
)sql";

}  // namespace gnomon::store::duckdb
