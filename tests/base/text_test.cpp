// SPDX-License-Identifier: MIT
// Texts from outside: repaired, escaped, cut, and compared.
#include "base/text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace cohort;

TEST_CASE("UTF-8 is accepted in its shortest form only", "[B12]") {
    for (std::string_view const good :
         {"", "abc", "größe", "€", "😀", "\xef\xbb\xbf", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
        CHECK_FALSE(find_bad_utf8(good));
    }
    CHECK_FALSE(find_bad_utf8(std::string_view{"a\0b", 3}));

    std::vector<std::pair<std::string_view, std::size_t>> const bad{
        {"\x80", 0},              // continues nothing
        {"ab\xff", 2},            // never occurs
        {"\xc0\xaf", 0},          // overlong
        {"\xc1\xbf", 0},          //
        {"\xe0\x80\xaf", 0},      //
        {"\xf0\x80\x80\xaf", 0},  //
        {"\xed\xa0\x80", 0},      // half of a pair
        {"\xf4\x90\x80\x80", 0},  // beyond the last code point
        {"\xf5\x80\x80\x80", 0},  //
        {"x\xe2\x82", 1},         // ends early
        {"x\xf0\x9f\x98", 1},     //
        {"x\xc3(", 1},            //
    };
    for (auto const& [text, position] : bad) {
        CHECK(find_bad_utf8(text) == position);
    }
}

TEST_CASE("an error text keeps its lines and loses what a terminal would act upon", "[B42]") {
    CHECK(clean_text("first\n\tsecond\r\n", 100) == "first\n\tsecond\\x0D\n");
    CHECK(clean_text("\x1b[31mred\x7f", 100) == "\\x1B[31mred\\x7F");
    CHECK(clean_text({"a\0b", 3}, 100) == "a\\x00b");
    CHECK(clean_text("\xc2\x85\xe2\x80\xa8", 100) == "\\u{85}\\u{2028}");
    CHECK(clean_text("größe \xff\xfe", 100) == "größe \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a text is cut between characters and never exceeds its limit", "[B42]") {
    CHECK(clean_text("abcdef", 6) == "abcdef");
    CHECK(clean_text("abcdefg", 6) == "abc…");
    CHECK(clean_text("aböcdef", 6) == "ab…");
    CHECK(clean_text("abcdef", 2).empty());
    CHECK(clean_text("ab", 2) == "ab");
    CHECK(clean_text("abc", 3) == "abc");
    CHECK(clean_text("abcd", 3) == "…");

    std::string const text = "aö€😀\x1b\xff" + std::string(40, 'z');
    for (std::size_t limit = 0; limit < 64; ++limit) {
        std::string const cut = clean_text(text, limit);
        CAPTURE(limit, cut);
        CHECK(cut.size() <= limit);
        CHECK_FALSE(find_bad_utf8(cut));
    }
    CHECK(clean_text(std::string(10 << 20, '\xff'), 8192).size() <= 8192);
}

TEST_CASE("a quoted value is one short line") {
    CHECK(quote("a\nb") == "\"a\\x0Ab\"");
    CHECK(quote(std::string(200, 'x')).size() == 82);
    CHECK(quote("") == "\"\"");
}

TEST_CASE("the nearest word is offered only when it is near") {
    CHECK(nearest("tiemout", {"durability", "timeout"}) == "timeout");
    CHECK(nearest("time_out", {"timeout"}) == "timeout");
    CHECK(nearest("Timeout", {"timeout"}) == "timeout");
    CHECK_FALSE(nearest("colour", {"timeout", "durability"}));
    CHECK_FALSE(nearest("x", {"db"}));
    CHECK_FALSE(nearest("anything", {}));
    CHECK_FALSE(nearest(std::string(100'000, 'x'), {"timeout"}));
}
