// SPDX-License-Identifier: MIT
// A call's arguments as they are written, and what the compiler could not know about them.
#include "context.hpp"
#include "sample.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace cohort;
using support::encoded;

namespace fit {

void bytes(std::uint8_t a, std::int64_t b, std::uint64_t c);
COHORT_JOB(bytes);
void floats(double a, float b);
COHORT_JOB(floats);
void texts(std::string a, std::string_view b, std::optional<std::string> c);
COHORT_JOB(texts);
void times(std::chrono::milliseconds a, Instant b, std::filesystem::path c);
COHORT_JOB(times);
void choice(std::variant<bool, std::string> a, std::span<int const> b, std::optional<double> c);
COHORT_JOB(choice);
void many(std::string a, std::vector<int> b);
COHORT_JOB(many, .params = "a, b");

struct Textual {
    operator std::string_view() const { return "textual"; }
};
struct Numeric {
    operator int() const { return 7; }
};
enum Plain { zero, one };

}  // namespace fit

TEST_CASE("arguments are an array, or an object when they have names", "[I15]") {
    CHECK(encoded<sample::add>(2, 3) == "[2,3]");
    CHECK(encoded<sample::touch>() == "[]");
    CHECK(encoded<sample::greet>("bob", "hi") == R"({"who":"bob","greeting":"hi"})");
    CHECK(encoded<sample::resize_px>(2, 3) == R"({"w":2,"h":3})");
    CHECK(encoded<sample::scale_double>(2, 3.5) == "[2.0,3.5]");
    sample::Page const page{"x", {}, 3};
    CHECK(encoded<sample::render>(page, sample::Format::jpeg) ==
          R"({"page":{"title":"x","colors":[],"dpi":3},"format":"jpeg"})");
}

TEST_CASE("defaults at the end stay away") {
    CHECK(encoded<sample::greet>("bob") == R"({"who":"bob"})");
    std::vector<int> const extra{1};
    CHECK(encoded<sample::measure_positional>(sample::Page{}, extra, std::nullopt) ==
          R"([{"title":"","colors":[],"dpi":null},[1],null])");
}

TEST_CASE("an argument becomes the parameter's type first") {
    CHECK(encoded<fit::bytes>(255, 'x', std::uint8_t{1}) == "[255,120,1]");
    CHECK(encoded<fit::bytes>(fit::Numeric{}, fit::one, 1U) == "[7,1,1]");
    CHECK(encoded<fit::floats>(1, 2.5) == "[1.0,2.5]");
    CHECK(encoded<fit::texts>("a", std::string{"b"}, "c") == R"(["a","b","c"])");
    CHECK(encoded<fit::texts>(fit::Textual{}, std::string_view{"b"}, std::optional<std::string>{}) ==
          R"(["textual","b",null])");
    CHECK(encoded<fit::times>(2s, never, "/tmp") == R"([2000,"+294247-01-10T04:00:54.775807Z","/tmp"])");
    std::vector<int> const numbers{1, 2};
    CHECK(encoded<fit::choice>("text", numbers, 3) == R"(["text",[1,2],3.0])");
    CHECK(encoded<fit::choice>(true, std::array{1}, std::nullopt) == "[true,[1],null]");
}

TEST_CASE("an integer that does not fit is refused before anything is sent", "[B09]") {
    CHECK_THROWS_WITH((encoded<fit::bytes>(300, 0, 0)),
                      "argument_range: argument [0]: 300 does not fit 0..255");
    CHECK_THROWS_WITH((encoded<fit::bytes>(-1, 0, 0)),
                      "argument_range: argument [0]: -1 does not fit 0..255");
    CHECK_THROWS_WITH((encoded<fit::bytes>(1, UINT64_MAX, 0)),
                      "argument_range: argument [1]: 18446744073709551615 does not fit "
                      "-9223372036854775808..9223372036854775807");
    CHECK_THROWS_WITH((encoded<fit::bytes>(1, 0, -1)),
                      "argument_range: argument [2]: -1 does not fit 0..18446744073709551615");
    CHECK_THROWS_WITH(
        (encoded<fit::floats>(std::int64_t{9007199254740993}, 1)),
        "argument_range: argument [0]: 9007199254740993 does not fit a floating-point number exactly");
    CHECK_THROWS_WITH(
        (encoded<fit::floats>(1.0, 1e300)),
        "not_representable: argument [1]: infinity is no JSON number; send an optional<double>");
}

