// SPDX-License-Identifier: MIT
// Arguments that a stranger wrote into the file: each job fails at once, for ever, with a sentence that names
// the place and the value, and the worker takes the next one.
#include "inputs/stage.hpp"

using namespace cohort;
using namespace inputs;

namespace {

struct BadPayload {
    std::string job;
    Value arguments;
    std::string error;  // how it begins
};

void check_all_fail(std::vector<BadPayload> const& cases) {
    Stage stage;
    for (std::size_t i = 0; i < cases.size(); ++i)
        stage.stranger().write_job("bad-" + std::to_string(i), "inputs." + cases[i].job, cases[i].arguments);
    stage.start();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        auto const outcome = stage.outcome_of("bad-" + std::to_string(i));
        CAPTURE(cases[i].job, cases[i].error, outcome.error.substr(0, 300));
        CHECK(outcome.state == JobState::failed);
        CHECK(outcome.reason == FailReason::bad_payload);
        CHECK(outcome.attempt == 1);  // it cannot get better
        CHECK(outcome.error.starts_with(cases[i].error));
        CHECK(outcome.error.size() < 400);
    }
    CHECK(stage.still_works());
    CHECK(stage.worker().stats().failed == cases.size());
    // Whoever looks for what failed finds the arguments as they were written.
    CHECK(stage.stranger().number("SELECT count(*) FROM jobs_ended WHERE state = 5") ==
          static_cast<std::int64_t>(cases.size()));
}

std::string nested(std::size_t depth, std::string const& open, std::string const& close) {
    std::string text = "[";
    for (std::size_t i = 1; i < depth; ++i)
        text += open;
    text += "1";
    for (std::size_t i = 1; i < depth; ++i)
        text += close;
    return text + "]";
}

}  // namespace

TEST_CASE("a row with too few arguments fails its job", "[B06]") {
    check_all_fail({
        {"add", "[1]", "argument_count: arguments: expected 2, got 1"},
        {"add", "[]", "argument_count: arguments: expected 2, got 0"},
        {"count", "{}", "argument_type: argument numbers: missing"},
    });
}

TEST_CASE("a row with a value of another type fails its job: nothing is converted silently", "[B07][B08]") {
    check_all_fail({
        {"add", R"([1,"12"])", R"(argument_type: argument [1]: expected an integer, got string "12")"},
        {"add", "[true,1]", "argument_type: argument [0]: expected an integer, got boolean true"},
        {"add", "[1,1.0]", "argument_type: argument [1]: expected an integer, got number 1.0"},
        {"add", "[1,null]", "argument_type: argument [1]: expected an integer, got null"},
        {"add", "[1,[2]]", "argument_type: argument [1]: expected an integer, got "},
        {"add", R"({"a":1,"b":2})", "argument_type: arguments: expected an array"},
        {"add", "5", "argument_type: arguments: expected an array or an object, got integer 5"},
        {"add", "null", "argument_type: arguments: expected an array or an object, got null"},
        {"negate", "[1]", "argument_type: argument [0]: expected a boolean, got integer 1"},
        {"half", R"(["1.5"])", R"(argument_type: argument [0]: expected a number, got string "1.5")"},
        {"count", R"([{"0":1}])", "argument_type: argument [0]: expected an array, got an object"},
        {"count", "[[1,2,\"three\"]]",
         R"(argument_type: argument [0][2]: expected an integer, got string "three")"},
    });
}

TEST_CASE("a row with a number that does not fit fails its job", "[B09]") {
    check_all_fail({
        {"small", "[300]", "argument_range: argument [0]: 300 does not fit 0..255"},
        {"small", "[-1]", "argument_range: argument [0]: -1 does not fit 0..255"},
        {"whole", "[9223372036854775808]", "argument_range: argument [0]: 9223372036854775808 does not fit"},
        {"whole", "[-9223372036854775809]", "argument_"},
        {"positive", "[-1]", "argument_range: argument [0]: -1 does not fit"},
        {"positive", "[18446744073709551616]", "argument_"},
        {"add", "[1,99999999999]",
         "argument_range: argument [1]: 99999999999 does not fit -2147483648..2147483647"},
    });
}

