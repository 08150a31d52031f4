// SPDX-License-Identifier: MIT
// Jobs by name: aliases, duplicates, and what registers itself.
#include "context.hpp"
#include "sample.hpp"

#include <catch2/catch.hpp>

using namespace cohort;

namespace {

JobEntry entry(std::string name, std::string file, void const* body, std::vector<std::string> aliases = {}) {
    JobEntry made;
    made.name = std::move(name);
    made.aliases = std::move(aliases);
    made.file = std::move(file);
    made.body = body;
    made.call = [](Context&) {};
    return made;
}

int const one = 1;
int const other = 2;

}  // namespace

TEST_CASE("a job is found by its name and by the names that it had") {
    Catalog catalog;
    catalog.add<sample::greet>();
    JobEntry const* const greet = catalog.find("text.greet");
    REQUIRE(greet != nullptr);
    CHECK(catalog.find("hello.greet") == greet);
    CHECK(catalog.find("greet") == greet);
    CHECK(catalog.find("sample.greet") == nullptr);
    CHECK(greet->aliases == std::vector<std::string>{"hello.greet", "greet"});
    CHECK(greet->options.version == 2);
    CHECK(greet->file.starts_with("sample.hpp:"));
}

TEST_CASE("the same body twice is one job") {
    Catalog catalog;
    CHECK(catalog.empty());
    catalog.add<sample::greet>();
    catalog.add<sample::greet>(logged());
    CHECK(catalog.entries().size() == 1);
    CHECK(catalog.find("greet")->decorators.empty());
}

TEST_CASE("two bodies of one name name both files", "[B04]") {
    Catalog catalog;
    catalog.add(entry("shop.price", "jobs.cpp:12", &one));
    CHECK_THROWS_WITH(catalog.add(entry("shop.price", "other.cpp:7", &other)),
                      "duplicate_handler: \"shop.price\" is defined by jobs.cpp:12 and by other.cpp:7");
    CHECK(catalog.find("shop.price")->body == &one);
}

TEST_CASE("an alias is a name too", "[B04]") {
    Catalog catalog;
    catalog.add(entry("new", "a.cpp:1", &one, {"old", "older"}));
    CHECK_THROWS_WITH(catalog.add(entry("old", "b.cpp:2", &other)),
                      "duplicate_handler: \"old\" is defined by a.cpp:1 and by b.cpp:2");
    CHECK_THROWS_WITH(catalog.add(entry("third", "b.cpp:2", &other, {"fine", "new"})),
                      "duplicate_handler: \"new\" is defined by a.cpp:1 and by b.cpp:2");
    CHECK_THROWS_WITH(catalog.add(entry("third", "b.cpp:2", &other, {"older"})),
                      Catch::Contains("\"older\""));
    // What was refused has left nothing.
    CHECK(catalog.find("fine") == nullptr);
    CHECK(catalog.find("third") == nullptr);
    CHECK(catalog.entries().size() == 1);
}

TEST_CASE("names are checked", "[B01][B02]") {
    Catalog catalog;
    CHECK_THROWS_AS(catalog.add(entry("", "a.cpp:1", &one)), Error);
    CHECK_THROWS_AS(catalog.add(entry("a b", "a.cpp:1", &one)), Error);
    CHECK_THROWS_AS(catalog.add(entry("a", "a.cpp:1", &one, {"b\n"})), Error);
}

TEST_CASE("a catalog takes over another one") {
    Catalog a;
    a.add<sample::add>();
    Catalog b;
    b.add<sample::add>();
    b.add<sample::greet>();
    a.add(b);
    REQUIRE(a.entries().size() == 2);
    CHECK(a.entries()[0]->name == "sample.add");
    CHECK(a.entries()[1]->name == "text.greet");
    Catalog const copy = a;
    CHECK(copy.find("hello.greet") != a.find("hello.greet"));
}

TEST_CASE("what is registered is there before main") {
    Catalog const& registered = Catalog::registered();
    CHECK(registered.find("sample.add") != nullptr);
    CHECK(registered.find("sample.scale_double") != nullptr);
    CHECK(registered.find("img.resize_px") != nullptr);
    CHECK(registered.find("text.greet")->decorators.size() == 2);
    CHECK(registered.find("sample.render")->decorators.size() == 1);
    CHECK(registered.find("sample.add")->file.starts_with("sample.cpp:"));
    CHECK(registered.find("sample.twice") == nullptr);
    CHECK(support::run(*registered.find("sample.add"), "[1,2]") == "3");
}

TEST_CASE("a job may be both registered and added") {
    Catalog catalog = Catalog::registered();
    catalog.add<sample::add>();
    CHECK(catalog.entries().size() == Catalog::registered().entries().size());
}

namespace library {
inline namespace v1 {
inline int released() {
    return 1;
}
COHORT_JOB(released);
inline int named() {
    return 2;
}
COHORT_JOB(named, .name = "library.named");
}  // namespace v1
}  // namespace library

TEST_CASE("a job of an inline namespace needs a name, since compilers spell it differently") {
    Catalog catalog;
    catalog.add<library::named>();
    CHECK(catalog.find("library.named") != nullptr);
#ifdef __clang__
    CHECK_THROWS_WITH(catalog.add<library::released>(),
                      Catch::StartsWith("invalid_job_name: library::v1::released "));
#endif
}
