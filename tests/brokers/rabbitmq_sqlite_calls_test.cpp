// SPDX-License-Identifier: MIT
// What a worker says whom nobody calls: once, and not with each look into its file.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/rabbitmq.hpp"
#include "rabbitmq/server.hpp"
#include "sqlite/sqlite.hpp"
#include "support/process.hpp"

#include <cohort/log.hpp>

#include <atomic>

namespace rabbitmq_sqlite_calls_test {

using namespace rabbitmq_test;

TEST_CASE("on RabbitMQ with a store, a ticket queue with other properties is told of once") {
    PlayedServer const server{[](Said const& said) -> std::optional<Reply> {
        if (said.id != AMQP_QUEUE_DECLARE_METHOD) return std::nullopt;
        amqp_channel_close_t close{};
        close.reply_code = 406;
        close.reply_text = rabbitmq::bytes_of("inequivalent arg");
        return Reply{method_of(said.channel, AMQP_CHANNEL_CLOSE_METHOD, close)};
    }};
    std::atomic<int> told{0};
    set_log_sink([&](LogLevel, std::string_view line) {
        if (line.find("nobody calls this worker") != std::string_view::npos) ++told;
    });
    support::TempDir const dir;
    auto const open_store = [&] { return sqlite::open(parse_url("sqlite:" + dir.file("jobs.db"))); };
    auto const broker = rabbitmq::open_on_store(parse_url(server.url("poll=5ms")), open_store);
    Worker worker{*broker};
    // It looks now and then, and tries each time to be called from now on.
    while (server.count(AMQP_QUEUE_DECLARE_METHOD) < 10)
        CHECK(worker.claim(1, 50ms).jobs.empty());
    broker->close();
    set_log_sink({});
    CHECK(told == 1);
}

}  // namespace rabbitmq_sqlite_calls_test