TEST_CASE("a row with NaN or infinity for a number fails its job", "[B11]") {
    check_all_fail({
        {"half", "[NaN]", "payload_syntax: at byte 1"},
        {"half", "[Infinity]", "payload_syntax: at byte 1"},
        {"half", "[-Infinity]", "payload_syntax: at byte "},
        {"half", "[1e999]", "payload_syntax: at byte "},
    });
}

TEST_CASE("a row whose text is no UTF-8 fails its job", "[B12]") {
    check_all_fail({
        {"echo", "[\"abc\xff\"]", "invalid_utf8: invalid UTF-8 at byte "},
        {"echo", "[\"\xc0\xaf\"]", "invalid_utf8: invalid UTF-8 at byte "},      // "/" in two bytes
        {"echo", "[\"\xed\xa0\x80\"]", "invalid_utf8: invalid UTF-8 at byte "},  // half of a surrogate pair
        {"echo", R"(["\ud800"])", "invalid_utf8: at byte 8: half of a surrogate pair"},
        {"echo", Blob{"[\"\xff\xfe\"]"}, "invalid_utf8: invalid UTF-8 at byte "},
    });
}

TEST_CASE("a row that is nested too deeply fails its job, on any thread's stack", "[B14]") {
    check_all_fail({
        {"count", nested(65, "[", "]"), "payload_too_deep: nesting 65 exceeds 64"},
        {"count", nested(100'000, "[", "]"), "payload_too_deep: nesting 65 exceeds 64"},
        {"count", nested(100'000, R"({"a":)", "}"), "payload_too_deep: nesting 65 exceeds 64"},
        {"echo_later", std::string(100'000, '['), "payload_too_deep: nesting 65 exceeds 64"},
    });
}

TEST_CASE("a row that is no JSON fails its job", "[B15]") {
    check_all_fail({
        {"add", "", "payload_syntax: at byte 0: empty; a JSON value is needed"},
        {"add", Blob{}, "payload_syntax: at byte 0: empty"},
        {"add", "[1,2", "payload_syntax: at byte 4: incomplete JSON"},
        {"add", "[1,2]x", R"(payload_syntax: at byte 5: text after the end, near "x")"},
        {"add", "[1,2][3]", "payload_syntax: at byte 5: text after the end"},
        {"add", "[1,/*two*/2]", "payload_syntax: at byte 3"},
        {"add", "[01,2]", "payload_syntax: at byte "},
        {"add", "[+1,2]", "payload_syntax: at byte 1"},
        {"echo", "['x']", "payload_syntax: at byte 1"},
        {"count", R"({"numbers":[],"numbers":[1]})", "payload_syntax: at byte "},
        {"echo", std::string{"[\"a\"]\0", 6}, "payload_syntax: at byte 5"},
        {"add", Blob{std::string{"\x92\x01\x02", 3}}, "invalid_utf8: invalid UTF-8 at byte 0"},
    });
}

TEST_CASE("a row that is too large, or has too many parts, fails its job", "[B16][B18]") {
    auto const text_of = [](std::size_t bytes) { return "[\"" + std::string(bytes - 4, 'x') + "\"]"; };
    std::string many = "[[1";
    std::string keys = R"({"numbers":[])";
    for (int i = 0; i < 110'000; ++i)
        many += ",1", keys += ",\"" + std::to_string(i) + "\":1";
    check_all_fail({
        {"echo", text_of(max_payload_bytes + 1),
         "payload_too_large: 1048577 > 1048576 bytes; store it elsewhere"},
        {"echo_later", text_of(50'000'000),
         "payload_too_large: 50000000 > 1048576 bytes; store it elsewhere"},
        {"count", many + "]]", "too_many_elements: more than 100000 values"},
        {"count", keys + "}", "payload_too_large: "},
    });

    Stage stage;
    stage.stranger().write_job("just-fits", "inputs.echo", text_of(max_payload_bytes));
    stage.start();
    auto const outcome = stage.outcome_of("just-fits");
    // It comes back one bracket shorter on each side.
    CHECK(outcome.state == JobState::succeeded);
    CHECK(outcome.value->str().size() == max_payload_bytes - 2);
}

TEST_CASE("odd values that fit come back as they were written", "[B10][B13]") {
    struct Case {
        std::string job;
        std::string arguments;
        std::string result;
    };
    std::vector<Case> const cases = {
        {"positive", "[18446744073709551615]", "18446744073709551615"},
        {"positive", "[12345678901234567890]", "12345678901234567890"},
        {"whole", "[-9223372036854775808]", "-9223372036854775808"},
        {"whole", "[9007199254740993]", "9007199254740993"},  // 2^53 + 1
        {"half", "[3]", "1.5"},                               // every integer is a number
        {"echo", R"(["a\u0000b"])", R"("a\u0000b")"},
        {"echo", "[\"\xf0\x9f\x8e\xb8\"]", "\"\xf0\x9f\x8e\xb8\""},  // beyond 16 bits
        {"echo_later", "[\"\xef\xbb\xbfx\"]", "\"\xef\xbb\xbfx\""},  // a byte order mark
        {"count", "[[]]", "0"},
        {"add", " [ 1 ,\t2 ]\n", "3"},
    };
    Stage stage;
    for (std::size_t i = 0; i < cases.size(); ++i)
        stage.stranger().write_job(std::to_string(i), "inputs." + cases[i].job, cases[i].arguments);
    stage.start();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        auto const outcome = stage.outcome_of(std::to_string(i));
        CAPTURE(cases[i].arguments, outcome.error);
        REQUIRE(outcome.state == JobState::succeeded);
        CHECK(outcome.value->str() == cases[i].result);
    }
}

TEST_CASE("a result that cannot travel fails its job, once", "[B11][B41]") {
    Stage stage;
    stage.stranger().write_job("nan", "inputs.not_a_number", "[]");
    stage.stranger().write_job("large", "inputs.repeat", R"(["ab",524288])");
    stage.stranger().write_job("binary", "inputs.repeat", R"(["x",1])");
    stage.start();
    auto const nan = stage.outcome_of("nan");
    CHECK(nan.reason == FailReason::bad_result);
    CHECK(nan.error == "result_encoding: result: NaN is no JSON number; send an optional<double>");
    CHECK(nan.attempt == 1);
    auto const large = stage.outcome_of("large");
    CHECK(large.reason == FailReason::bad_result);
    CHECK(large.error.starts_with("result_too_large: 1048578 > 1048576 bytes; store it elsewhere"));
    CHECK(large.attempt == 1);
    CHECK(stage.outcome_of("binary").state == JobState::succeeded);
    CHECK(stage.still_works());
}

TEST_CASE("whatever a body's exception says, a short and printable text is kept", "[B42]") {
    Stage stage;
    stage.stranger().write_job("long", "inputs.fail_with", "[\"" + std::string(1'000'000, 'x') + "\"]",
                               {{"max_retries", std::int64_t{0}}});
    stage.stranger().write_job("odd", "inputs.fail_with", R"(["a\nb\u001b[31m\u0000\u2028"])",
                               {{"max_retries", std::int64_t{0}}});
    stage.stranger().write_job("secret", "inputs.fail_with",
                               R"(["no way to amqp://u:hunter2@h/x, nor redis://:hunter2@h"])",
                               {{"max_retries", std::int64_t{0}}});
    stage.start();
    auto const text = stage.outcome_of("long");
    CHECK(text.reason == FailReason::exception);
    CHECK(text.error.size() <= 8192);
    CHECK(text.error.starts_with("xxx"));
    auto const odd = stage.outcome_of("odd");
    CHECK(odd.error.find_first_of(std::string_view{"\x1b\0", 2}) == std::string::npos);
    CHECK(odd.error.starts_with("a\nb"));
    auto const secret = stage.outcome_of("secret");
    CHECK(secret.state == JobState::failed);
    CHECK(secret.error.find("hunter2") == std::string::npos);
    CHECK(stage.still_works());
}
