// SPDX-License-Identifier: MIT
// What cannot be written, and the paths in what is thrown then. RELIABILITY 3, rows 10-18, on the client's
// side.
#include "context.hpp"
#include "sample.hpp"

#include <cohort/codec.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace cohort;

namespace {

template<class T>
std::string fault(T const& value) {
    return support::error_of([&] { encode(value); });
}

}  // namespace

TEST_CASE("a writer puts its own commas") {
    std::string text = "kept ";
    JsonWriter writer{text};
    writer.begin_object();
    writer.key("a");
    writer.begin_array();
    writer.integer(1);
    writer.begin_array();
    writer.end_array();
    writer.begin_object();
    writer.end_object();
    writer.string("x,[{:");
    writer.null();
    writer.end_array();
    writer.key("b:");
    writer.value(std::vector{true, false});
    writer.end_object();
    CHECK(text == R"(kept {"a":[1,[],{},"x,[{:",null],"b:":[true,false]})");
}

TEST_CASE("NaN and infinity are no numbers of JSON", "[B11]") {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    double const infinity = std::numeric_limits<double>::infinity();
    CHECK(fault(nan) == "not_representable: value: NaN is no JSON number; send an optional<double>");
    CHECK(fault(-infinity) ==
          "not_representable: value: infinity is no JSON number; send an optional<double>");
    CHECK(fault(std::vector<float>{1, std::nanf("")}).starts_with("not_representable: value[1]: NaN"));
}

TEST_CASE("text must be UTF-8, keys too", "[B12]") {
    CHECK(fault(std::string{"eight by\xff"}) ==
          "invalid_utf8: value: invalid UTF-8 at byte 8; send cohort::Bytes for binary data");
    CHECK(fault(sample::Page{"ok\xc0\x80", {}, {}}) ==
          "invalid_utf8: value.title: invalid UTF-8 at byte 2; send cohort::Bytes for binary data");
    CHECK(fault(std::map<std::string, int>{{"a", 1}, {"\xed\xa0\x80", 2}})
              .starts_with("invalid_utf8: value: invalid UTF-8 at byte 0"));
}

TEST_CASE("the path of a fault is read from what was written") {
    using Deep = std::map<std::string, std::vector<std::pair<std::string, double>>>;
    Deep const deep{{"a\"b", {}}, {"c,[", {{"x\\", 1}, {"]}", std::nan("")}}}};
    CHECK(fault(deep) ==
          "not_representable: value.c,[[1][1]: NaN is no JSON number; send an optional<double>");
    CHECK(fault(std::vector<std::vector<std::string>>{{}, {"a", "b"}, {"\xff"}})
              .starts_with("invalid_utf8: value[2][0]: "));
}

TEST_CASE("nesting ends at 64 for the writer too", "[B14]") {
    sample::Tree tree;
    for (int i = 0; i < 31; ++i)
        tree = sample::Tree{i, {tree}};
    CHECK(decode<sample::Tree>(encode(tree)) == tree);  // an object and an array for each
    tree = sample::Tree{0, {tree}};
    CHECK(fault(tree).find("nesting 65 exceeds 64") != std::string::npos);
    std::string deep(64, '[');
    deep.append(64, ']');
    CHECK(encode(Json{deep}) == deep);
    CHECK(fault(std::vector{Json{deep}}).starts_with("payload_too_deep: "));
}

TEST_CASE("a value has a largest number of parts", "[B18]") {
    CHECK(encode(std::vector<int>(max_payload_elements - 1)).size() == 2 * max_payload_elements - 1);
    CHECK(fault(std::vector<int>(max_payload_elements)) ==
          "too_many_elements: value[99999]: more than 100000 values");
    std::map<int, int> map;
    for (int i = 0; i < 60'000; ++i)
        map[i] = i;
    CHECK(decode<std::map<int, int>>(encode(map)) == map);
}

TEST_CASE("an enumerator without a name cannot travel by name") {
    CHECK(fault(static_cast<sample::Format>(7)) == "not_representable: value: 7 is none of png, jpeg");
}

TEST_CASE("a result's faults are those of a result", "[B41]") {
    std::string text;
    JsonWriter writer{text, JsonRole::result};
    CHECK(support::error_of([&] { writer.number(std::nan("")); }) ==
          "result_encoding: result: NaN is no JSON number; send an optional<double>");
}
