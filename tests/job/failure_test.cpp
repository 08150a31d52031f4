// SPDX-License-Identifier: MIT
// What an exception means for the job that threw it.
#include "job/failure.hpp"

#include <cohort/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>

using namespace cohort;

namespace {

template<class E>
Failure failure_of(E const& exception, StopReason stop = StopReason::none) {
    return classify(std::make_exception_ptr(exception), stop);
}

struct OwnError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

boost::system::system_error const aborted{boost::asio::error::operation_aborted};

}  // namespace

TEST_CASE("Retry and Discard say what they want") {
    Failure const again = failure_of(Retry{10s, "busy"});
    CHECK(again.kind == SettleKind::retry);
    CHECK(again.reason == FailReason::exception);
    CHECK(again.error == "busy");
    CHECK(again.after == 10s);

    Failure const no_more = failure_of(Discard{"bad colour"});
    CHECK(no_more.kind == SettleKind::failed);
    CHECK(no_more.reason == FailReason::exception);
    CHECK(no_more.error == "bad colour");
    CHECK_FALSE(no_more.after);
}

TEST_CASE("an exception is a failure that may be tried again", "[I19]") {
    Failure const failure = failure_of(std::runtime_error{"no paper"});
    CHECK(failure.kind == SettleKind::retry);
    CHECK(failure.reason == FailReason::exception);
    CHECK(failure.error == "no paper");
    CHECK_FALSE(failure.after);

    CHECK(failure_of(OwnError{"no ink"}).error == "(anonymous namespace)::OwnError: no ink");
    CHECK(failure_of(Error{errc::queue_full, "1000 jobs"}).error == "queue_full: 1000 jobs");
    CHECK(failure_of(Error{errc::queue_full, "1000 jobs"}).kind == SettleKind::retry);
}

TEST_CASE("what is no std::exception is named by its type") {
    CHECK(failure_of(7).error == "threw something that is no std::exception (int)");
    CHECK(failure_of("text").error == "threw something that is no std::exception (char const*)");
    CHECK(failure_of(7).kind == SettleKind::retry);
}

TEST_CASE("what does not fit now will not fit later", "[B15][B41]") {
    for (errc const code :
         {errc::argument_count, errc::argument_type, errc::argument_range, errc::payload_syntax,
          errc::payload_too_deep, errc::payload_too_large, errc::too_many_elements, errc::invalid_utf8,
          errc::bad_envelope, errc::unsupported_codec}) {
        Failure const failure = failure_of(Error{code, "x"});
        CHECK(failure.kind == SettleKind::failed);
        CHECK(failure.reason == FailReason::bad_payload);
        CHECK(failure.error == std::string{to_string(code)} + ": x");
    }
    for (errc const code : {errc::result_encoding, errc::result_too_large}) {
        CHECK(failure_of(Error{code}).kind == SettleKind::failed);
        CHECK(failure_of(Error{code}).reason == FailReason::bad_result);
    }
}

TEST_CASE("a run that was stopped ends as what stopped it", "[I18]") {
    auto const stopped_by = [](StopReason stop) {
        Failure const thrown = failure_of(Stopped{}, stop);
        CHECK(failure_of(aborted, stop).kind == thrown.kind);
        CHECK(failure_of(aborted, stop).reason == thrown.reason);
        CHECK(failure_of(Error{errc::aborted}, stop).kind == thrown.kind);
        CHECK(failure_of(std::system_error{ECANCELED, std::generic_category()}, stop).kind == thrown.kind);
        return thrown;
    };
    CHECK(stopped_by(StopReason::timeout).kind == SettleKind::retry);
    CHECK(stopped_by(StopReason::timeout).reason == FailReason::timeout);
    CHECK(stopped_by(StopReason::timeout).error == "timeout: the run was asked to stop");
    CHECK(stopped_by(StopReason::cancelled).kind == SettleKind::cancelled);
    CHECK(stopped_by(StopReason::shutdown).kind == SettleKind::released);
    CHECK(stopped_by(StopReason::lease_lost).kind == SettleKind::released);
    CHECK(stopped_by(StopReason::none).kind == SettleKind::retry);
    CHECK(stopped_by(StopReason::none).reason == FailReason::exception);
}

TEST_CASE("a failure of its own stays one while the run is to stop") {
    CHECK(failure_of(std::runtime_error{"x"}, StopReason::cancelled).reason == FailReason::exception);
    CHECK(failure_of(Discard{"x"}, StopReason::shutdown).kind == SettleKind::failed);
}

TEST_CASE("texts are fit to be stored", "[B42]") {
    CHECK(failure_of(std::runtime_error{"a\nb\x1b[2J\xff"}).error == "a\nb\\x1B[2J\xEF\xBF\xBD");
    CHECK(failure_of(std::runtime_error{"no way to redis://u:hunter2@h"}).error ==
          "no way to redis://u:***@h");
    CHECK(failure_of(std::runtime_error{std::string(10'000'000, 'x')}).error.size() <= 8192);
}
