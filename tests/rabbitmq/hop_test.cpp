// SPDX-License-Identifier: MIT
// What is thrown on the broker's thread, as its caller gets it.
#include "io/loop.hpp"
#include "rabbitmq/hop.hpp"
#include "rabbitmq/server.hpp"

#include <boost/system/system_error.hpp>

#include <stdexcept>
#include <typeinfo>

namespace hop_test {

using namespace rabbitmq_test;

namespace {

struct Refusal : Error {
    Refusal(std::string const& detail, int its_code) : Error{errc::unavailable, detail}, code{its_code} {}
    int code;
};

awaitable<void> fail(std::exception_ptr error) {
    std::rethrow_exception(std::move(error));
    co_return;
}

std::exception_ptr crossed(std::exception_ptr const& error) {
    io::Loop const loop{"hop"};
    try {
        run(rabbitmq::hop(loop.executor(), fail(error)));
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

template<class Thrown>
Thrown const& as(std::exception_ptr const& error) {
    try {
        std::rethrow_exception(error);
    } catch (std::exception const& thrown) {
        REQUIRE(typeid(thrown) == typeid(Thrown));
        return dynamic_cast<Thrown const&>(thrown);  // which `error` keeps
    }
}

}  // namespace

TEST_CASE("who waits for the broker's thread gets an error of his own, of the kind that was thrown") {
    auto const error = std::make_exception_ptr(Error{errc::unavailable, "gone"});
    auto const own_error = crossed(error);
    CHECK(own_error != error);
    CHECK(as<Error>(own_error).which() == errc::unavailable);
    CHECK(as<Error>(own_error).detail() == "gone");

    auto const reset = boost::system::errc::make_error_code(boost::system::errc::connection_reset);
    auto const system = std::make_exception_ptr(boost::system::system_error{reset, "read"});
    auto const own_system = crossed(system);
    CHECK(own_system != system);
    CHECK(as<boost::system::system_error>(own_system).code() == reset);
}

TEST_CASE("an exception of a kind that the broker does not know crosses as it is") {
    auto const refusal = crossed(std::make_exception_ptr(Refusal{"not today", 7}));
    CHECK(as<Refusal>(refusal).code == 7);
    CHECK(as<Refusal>(refusal).which() == errc::unavailable);

    auto const other = std::make_exception_ptr(std::out_of_range{"far"});
    CHECK(crossed(other) == other);
}

}  // namespace hop_test
