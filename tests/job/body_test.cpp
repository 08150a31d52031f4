// SPDX-License-Identifier: MIT
// From arguments as they arrive to a result as it is stored: all kinds of bodies, and payloads of older and
// newer clients.
#include "context.hpp"
#include "sample.hpp"

#include <catch2/catch.hpp>

using namespace cohort;
using support::encoded;
using support::error_of;
using support::run;

TEST_CASE("three kinds of body") {
    CHECK(run<sample::add>("[2,3]") == "5");
    CHECK(run<sample::render>(R"({"page":{"title":"x","colors":[{"r":1,"g":2}]},"format":"jpeg"})") == "11");
    CHECK(run<sample::twice>("[4]") == "8");

    Catalog catalog;
    catalog.add<sample::add>();
    catalog.add<sample::render>();
    catalog.add<sample::twice>();
    CHECK(catalog.find("sample.add")->kind == BodyKind::plain);
    CHECK(catalog.find("sample.render")->kind == BodyKind::coroutine);
    CHECK(catalog.find("sample.twice")->kind == BodyKind::quick);
    CHECK(to_string(BodyKind::quick) == "quick");
    for (JobEntry const* entry : catalog.entries()) {
        CHECK((entry->start != nullptr) == (entry->kind == BodyKind::coroutine));
        CHECK((entry->call != nullptr) == (entry->kind != BodyKind::coroutine));
    }
}

TEST_CASE("nothing in, nothing out", "[I16]") {
    CHECK(run<sample::touch>("[]") == "null");
    CHECK(run<sample::touch_later>("{}") == "null");
}

TEST_CASE("a context comes first and is not on the wire") {
    support::TestContext context{R"([{"title":"x","colors":[]},"png"])"};
    Catalog catalog;
    catalog.add<sample::render>();
    support::run(catalog.find("sample.render")->start(context));
    CHECK(context.result() == "0");
    CHECK(context.noted == "rendering");
}

TEST_CASE("overloads, template instances, functions of other namespaces, lambdas") {
    CHECK(run<sample::resize_percent>("[50]") == "50");
    CHECK(run<sample::resize_px>(R"({"w":2,"h":3})") == "6");
    CHECK(run<sample::scale_double>("[2,1.5]") == "3.0");
    CHECK(run<elsewhere::add_here>("[1,1]") == "2");
    CHECK(run<sample::negate>("[1]") == "-1");
}

TEST_CASE("views and references last until the body has ended") {
    CHECK(run<sample::greet>(R"(["a name that is too long for a small string"])") ==
          R"("hello a name that is too long for a small string")");
    CHECK(run<sample::joined>(R"([["one word that is quite long","another"]," and "])") ==
          R"("one word that is quite long and another")");
    CHECK(run<sample::measure_positional>(R"([{"title":"abc","colors":[]},[1,2],"xy",2])") == "446");
    CHECK(run<sample::keep>(R"(["text"])") == R"("text")");
    CHECK(run<sample::say>("[true]") == R"("something")");
}

TEST_CASE("what a call writes, its body reads", "[I15][I16]") {
    CHECK(run<sample::nest>(encoded<sample::nest>("one", "two")) == R"({"one":{"two":"three"}})");
    CHECK(run<sample::echo>(encoded<sample::echo>(INT64_MIN)) == std::to_string(INT64_MIN));
    auto const nested = run<sample::nest>(encoded<sample::nest>("a\"", "ü"));
    using Result = detail::result_of<detail::meta_of<sample::nest>>;
    CHECK(detail::decode_result<Result>(nested) == sample::nest("a\"", "ü"));
}

TEST_CASE("arrays and objects are taken alike") {
    CHECK(run<sample::greet>(R"(["bob","hi"])") == R"("hi bob")");
    CHECK(run<sample::greet>(R"({"greeting":"hi","who":"bob"})") == R"("hi bob")");
    CHECK(
        error_of<sample::add>(R"({"a":1,"b":2})") ==
        "argument_type: arguments: expected an array, since this job does not name its parameters (.params)");
}

