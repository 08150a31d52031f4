// SPDX-License-Identifier: MIT
// What a view of a value answers, and the paths in what it throws. RELIABILITY 3, rows 7-9.
#include "context.hpp"
#include "sample.hpp"

#include <cohort/codec.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>

using namespace cohort;

namespace {

template<class T>
std::string fault(std::string_view text) {
    return support::error_of([&] { decode<T>(text); });
}

}  // namespace

TEST_CASE("an object is read by key, by position and in order") {
    JsonDocument document;
    JsonView const view = document.parse(R"({"a":1,"b":[true,null],"":"x"})");
    CHECK(view.kind() == JsonKind::object);
    CHECK(view.members() == 3);
    CHECK(view.member_key(1) == "b");
    CHECK(view.member(1).size() == 2);
    CHECK(view.at("a").as_int64() == 1);
    CHECK(view.at("").as_string() == "x");
    CHECK_FALSE(view.find("c"));
    CHECK(view.find("b")[1].is_null());
    CHECK_THROWS_WITH(view.at("c"), "argument_type: value.c: missing");
    std::size_t hint = 0;
    CHECK(view.find("b", hint).size() == 2);
    CHECK(hint == 2);
    CHECK(view.find("a", hint).as_int64() == 1);
    CHECK(hint == 1);
}

TEST_CASE("a value gives its text") {
    JsonDocument document;
    std::string const text = R"({"a":[1,-2.5,"é\n",true,null],"b":{}})";
    CHECK(document.parse(text).text() == text);
    CHECK(document.parse(" [ 1 , 2.0 ] ").text() == "[1,2.0]");
}

TEST_CASE("nothing is converted silently", "[B08]") {
    CHECK(fault<int>("true") == "argument_type: value: expected an integer, got boolean true");
    CHECK(fault<int>("1.0") == "argument_type: value: expected an integer, got number 1.0");
    CHECK(fault<int>("1e2") == "argument_type: value: expected an integer, got number 100.0");
    CHECK(fault<int>("null") == "argument_type: value: expected an integer, got null");
    CHECK(fault<int>("[1]") == "argument_type: value: expected an integer, got an array");
    CHECK(fault<unsigned>("\"12\"") == "argument_type: value: expected an integer, got string \"12\"");
    CHECK(fault<bool>("1") == "argument_type: value: expected a boolean, got integer 1");
    CHECK(fault<bool>("\"true\"") == "argument_type: value: expected a boolean, got string \"true\"");
    CHECK(fault<double>("\"1\"") == "argument_type: value: expected a number, got string \"1\"");
    CHECK(fault<double>("true") == "argument_type: value: expected a number, got boolean true");
    CHECK(fault<std::string>("1") == "argument_type: value: expected a string, got integer 1");
    CHECK(fault<std::vector<int>>("{}") == "argument_type: value: expected an array, got an object");
    CHECK(fault<sample::Page>("[]") == "argument_type: value: expected an object, got an array");
    CHECK(fault<std::map<std::string, int>>("[]") ==
          "argument_type: value: expected an object, got an array");
    CHECK(fault<std::nullptr_t>("0") == "argument_type: value: expected null, got integer 0");
    CHECK(fault<std::filesystem::path>("1") == "argument_type: value: expected a string, got integer 1");
}

TEST_CASE("an integer fits its type or is refused", "[B09]") {
    CHECK(fault<std::uint8_t>("256") == "argument_range: value: 256 does not fit 0..255");
    CHECK(fault<std::uint8_t>("-1") == "argument_range: value: -1 does not fit 0..255");
    CHECK(fault<std::int8_t>("-129") == "argument_range: value: -129 does not fit -128..127");
    CHECK(
        fault<std::int64_t>("9223372036854775808") ==
        "argument_range: value: 9223372036854775808 does not fit -9223372036854775808..9223372036854775807");
    CHECK(fault<std::int64_t>("-9223372036854775809").starts_with("argument_range: "));
    CHECK(fault<std::uint64_t>("18446744073709551616").starts_with("argument_range: "));
    CHECK(fault<std::uint64_t>("1e300").starts_with("argument_range: "));
    CHECK(fault<float>("1e39") == "argument_range: value: 1e+39 does not fit float");
    CHECK(fault<sample::Level>("300") == "argument_range: value: 300 does not fit 0..255");
}

