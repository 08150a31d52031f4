// SPDX-License-Identifier: MIT
// Every type that can travel arrives as it left. [I15] [I16]
#include "sample.hpp"

#include <cohort/codec.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <deque>
#include <filesystem>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

using namespace cohort;

namespace {

// What is written, and that it reads back as the same.
template<class T>
std::string wire(T const& value) {
    std::string const text = encode(value);
    CHECK(decode<T>(text) == value);
    CHECK(encode(decode<T>(text)) == text);
    return text;
}

}  // namespace

TEST_CASE("numbers travel exactly", "[I15][I16]") {
    CHECK(wire(true) == "true");
    CHECK(wire(42) == "42");
    CHECK(wire(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(wire(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(wire(std::uint64_t{12345678901234567890U}) == "12345678901234567890");
    CHECK(wire(std::int64_t{9007199254740993}) == "9007199254740993");
    CHECK(wire('a') == "97");
    CHECK(wire(3.0) == "3.0");
    CHECK(wire(-0.0) == "-0.0");
    CHECK(wire(0.1) == "0.1");
    CHECK(wire(1e22) == "1e+22");
    CHECK(wire(5e-324) == "5e-324");
    CHECK(wire(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
    CHECK(wire(0.1F) == "0.1");
    CHECK(wire(std::numeric_limits<float>::min()) == "1.1754944e-38");
}

TEST_CASE("an integer may be read as a floating-point number") {
    CHECK(decode<double>("1") == 1.0);
    CHECK(decode<double>("18446744073709551615") == 18446744073709551615.0);
    CHECK(decode<double>("123456789012345678901234567890") == 123456789012345678901234567890.0);
    CHECK(decode<double>("0.30000000000000004") == 0.1 + 0.2);
    CHECK(decode<double>("1e-400") == 0.0);
}

TEST_CASE("text travels byte by byte", "[I15][I16]") {
    using namespace std::string_literals;
    CHECK(wire(std::string{}) == "\"\"");
    CHECK(wire("a\"b\\c/d"s) == R"("a\"b\\c/d")");
    CHECK(wire("\n\r\t\x01\x1f"s) == R"("\n\r\t\u0001\u001f")");
    CHECK(wire("nul\0inside"s) == "\"nul\\u0000inside\"");
    CHECK(wire("\x7f"s) == "\"\x7f\"");
    CHECK(wire("\xEF\xBB\xBF"
               "byte order mark"s) == "\"\xEF\xBB\xBF"
                                      "byte order mark\"");
    CHECK(wire("über 😀 eight and more"s) == "\"über 😀 eight and more\"");
    CHECK(decode<std::string>(R"("\ud83d\ude00 \u00e9 \/")") == "😀 é /");
}

TEST_CASE("every position of a special character is seen") {
    for (std::size_t length = 0; length < 20; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            for (char const special : {'"', '\\', '\n', '\x1f', ' ', '!', '#', '[', ']', '\x7f'}) {
                std::string text(length, 'x');
                text[at] = special;
                CAPTURE(length, at, special);
                CHECK(decode<std::string>(encode(text)) == text);
            }
        }
    }
}

TEST_CASE("bytes travel as base64", "[I15]") {
    CHECK(wire(Bytes{std::string{"\0\xff\x80", 3}}) == "\"AP+A\"");
    CHECK(wire(Bytes{}) == "\"\"");
    CHECK(Bytes{std::string{"ab"}}.span().size() == 2);
}

TEST_CASE("JSON travels as it is", "[I15]") {
    CHECK(wire(Json{}) == "null");
    CHECK(wire(Json{R"({"a":[1,2.0,"x"],"b":null})"}) == R"({"a":[1,2.0,"x"],"b":null})");
    CHECK(encode(std::vector<Json>{Json{" 1 "}, Json{"[ ]"}}) == "[1,[]]");
    CHECK_THROWS_WITH(encode(std::vector<Json>{Json{"1"}, Json{"{"}}),
                      "payload_syntax: value[1]: at byte 1: incomplete JSON");
}

TEST_CASE("enums travel by name when they are described", "[I15]") {
    CHECK(wire(sample::Format::jpeg) == "\"jpeg\"");
    CHECK(wire(sample::Level::high) == "200");
    CHECK(wire(std::map<sample::Format, int>{{sample::Format::png, 1}}) == R"({"png":1})");
}

TEST_CASE("described structs are objects", "[I15][I16]") {
    sample::Page const page{"front", {{255, 0}, {1, 2}}, 300};
    CHECK(wire(page) == R"({"title":"front","colors":[{"r":255,"g":0},{"r":1,"g":2}],"dpi":300})");
    CHECK(wire(sample::Page{}) == R"({"title":"","colors":[],"dpi":null})");
    sample::Cover const cover{page, sample::Format::jpeg};
    CHECK(wire(cover) ==
          R"({"title":"front","colors":[{"r":255,"g":0},{"r":1,"g":2}],"dpi":300,"format":"jpeg"})");
    sample::Tree const tree{1, {{2, {}}, {3, {{4, {}}}}}};
    CHECK(wire(tree) == R"({"value":1,"children":[{"value":2,"children":[]},)"
                        R"({"value":3,"children":[{"value":4,"children":[]}]}]})");
}

TEST_CASE("members may come in any order, be unknown, or be absent when optional") {
    auto const page = decode<sample::Page>(R"({"new":[{}],"colors":[],"title":"x"})");
    CHECK(page == sample::Page{"x", {}, {}});
}

TEST_CASE("containers travel", "[I15][I16]") {
    CHECK(wire(std::vector<int>{1, 2, 3}) == "[1,2,3]");
    CHECK(wire(std::vector<bool>{true, false}) == "[true,false]");
    CHECK(wire(std::deque<std::string>{"a"}) == R"(["a"])");
    CHECK(wire(std::list<double>{1, 2.5}) == "[1.0,2.5]");
    CHECK(wire(std::set<int>{3, 1}) == "[1,3]");
    CHECK(wire(std::unordered_set<int>{7}) == "[7]");
    CHECK(wire(std::multiset<int>{1, 1}) == "[1,1]");
    CHECK(wire(std::array<int, 3>{1, 2, 3}) == "[1,2,3]");
    CHECK(wire(std::array<int, 0>{}) == "[]");
    CHECK(wire(std::map<std::string, int>{{"a", 1}, {"b", 2}}) == R"({"a":1,"b":2})");
    CHECK(wire(std::map<int, bool>{{-1, true}}) == R"({"-1":true})");
    CHECK(wire(std::unordered_map<std::uint64_t, int>{{18446744073709551615U, 1}}) ==
          R"({"18446744073709551615":1})");
    CHECK(wire(std::pair{1, std::string{"a"}}) == R"([1,"a"])");
    CHECK(wire(std::tuple{1, 2.0, true}) == "[1,2.0,true]");
    CHECK(wire(std::tuple<>{}) == "[]");
    CHECK(wire(std::map<std::string, std::map<std::string, std::string>>{{"one", {{"two", "three"}}}}) ==
          R"({"one":{"two":"three"}})");
    std::vector<int> const numbers{1, 2};
    CHECK(encode(std::span{numbers}) == "[1,2]");
}

TEST_CASE("a set takes what is there twice once") {
    CHECK(decode<std::set<int>>("[1,1,2]") == std::set{1, 2});
}

TEST_CASE("optionals and nothing", "[I15][I16]") {
    CHECK(wire(std::optional<int>{}) == "null");
    CHECK(wire(std::optional<int>{0}) == "0");
    CHECK(wire(std::vector<std::optional<std::string>>{{}, "x"}) == R"([null,"x"])");
    CHECK(wire(std::monostate{}) == "null");
    CHECK(wire(nullptr) == "null");
}

TEST_CASE("a variant is its value when one can tell which", "[I15]") {
    using Plain = std::variant<std::monostate, bool, int, std::string, std::vector<int>, sample::Color>;
    CHECK(wire(Plain{}) == "null");
    CHECK(wire(Plain{true}) == "true");
    CHECK(wire(Plain{3}) == "3");
    CHECK(wire(Plain{std::string{"x"}}) == "\"x\"");
    CHECK(wire(Plain{std::vector<int>{1}}) == "[1]");
    CHECK(wire(Plain{sample::Color{1, 2}}) == R"({"r":1,"g":2})");
}

TEST_CASE("a variant says its index when the values look alike", "[I15]") {
    using Numbers = std::variant<int, double>;
    CHECK(wire(Numbers{3}) == R"({"index":0,"value":3})");
    CHECK(wire(Numbers{3.0}) == R"({"index":1,"value":3.0})");
    using Texts = std::variant<std::string, sample::Format>;
    CHECK(wire(Texts{sample::Format::png}) == R"({"index":1,"value":"png"})");
    using Nested = std::variant<std::optional<int>, std::string>;
    CHECK(wire(Nested{std::optional<int>{}}) == "null");
    CHECK(wire(Nested{std::optional<int>{4}}) == "4");
}

TEST_CASE("durations are counts of their unit", "[I15]") {
    CHECK(wire(30s) == "30");
    CHECK(wire(-5ms) == "-5");
    CHECK(wire(std::chrono::duration<double>{1.5}) == "1.5");
    CHECK(wire(std::chrono::hours{2}) == "2");
}

TEST_CASE("paths are text", "[I15]") {
    CHECK(wire(std::filesystem::path{"/tmp/é"}) == "\"/tmp/é\"");
    CHECK_THROWS_AS(encode(std::filesystem::path{"/tmp/\xff"}), Error);
}

namespace {
struct Money {
    std::int64_t cents = 0;
    bool operator==(Money const&) const = default;
};
}  // namespace

template<>
struct cohort::Codec<Money> {
    static void write(JsonWriter& writer, Money const& money) {
        if (money.cents < 0) writer.fail(errc::not_representable, "a debt");
        writer.begin_array();
        writer.value(money.cents);
        writer.value(std::string{"cents"});
        writer.end_array();
    }
    static Money read(JsonView view) {
        view.expect_size(2);
        if (view[1].as_string() != "cents") view[1].wrong("\"cents\"");
        return {view[0].read<std::int64_t>()};
    }
};

TEST_CASE("a type may have a codec of its own", "[I15]") {
    CHECK(wire(std::vector<Money>{{5}, {6}}) == R"([[5,"cents"],[6,"cents"]])");
    CHECK_THROWS_WITH(encode(std::vector<Money>{{5}, {-6}}), "not_representable: value[1]: a debt");
    CHECK_THROWS_WITH(decode<std::vector<Money>>(R"([[5,"euros"]])"),
                      R"(argument_type: value[0][1]: expected "cents", got string "euros")");
}
