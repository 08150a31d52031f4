// SPDX-License-Identifier: MIT
// Boost.JSON's values, and types with its tag_invoke. [I15]
#include "context.hpp"
#include "sample.hpp"

#include <cohort/json.hpp>

#include <catch2/catch.hpp>

using namespace cohort;
namespace json = boost::json;

namespace tagged {

struct Point {
    int x = 0;
    int y = 0;
    bool operator==(Point const&) const = default;
};
void tag_invoke(json::value_from_tag, json::value& target, Point const& point) {
    target = {point.x, point.y};
}
Point tag_invoke(json::value_to_tag<Point>, json::value const& value) {
    return {json::value_to<int>(value.at(0)), json::value_to<int>(value.at(1))};
}

Point mirror(Point point) {
    return {-point.x, -point.y};
}
COHORT_JOB(mirror);
json::value pass(json::value value, json::object object) {
    object["value"] = value;
    return object;
}
COHORT_JOB(pass);

}  // namespace tagged

TEST_CASE("only types with their own tag_invoke take that way") {
    static_assert(detail::TagInvoked<tagged::Point>);
    static_assert(!detail::TagInvoked<sample::Page>);
    static_assert(!detail::TagInvoked<std::string>);
    static_assert(!detail::TagInvoked<std::vector<int>>);
    SUCCEED();
}

TEST_CASE("values of Boost.JSON travel as they are", "[I15]") {
    json::value const value = {{"a", {1, -2, 2.5, true, nullptr, "x"}},
                               {"b", {{"c", 18446744073709551615U}}}};
    CHECK(encode(value) == R"({"a":[1,-2,2.5,true,null,"x"],"b":{"c":18446744073709551615}})");
    CHECK(decode<json::value>(encode(value)) == value);
    CHECK(decode<json::object>(encode(value.get_object())) == value.get_object());
    CHECK(decode<json::array>("[1,[]]") == json::array{1, json::array{}});
    CHECK(decode<json::string>(encode(json::string{"é\n"})) == "é\n");
    CHECK(encode(std::vector<json::value>{1, "x"}) == R"([1,"x"])");
    CHECK(decode<std::vector<json::value>>("[[1]]") == std::vector<json::value>{json::array{1}});
    CHECK_THROWS_WITH(decode<json::object>("[]"), "argument_type: value: expected an object, got an array");
}

TEST_CASE("types with tag_invoke travel", "[I15][I16]") {
    CHECK(encode(std::vector<tagged::Point>{{1, 2}}) == "[[1,2]]");
    CHECK(decode<tagged::Point>("[1,2]") == tagged::Point{1, 2});
    CHECK_THROWS_WITH(decode<std::vector<tagged::Point>>("[[1,true]]"),
                      Catch::StartsWith("argument_type: value[0]: "));
    CHECK(support::run<tagged::mirror>(support::encoded<tagged::mirror>(tagged::Point{1, 2})) == "[-1,-2]");
    CHECK(support::run<tagged::pass>(support::encoded<tagged::pass>(json::value(1), json::object{})) ==
          R"({"value":1})");
}
