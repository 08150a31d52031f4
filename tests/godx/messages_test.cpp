// SPDX-License-Identifier: MIT
// Messages of the godx's vocabulary: built, taken apart, and read from how jobs end.
#include <cohort/error.hpp>
#include <cohort/godx.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace messages_test {

using namespace cohort;
using namespace cohort::godx;

namespace {

errc code_of_taking_apart(rabbitmq::RawMessage const& raw) {
    try {
        disassemble(raw);
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

Ending ending(FailReason reason, std::string text) {
    Ending one;
    one.state = JobState::failed;
    one.reason = reason;
    one.error = std::move(text);
    return one;
}

}  // namespace

TEST_CASE("the types and codes of messages have the numbers that are documented", "[S36]") {
    CHECK(static_cast<int>(MessageType::initialization) == 0);
    CHECK(static_cast<int>(MessageType::info) == 1);
    CHECK(static_cast<int>(MessageType::error) == 2);
    CHECK(static_cast<int>(MessageType::task) == 3);
    CHECK(static_cast<int>(InfoStatus::ok) == 0);
    CHECK(static_cast<int>(ErrorCode::bad_initialization) == 0);
    CHECK(static_cast<int>(ErrorCode::incorrect_type) == 1);
    CHECK(static_cast<int>(ErrorCode::unregistered_client) == 2);
    CHECK(static_cast<int>(ErrorCode::invalid_task) == 3);
    CHECK(static_cast<int>(ErrorCode::error_in_task) == 4);
    CHECK(static_cast<int>(ErrorCode::task_timeout) == 5);
}

TEST_CASE("what the builders make is read back equal", "[S37]") {
    Message const asked = task("shop", "service-client.shop", "prices.price", R"(["tea",3])");
    CHECK(asked.metadata.id.size() == 26);
    CHECK(task("shop", "", "f").metadata.id != asked.metadata.id);
    CHECK(disassemble(assemble(asked)) == asked);
    CHECK(assemble(asked).delivery_mode == 2);
    Message const named = task("shop", "", "prices.price", R"({"what":"tea"})", "id-7");
    CHECK(named.metadata.id == "id-7");
    CHECK(disassemble(assemble(named)) == named);
    for (bool const enable_overdue : {true, false}) {
        Message const begin = initialization("shop", "service-client.shop", enable_overdue);
        CHECK(begin.metadata.type == MessageType::initialization);
        CHECK(disassemble(assemble(begin)) == begin);
    }
    Message const done = info("shop", "id-7", R"({"total":7.5})");
    CHECK(disassemble(assemble(done)) == done);
    for (auto const code :
         {ErrorCode::bad_initialization, ErrorCode::incorrect_type, ErrorCode::unregistered_client,
          ErrorCode::invalid_task, ErrorCode::error_in_task, ErrorCode::task_timeout}) {
        Message const failed = error("shop", "id-7", code, "no \"tea\"");
        CHECK(failed.metadata.status == static_cast<int>(code));
        CHECK(failed.content<std::string>() == "no \"tea\"");
        CHECK(disassemble(assemble(failed)) == failed);
    }
}

TEST_CASE("what is no message is refused when it is taken apart", "[S37]") {
    rabbitmq::RawMessage const good = assemble(task("shop", "", "prices.price", "[1]", "id-1"));
    CHECK(code_of_taking_apart(good) == errc::ok);
    rabbitmq::RawMessage bad = good;
    bad.type.clear();
    CHECK(code_of_taking_apart(bad) == errc::bad_envelope);
    bad = good;
    bad.id.clear();
    CHECK(code_of_taking_apart(bad) == errc::bad_envelope);
    bad = good;
    bad.body = "7";
    CHECK(code_of_taking_apart(bad) == errc::bad_envelope);
    bad.body = "[1";
    CHECK(code_of_taking_apart(bad) == errc::payload_syntax);
    bad = good;
    bad.type = "running";
    CHECK(code_of_taking_apart(bad) == errc::bad_envelope);
}

TEST_CASE("a reply shows id, client, type and typed content", "[S27]") {
    Ending good;
    good.state = JobState::succeeded;
    good.result = "[1,2]";
    JobRef const job{"client-service", "id-7"};
    Message const reply = reply_of("shop", job, good);
    CHECK(reply.metadata.type == MessageType::info);
    CHECK(reply.metadata.id == "id-7");
    CHECK(reply.metadata.client == "shop");
    CHECK(reply.metadata.status == 0);
    CHECK(reply.content<std::vector<int>>() == std::vector{1, 2});
    CHECK_THROWS_AS(reply.content<std::string>(), Error);

    Message const failed = reply_of("shop", job, ending(FailReason::timeout, "too slow"));
    CHECK(failed.metadata.type == MessageType::error);
    CHECK(failed.metadata.status == static_cast<int>(ErrorCode::task_timeout));
    CHECK(failed.content<std::string>() == "too slow");
    CHECK(code_of(ending(FailReason::unknown_job, "")) == ErrorCode::invalid_task);
    CHECK(code_of(ending(FailReason::worker_lost, "")) == ErrorCode::error_in_task);
    CHECK_FALSE(is_orphan(ending(FailReason::exception, "unregistered client: \"x\"")));
    Ending const running;
    CHECK_THROWS_AS(reply_of("shop", job, running), Error);
}

}  // namespace messages_test
