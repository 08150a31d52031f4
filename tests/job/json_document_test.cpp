// SPDX-License-Identifier: MIT
// JSON text that must be refused, with the error that it must give, and text that must not. RELIABILITY 3,
// rows 10-18.
#include "context.hpp"

#include <cohort/codec.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <thread>

using namespace cohort;

namespace {

errc code_of(std::string_view text) {
    JsonDocument document;
    try {
        document.parse(text);
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

std::string text_of(std::string_view text) {
    return support::error_of([&] { JsonDocument{}.parse(text); });
}

std::string nested(std::size_t depth, std::string const& open, std::string const& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i)
        text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i)
        text += close;
    return text;
}

std::string many(std::size_t count) {
    std::string text = "[1";
    while (--count > 0)
        text += ",1";
    return text + "]";
}

}  // namespace

TEST_CASE("text that is not JSON is refused with the place", "[B15]") {
    auto const bad =
        GENERATE(as<std::string>{}, "", " ", "[", "[1", "[1,", "[1,]", "{", R"({"a")", R"({"a":)",
                 R"({"a":1,})", "tru", "nulll", "[1] x", "[1][2]", "{} {}", "// note\n1", "[1,/*x*/2]", "01",
                 "-01", "+1", "1.", ".5", "1e", "'a'", "{a:1}", "{'a':1}", "\"open", "\"tab\there\"",
                 R"("\x41")", R"("\u12")", "NaN", "Infinity", "-", "\xEF\xBB\xBF[1]");
    CAPTURE(bad);
    CHECK(code_of(bad) == errc::payload_syntax);
    CHECK(text_of(bad).starts_with("payload_syntax: at byte "));
}

