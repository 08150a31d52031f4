// SPDX-License-Identifier: MIT
// The password of a RabbitMQ user changes under load, and is changed back: who says what, and who comes back.
// The case has a server of its own; the wall clock is meant.
#include "e2e/rabbitmq_scene.hpp"

#include <cohort/log.hpp>
#include <cohort/run.hpp>

#include <mutex>

namespace rabbitmq_password_test {

using namespace rabbitmq_scene;

namespace {

// As it is, as it is in a URL, as its bytes may look in a frame or in a header.
constexpr char const* password = "0pen%s3same:x";
constexpr char const* in_url = "0pen%25s3same%3Ax";
constexpr char const* in_base64 = "MHBlbiVzM3NhbWU6e";
constexpr char const* other = "0ther-w0rds";

void check_kept(std::string const& text) {
    for (char const* secret : {password, in_url, in_base64, other}) {
        INFO(secret);
        CHECK(text.find(secret) == std::string::npos);
    }
}

// What this process logs.
class Log {
public:
    Log() {
        cohort::set_log_sink([this](cohort::LogLevel, std::string_view line) {
            std::lock_guard const lock{mutex_};
            text_.append(line).append("\n");
        });
    }
    ~Log() { cohort::set_log_sink({}); }
    Log(Log const&) = delete;
    Log& operator=(Log const&) = delete;

    std::string text() {
        std::lock_guard const lock{mutex_};
        return text_;
    }

private:
    std::mutex mutex_;
    std::string text_;
};

void change_password(support::RabbitServer const& server, char const* now) {
    INFO(now);
    CHECK(server.ctl("-q change_password teller '" + std::string{now} + "'").empty());
}

// Each connection asks anew after a pause of its own; who waits meanwhile is told that it is refused.
cohort::awaitable<void> until_let_in(Load& load) {
    bool is_in = false;
    for (auto const until = Clock::now() + longest_return; !is_in && Clock::now() < until;) {
        std::size_t const before = load.jobs.size();
        co_await load.push(1);
        try {
            if (load.jobs.size() > before) {
                int const result = co_await load.jobs.back().result(longest_return);
                is_in = result == 2 * load.numbers.back();
            }
        } catch (cohort::Error const& error) {
            CHECK(error.which() == cohort::errc::auth_failed);
        }
        if (!is_in) co_await cohort::sleep_for(50ms);
    }
    CHECK(is_in);
}

cohort::awaitable<void> change_and_restore(support::RabbitServer& server) {
    CHECK(server.ctl("-q add_user teller '" + std::string{password} + "'").find("rror") == std::string::npos);
    CHECK(server.ctl("-q set_permissions teller '.*' '.*' '.*'").empty());
    std::string login = server.url();
    login.replace(login.find("guest:guest"), 11, "teller:" + std::string{in_url});
    Log log;
    // A server is slow to refuse, on a busy machine slower still; and it is the refusal that has to be told.
    Both both{login, 2, 20, "?timeout=3s"};
    co_await both.settle_in();
    co_await both.push(60);

    change_password(server, other);
    server.ctl("-q close_all_connections 'closed by the test'");
    Side& plain = both.sides.front();
    Side& stored = both.sides.back();
    // A connection that is made again is refused; what was on its way may be uncertain before.
    auto const until = Clock::now() + longest_return;
    while (plain.load.code != cohort::errc::auth_failed && Clock::now() < until) {
        co_await both.push(1);
        co_await cohort::sleep_for(50ms);
    }
    CHECK(plain.load.code == cohort::errc::auth_failed);
    // With a store it is an outage like others.
    co_await cohort::sleep_for(3s);
    co_await both.push(3);
    CHECK(plain.load.code == cohort::errc::auth_failed);
    CHECK(stored.load.refused == 0);
    co_await stored.load.collect();

    change_password(server, password);
    for (Side& side : both.sides)
        co_await until_let_in(side.load);
    co_await both.check_works();
    check_one_each(server, both);
    for (Side& side : both.sides) {
        auto const said = side.crew.said();
        INFO(side.name << ":\n" << said);
        CHECK(lines_of(said) <= 24);
        CHECK(said.find("refused") != std::string::npos);
        check_kept(said);
    }
    INFO(plain.load.words << log.text());
    CHECK(plain.load.words.find("teller") != std::string::npos);
    check_kept(plain.load.words + stored.load.words + log.text());
}

}  // namespace

TEST_CASE(
    "on RabbitMQ, a password changes under load: it is told, shown nowhere, and all go on when it is back",
    "[rabbitmq][F56][F90][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(change_and_restore(server));
}

}  // namespace rabbitmq_password_test