TEST_CASE("the path leads to the fault") {
    CHECK(fault<sample::Page>(R"({"title":"x","colors":[{"r":1,"g":2},{"r":1,"g":"green"}]})") ==
          "argument_type: value.colors[1].g: expected an integer, got string \"green\"");
    CHECK(fault<sample::Page>(R"({"colors":[]})") == "argument_type: value.title: missing");
    CHECK(fault<sample::Page>(R"({"title":"x","colors":[{"r":1}]})") ==
          "argument_type: value.colors[0].g: missing");
    CHECK(fault<std::map<std::string, std::vector<int>>>(R"({"a b":[],"c\n":[1,true]})") ==
          "argument_type: value.c\\x0A[1]: expected an integer, got boolean true");
    CHECK(fault<std::tuple<int, std::pair<bool, int>>>("[1,[true,null]]") ==
          "argument_type: value[1][1]: expected an integer, got null");
}

TEST_CASE("a long value or path is cut") {
    std::string const key(1000, 'k');
    std::string const text = fault<std::map<std::string, int>>("{\"" + key + "\":\"" + key + "\"}");
    CHECK(text.size() < 300);
    CHECK(text.find("…") != std::string::npos);
}

TEST_CASE("fixed sizes are exact") {
    CHECK(fault<std::pair<int, int>>("[1]") == "argument_type: value: expected an array of 2, got one of 1");
    CHECK(fault<std::array<int, 2>>("[1,2,3]") ==
          "argument_type: value: expected an array of 2, got one of 3");
    CHECK(fault<std::tuple<>>("[1]") == "argument_type: value: expected an array of 0, got one of 1");
}

TEST_CASE("enums, keys, base64 and variants say what they take") {
    CHECK(fault<sample::Format>("\"gif\"") ==
          "argument_type: value: expected one of png, jpeg, got string \"gif\"");
    CHECK(fault<sample::Format>("0") == "argument_type: value: expected one of png, jpeg, got integer 0");
    CHECK(fault<std::map<sample::Format, int>>(R"({"gif":1})") ==
          "argument_type: value: the key \"gif\" is none of png, jpeg");
    CHECK(fault<std::map<std::int8_t, int>>(R"({"200":1})") ==
          "argument_type: value: the key \"200\" is no integer in -128..127");
    CHECK(fault<std::map<int, int>>(R"({"01":1})").find("no integer") != std::string::npos);
    CHECK(fault<std::map<int, int>>(R"({" 1":1})").find("no integer") != std::string::npos);
    CHECK(fault<std::map<unsigned, int>>(R"({"-1":1})").find("no integer") != std::string::npos);
    CHECK(fault<Bytes>("\"A\"") == "argument_type: value: expected a string of base64, got string \"A\"");
    CHECK(fault<std::variant<int, std::string>>("true") ==
          "argument_type: value: expected one of the variant's alternatives, got boolean true");
    CHECK(fault<std::variant<int, double>>("3") == "argument_type: value: expected an object, got integer 3");
    CHECK(fault<std::variant<int, double>>(R"({"index":2,"value":1})") ==
          "argument_range: value.index: 2 does not fit 0..1");
}

TEST_CASE("what does not fit a result is an error of the result") {
    CHECK(support::error_of([] { decode<int>("true", JsonRole::result); }) ==
          "result_encoding: result: expected an integer, got boolean true");
    CHECK(support::error_of([] { decode<sample::Page>("{}", JsonRole::result); }) ==
          "result_encoding: result.title: missing");
}