TEST_CASE("an older client leaves out what it does not know: defaults stand in") {
    CHECK(run<sample::greet>(R"(["bob"])") == R"("hello bob")");
    CHECK(run<sample::greet>(R"({"who":"bob"})") == R"("hello bob")");
    CHECK(run<sample::measure>(R"({"page":{"title":"abc","colors":[]},"extra":[]})") == "5");
    CHECK(run<sample::measure>(R"({"page":{"title":"abc","colors":[]},"extra":[],"factor":2})") == "8");
    CHECK(run<sample::measure>(R"({"page":{"title":"abc","colors":[]},"extra":[],"factor":2,"more":[]})") ==
          "6");
    CHECK(run<sample::measure_positional>(R"([{"title":"abc","colors":[]},[]])") == "3");
}

TEST_CASE("a newer client sends more: it is ignored") {
    CHECK(run<sample::add>("[1,2,3,{\"new\":[]}]") == "3");
    CHECK(run<sample::greet>(R"({"who":"bob","volume":11})") == R"("hello bob")");
    CHECK(run<sample::touch>("[1]") == "null");
}

TEST_CASE("too few arguments", "[B06]") {
    CHECK(error_of<sample::add>("[1]") == "argument_count: arguments: expected 2, got 1");
    CHECK(error_of<sample::add>("[]") == "argument_count: arguments: expected 2, got 0");
    CHECK(error_of<sample::greet>("[]") == "argument_count: arguments: expected 1 or more, got 0");
    CHECK(error_of<sample::greet>("{}") == "argument_type: argument who: missing");
    // A default in the middle cannot stand in: C++ fills them from the end.
    CHECK(error_of<sample::measure>(R"({"page":{"title":"","colors":[]},"extra":[],"more":[]})") ==
          "argument_type: argument factor: missing");
}

TEST_CASE("arguments of a wrong type", "[B07][B08][B09]") {
    CHECK(error_of<sample::add>("[1,\"12\"]") ==
          "argument_type: argument [1]: expected an integer, got string \"12\"");
    CHECK(error_of<sample::add>("[true,1]") ==
          "argument_type: argument [0]: expected an integer, got boolean true");
    CHECK(error_of<sample::add>("[1,null]") == "argument_type: argument [1]: expected an integer, got null");
    CHECK(error_of<sample::add>("[1,1.0]") ==
          "argument_type: argument [1]: expected an integer, got number 1.0");
    CHECK(error_of<sample::say>("[1]") == "argument_type: argument [0]: expected a boolean, got integer 1");
    CHECK(error_of<sample::add>("[1,99999999999]") ==
          "argument_range: argument [1]: 99999999999 does not fit -2147483648..2147483647");
    CHECK(error_of<sample::greet>(R"({"who":1})") ==
          "argument_type: argument who: expected a string, got integer 1");
    CHECK(error_of<sample::render>(
              R"({"page":{"title":"x","colors":[{"r":1,"g":1},{"r":1,"g":"green"}]},"format":"png"})") ==
          "argument_type: argument page.colors[1].g: expected an integer, got string \"green\"");
    CHECK(error_of<sample::add>("5") ==
          "argument_type: arguments: expected an array or an object, got integer 5");
    CHECK(error_of<sample::add>("null") ==
          "argument_type: arguments: expected an array or an object, got null");
}

TEST_CASE("the first fault is told") {
    CHECK(error_of<sample::add>("[\"a\",\"b\"]") ==
          "argument_type: argument [0]: expected an integer, got string \"a\"");
}

TEST_CASE("arguments that are no JSON", "[B15]") {
    CHECK(error_of<sample::add>("") == "payload_syntax: at byte 0: empty; a JSON value is needed");
    CHECK(error_of<sample::add>("[1,2]x") == "payload_syntax: at byte 5: text after the end, near \"x\"");
    CHECK(error_of<sample::render>("[") == "payload_syntax: at byte 1: incomplete JSON");
}

TEST_CASE("a result that cannot travel is the job's failure", "[B41]") {
    CHECK(error_of<sample::divide>("[0,0]") ==
          "result_encoding: result: NaN is no JSON number; send an optional<double>");
    CHECK(error_of<sample::repeat>(R"(["ab",524287])").empty());
    CHECK(error_of<sample::repeat>(R"(["ab",524288])") ==
          "result_too_large: 1048578 > 1048576 bytes; store it elsewhere and return a reference");
    CHECK(error_of<sample::say>("[false]") == "result_encoding: result: expected text, got a null pointer");
}