TEST_CASE("text that is none is refused before anything is sent", "[B12]") {
    char const* const nothing = nullptr;
    CHECK_THROWS_WITH((encoded<sample::greet>(nothing)),
                      "argument_type: argument who: expected text, got a null pointer");
    CHECK_THROWS_WITH(
        (encoded<sample::greet>("bob", "\xff")),
        "invalid_utf8: argument greeting: invalid UTF-8 at byte 0; send cohort::Bytes for binary data");
    CHECK_THROWS_WITH((encoded<sample::render>(sample::Page{"x\xff", {}, {}}, sample::Format::png)),
                      Catch::StartsWith("invalid_utf8: argument page.title: "));
}

TEST_CASE("a payload that is too large is refused before anything is sent", "[B16][B18]") {
    // {"a":"…","b":[]} is 15 bytes longer than its text.
    std::string const text(max_payload_bytes - 15, 'x');
    std::vector<int> const none;
    CHECK(encoded<fit::many>(text, none).size() == max_payload_bytes);
    CHECK_THROWS_WITH((encoded<fit::many>(text + "x", none)),
                      "payload_too_large: 1048577 > 1048576 bytes; store it elsewhere and pass a reference");
    CHECK_THROWS_WITH((encoded<fit::many>("", std::vector<int>(1'000'000))),
                      "too_many_elements: argument b[99997]: more than 100000 values");
}

TEST_CASE("a result is read by its type", "[I16]") {
    using detail::decode_result;
    CHECK(decode_result<int>("5") == 5);
    CHECK(decode_result<Json>("{\"a\":[]}").str() == "{\"a\":[]}");
    decode_result<void>("null");
    CHECK_THROWS_WITH(decode_result<sample::Page>("{\"title\":\"x\",\"colors\":[{}]}"),
                      "result_encoding: result.colors[0].r: missing");
}

TEST_CASE("the client knows what a job is without its body") {
    using namespace detail;
    static_assert(std::same_as<result_of<meta_of<sample::render>>, int>);
    static_assert(std::same_as<result_of<meta_of<sample::touch_later>>, void>);
    static_assert(std::same_as<result_of<meta_of<sample::keep>>, std::string>);
    static_assert(std::same_as<result_of<meta_of<sample::say>>, std::string>);
    CHECK(info<meta_of<sample::add>>().name == "sample.add");
    CHECK(info<meta_of<&sample::add>>().name == "sample.add");
    CHECK(info<meta_of<sample::greet>>().name == "text.greet");
    CHECK(info<meta_of<sample::scale_double>>().name == "sample.scale_double");
    CHECK(info<meta_of<elsewhere::add_here>>().name == "elsewhere.add_here");
    CHECK(info<meta_of<sample::greet>>().options.timeout == 30s);
    CHECK(info<meta_of<sample::render>>().coroutine);
    CHECK(info<meta_of<sample::render>>().parameters == 2);
    CHECK(info<meta_of<sample::add>>().file == "sample.hpp");
}

TEST_CASE("what a g++ 12 coroutine would destroy twice is known") {
    using detail::safe_beside_await;
    static_assert(safe_beside_await<sample::Page&>);
    static_assert(safe_beside_await<sample::Page const&>);
    static_assert(safe_beside_await<std::string&&>);
    static_assert(safe_beside_await<sample::Color&&>);
    static_assert(safe_beside_await<char const(&)[4]>);
    static_assert(safe_beside_await<EnqueueOptions&&>);
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    static_assert(!safe_beside_await<sample::Page&&>);
    static_assert(!safe_beside_await<std::array<std::string, 2>&&>);
#else
    static_assert(safe_beside_await<sample::Page&&>);
#endif
    SUCCEED();
}
