// SPDX-License-Identifier: MIT
// Base64: the vectors of RFC 4648, and one text for one value.
#include "job/base64.hpp"

#include <catch2/catch.hpp>

using namespace cohort::detail;

namespace {

std::string encoded(std::string_view bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

}  // namespace

TEST_CASE("base64 as in RFC 4648") {
    std::pair<std::string_view, std::string_view> const vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (auto const& [bytes, text] : vectors) {
        CHECK(encoded(bytes) == text);
        CHECK(decode_base64(text) == std::string{bytes});
    }
}

TEST_CASE("every byte survives") {
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    CHECK(decode_base64(encoded(all)) == all);
}

TEST_CASE("other texts are no base64") {
    for (auto const* text : {"A", "AA", "AAA", "====", "A===", "=AAA", "AA=A", "A=AA",
                             "AB==", "AAB=", "AA==AAAA", "AA\n=", "AA-_", "AA A"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_base64(text));
    }
}