TEST_CASE("a lone integer is read as its type, and refused as any other", "[B15]") {
    CHECK(decode<int>("42") == 42);
    CHECK(decode<int>("-42") == -42);
    CHECK(decode<std::uint8_t>("255") == 255);
    CHECK(decode<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(decode<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    CHECK_THROWS_AS(decode<std::uint8_t>("256"), Error);
    CHECK_THROWS_AS(decode<std::uint8_t>("-1"), Error);
    CHECK_THROWS_AS(decode<std::uint64_t>("-1"), Error);
    CHECK_THROWS_AS(decode<std::int8_t>("128"), Error);
    CHECK_THROWS_AS(decode<int>("1.0"), Error);
    CHECK_THROWS_AS(decode<int>(""), Error);
}

TEST_CASE("a NUL is no end of the text", "[B15]") {
    CHECK(code_of(std::string_view{"[1]\0", 4}) == errc::payload_syntax);
    CHECK(code_of(std::string_view{"\"a\0b\"", 5}) == errc::payload_syntax);
}

TEST_CASE("the message shows where it stopped") {
    CHECK(text_of("[1,2]x") == "payload_syntax: at byte 5: text after the end, near \"x\"");
    CHECK(text_of("[1 2]") == "payload_syntax: at byte 3: syntax error, near \"2]\"");
    CHECK(text_of("") == "payload_syntax: at byte 0: empty; a JSON value is needed");
}

TEST_CASE("a key may be there once", "[B15]") {
    CHECK(text_of(R"({"a":1,"b":{"a":2},"a":3})").find("the key \"a\" is there twice") != std::string::npos);
    CHECK(code_of(R"([{"x":1,"x":1}])") == errc::payload_syntax);
    CHECK(code_of(R"({"a":1,"\u0061":2})") == errc::payload_syntax);
    CHECK(code_of(R"({"":1,"":2})") == errc::payload_syntax);
    CHECK(code_of(R"({"a":{"a":{"a":1}},"b":{"a":1},"c":[{"a":1},{"a":1}]})") == errc::ok);

    std::string many_keys = "{";
    for (int i = 0; i < 1000; ++i)
        many_keys += '"' + std::to_string(i) + "\":1,";
    CHECK(code_of(many_keys + R"("x":1})") == errc::ok);
    CHECK(code_of(many_keys + R"("500":1})") == errc::payload_syntax);
}

TEST_CASE("text is UTF-8", "[B12]") {
    CHECK(code_of("\"\xff\"") == errc::invalid_utf8);
    CHECK(code_of("\"\xc0\x80\"") == errc::invalid_utf8);          // overlong
    CHECK(code_of("\"\xed\xa0\x80\"") == errc::invalid_utf8);      // a surrogate
    CHECK(code_of("\"\xf4\x90\x80\x80\"") == errc::invalid_utf8);  // beyond Unicode
    CHECK(code_of(R"("\ud800")") == errc::invalid_utf8);
    CHECK(code_of(R"("\udc00")") == errc::invalid_utf8);
    CHECK(code_of(R"("\ud800\u0041")") == errc::invalid_utf8);
    CHECK(code_of("{\"\xff\":1}") == errc::invalid_utf8);
    CHECK(text_of("[\"ab\xff\"]") ==
          "invalid_utf8: invalid UTF-8 at byte 4; send cohort::Bytes for binary data");
}

TEST_CASE("nesting ends at 64", "[B14]") {
    CHECK(code_of(nested(64, "[", "]")) == errc::ok);
    CHECK(code_of(nested(65, "[", "]")) == errc::payload_too_deep);
    CHECK(code_of(nested(64, R"({"a":)", "}")) == errc::ok);
    CHECK(code_of(nested(100'000, "[", "]")) == errc::payload_too_deep);
    CHECK(code_of(nested(100'000, R"({"a":)", "}")) == errc::payload_too_deep);
    CHECK(code_of(std::string(100'000, '[')) == errc::payload_too_deep);
    CHECK(text_of(nested(65, "[", "]")) == "payload_too_deep: nesting 65 exceeds 64");
}

TEST_CASE("a payload has a largest size", "[B16]") {
    auto const text_of_size = [](std::size_t size) { return '"' + std::string(size - 2, 'x') + '"'; };
    CHECK(code_of(text_of_size(max_payload_bytes)) == errc::ok);
    CHECK(code_of(text_of_size(max_payload_bytes + 1)) == errc::payload_too_large);
    CHECK(text_of(text_of_size(max_payload_bytes + 1)) ==
          "payload_too_large: 1048577 > 1048576 bytes; store it elsewhere and pass a reference");

    JsonDocument small{JsonRole::value, 4};
    CHECK(small.parse("[12]").size() == 1);
    CHECK_THROWS_AS(small.parse("[123]"), Error);
}

TEST_CASE("a payload has a largest number of values", "[B18]") {
    CHECK(code_of(many(max_payload_elements - 1)) == errc::ok);  // and the array itself
    CHECK(code_of(many(max_payload_elements)) == errc::too_many_elements);
    CHECK(text_of(many(200'000)) == "too_many_elements: more than 100000 values");
}

TEST_CASE("numbers are exact to 64 bits, and refused when no double can hold them", "[B10]") {
    JsonDocument document;
    CHECK(document.parse("18446744073709551615").as_uint64() == UINT64_MAX);
    CHECK(document.parse("-9223372036854775808").as_int64() == INT64_MIN);
    CHECK(document.parse("1.7976931348623157e308").as_double() == 1.7976931348623157e308);
    CHECK(code_of("1e309") == errc::payload_syntax);
    CHECK(code_of("-1e999999999999") == errc::payload_syntax);
    CHECK(code_of("1e-999") == errc::ok);
}

TEST_CASE("a document can be used again, also after an error, and gives its memory back") {
    JsonDocument document;
    std::string const large = '"' + std::string(100'000, 'x') + '"';
    for (int i = 0; i < 100; ++i) {
        CHECK(document.parse(large).as_string().size() == 100'000);
        CHECK_THROWS_AS(document.parse("[\"a\",{\"b\":"), Error);
        CHECK(document.parse("[[],{},\"x\"]").size() == 3);
    }
}

TEST_CASE("documents may be alive together, and end on another thread") {
    std::vector<JsonDocument> documents;
    std::vector<JsonView> views;
    for (int i = 0; i < 100; ++i) {
        views.push_back(documents.emplace_back().parse('[' + std::to_string(i) + ']'));
    }
    for (int i = 0; i < 100; ++i)
        CHECK(views[static_cast<std::size_t>(i)][0].as_int64() == i);
    std::thread{[moved = std::move(documents)]() mutable { moved.clear(); }}.join();
}
