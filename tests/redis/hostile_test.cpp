// SPDX-License-Identifier: MIT
// A server that greets as it should and then says whatever it likes.
#include "faults/usage.hpp"
#include "redis/resp.hpp"
#include "redis/server.hpp"
#include "support/slowness.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace hostile_test {

using namespace redis_test;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::string bulk(std::string const& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

class HostileServer {
public:
    enum class From { greeting, commands };
    // `times`: how often it says this; then it closes, where it is not 1.
    HostileServer(std::string says, From from = From::commands, int times = 1)
        : says_{std::move(says)}, from_{from}, times_{times}, thread_{[this] { serve(); }} {}
    ~HostileServer() {
        asio::post(context_, [this] { context_.stop(); });
        thread_.join();
    }
    std::string url() const {
        return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) +
               "?timeout=300ms&poll=100ms";
    }

private:
    void serve() {
        asio::co_spawn(context_, accept(), asio::detached);
        context_.run();
    }
    asio::awaitable<void> accept() {
        for (;;) {
            auto socket = std::make_shared<tcp::socket>(context_);
            co_await acceptor_.async_accept(*socket, asio::use_awaitable);
            asio::co_spawn(context_, talk(socket), asio::detached);
        }
    }
    std::string answer(std::string_view command) const {
        if (from_ == From::commands && command == "INFO")
            return bulk("redis_version:7.0.15\r\nmaxmemory:0\r\n");
        if (from_ == From::commands && command == "CLIENT") return ":7\r\n";
        return says_;
    }
    asio::awaitable<void> talk(std::shared_ptr<tcp::socket> socket) {
        redis::Parser parser;
        std::array<char, 4096> buffer{};
        try {
            for (;;) {
                std::size_t const size =
                    co_await socket->async_read_some(asio::buffer(buffer), asio::use_awaitable);
                parser.feed({buffer.data(), size});
                std::vector<redis::Reply> commands;
                while (parser.next(commands)) {
                }
                for (auto const& command : commands) {
                    std::string const says = answer(command.view()[0].text());
                    int const times = says == says_ ? times_ : 1;
                    for (int i = 0; i < times; ++i)
                        co_await asio::async_write(*socket, asio::buffer(says), asio::use_awaitable);
                    if (times > 1) socket->close();
                }
            }
        } catch (boost::system::system_error const&) {
        }
    }

    std::string const says_;
    From const from_;
    int const times_;
    asio::io_context context_{1};
    tcp::acceptor acceptor_{context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    std::thread thread_;
};

std::string nested(int depth) {
    std::string all;
    for (int i = 0; i < depth; ++i)
        all += "*1\r\n";
    return all;
}

// What the caller of a verb is told; "" = nothing.
template<class T>
std::string fault_of(awaitable<T> verb) {
    try {
        run(std::move(verb));
    } catch (Error const& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("a hostile server costs an error that says what it did, and no memory", "[F72]") {
    struct Row {
        std::string says;
        int times;
        char const* told;
    };
    std::vector<Row> const rows{{"$2147483647\r\n", 1, "a text of length 2147483647; the limit is"},
                                {"*1000000000\r\n", 1, "a list of length 1000000000; the limit is"},
                                {nested(100'000), 1, "lists of a depth of 8; the limit is"},
                                {"+" + std::string(1 << 20, 'x'), 64, "a line of more than 65536 bytes"},
                                {"%1\r\n+a\r\n+b\r\n", 1, "not the protocol of Redis"},
                                {">2\r\n+a\r\n+b\r\n", 1, "not the protocol of Redis"},
                                {"|1\r\n+a\r\n+b\r\n", 1, "not the protocol of Redis"},
                                {"HTTP/1.1 400 Bad Request\r\n\r\n", 1, "not the protocol of Redis"},
                                {"$10\r\nabc", 1, "no answer within 300ms"},
                                {"-ERR " + std::string(60'000, 'e') + "\r\n", 1, "ERR eee"}};
    auto const before = faults::usage_of().kilobytes;
    for (Row const& row : rows) {
        for (auto const from : {HostileServer::From::commands, HostileServer::From::greeting}) {
            HostileServer const server{row.says, from, row.times};
            auto const broker = open(server.url());
            auto const begun = std::chrono::steady_clock::now();
            std::string const told = fault_of(broker->status({{"main", "a"}}));
            INFO(row.told << "\n" << told.substr(0, 300));
            // In a greeting the next answer comes behind half of this one.
            bool const is_told =
                told.find(row.told) != std::string::npos ||
                (row.says.starts_with("$10") && told.find("not the protocol") != std::string::npos);
            CHECK(is_told);
            CHECK(told.size() < 2000);
            CHECK(since(begun) < 3s);
        }
    }
    // A sanitizer keeps what was freed.
    if (support::slowness == 1) CHECK(faults::usage_of().kilobytes < before + 16 * 1024);
}

TEST_CASE("answers of a wrong type or half of what belongs there are an error or nothing, for each verb",
          "[F72]") {
    for (std::string const says :
         {":1\r\n", ":-9\r\n", "+OK\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "$3\r\nabc\r\n", "*1\r\n:5\r\n",
          "*3\r\n$5\r\ngiven\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*0\r\n",
          "*4\r\n$5\r\ngiven\r\n*1\r\n$1\r\na\r\n*1\r\n$2\r\nxx\r\n$3\r\nyyy\r\n",
          "*4\r\n$6\r\nrepeat\r\n*1\r\n:1\r\n*1\r\n*0\r\n*1\r\n$-1\r\n", "*1\r\n*1\r\n*1\r\n:2\r\n"}) {
        INFO(says);
        HostileServer const server{says};
        auto const broker = open(server.url());
        WorkerInfo worker;
        worker.incarnation = "w";
        worker.queues = {"main"};
        std::vector<std::string> told;
        told.push_back(fault_of(broker->enlist(worker)));
        told.push_back(fault_of(broker->push(one("a"))));
        told.push_back(fault_of(broker->claim(claim_of("w", 1))));
        JobRecord record;
        record.ref = {"main", "a"};
        record.token = Token{"w", 1};
        told.push_back(fault_of(broker->settle(success(record))));
        told.push_back(fault_of(broker->cancel({{"main", "a"}})));
        told.push_back(fault_of(broker->forget({{"main", "a"}})));
        told.push_back(fault_of(broker->status({{"main", "a"}})));
        told.push_back(fault_of(broker->results({{"main", "a"}})));
        UpkeepParams upkeep;
        upkeep.queues = {"main"};
        told.push_back(fault_of(broker->upkeep(upkeep)));
        told.push_back(fault_of(broker->inspector()->queues()));
        told.push_back(fault_of(broker->inspector()->audit()));
        Beat beat;
        beat.incarnation = "w";
        // Who answers 1 to the end of a life says that there is more of it to do.
        if (says != ":1\r\n") told.push_back(fault_of(broker->renew(beat)));
        for (auto const& text : told)
            CHECK(text.size() < 2000);
    }
}

}  // namespace hostile_test
