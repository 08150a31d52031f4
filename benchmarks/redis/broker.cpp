// SPDX-License-Identifier: MIT
// Redis among the brokers that are measured: a server of its own, without persistence, on a TCP port of this
// machine.
#include "redis/raw.hpp"
#include "support/redis_server.hpp"
#include "support/registry.hpp"

#include <fstream>
#include <stdexcept>

namespace bench {

namespace {

std::string port_file(Case const& what) {
    return what.folder + "/port";
}

class RedisProcess : public Server {
public:
    explicit RedisProcess(int port) : server_{{"--port", std::to_string(port)}} {}

    double cpu_us() const override {
        std::string const info = server_.ask("INFO cpu");
        return 1e6 * (seconds_of(info, "used_cpu_user:") + seconds_of(info, "used_cpu_sys:"));
    }

private:
    static double seconds_of(std::string const& info, std::string const& name) {
        auto const at = info.find(name);
        if (at == std::string::npos)
            throw std::runtime_error{"the server does not tell its CPU time: " + info};
        return std::stod(info.substr(at + name.size()));
    }

    support::RedisServer server_;
};

std::unique_ptr<Server> start(Case const& what) {
    int const port = support::free_port();
    auto server = std::make_unique<RedisProcess>(port);
    std::ofstream{port_file(what)} << port;
    return server;
}

Add const added{BrokerKind{
    .name = "redis",
    .durabilities = {""},
    .in_one_process = false,
    .url = [](Case const& what) { return "redis://127.0.0.1:" + std::to_string(raw::redis_port(what)); },
    .raw =
        {
            {"enqueue_one", {raw::measure_redis_enqueue, 1}},
            {"enqueue", {raw::measure_redis_enqueue, 100}},
            {"enqueue_bulk", {raw::measure_redis_enqueue, 100}},
            {"drain", {raw::measure_redis_drain, 100}},
            {"end_to_end", {raw::measure_redis_calls, 100}},
            {"round_trip", {raw::measure_redis_ping_pong, 1}},
        },
    .server = start,
}};

}  // namespace

int raw::redis_port(Case const& what) {
    int port = 0;
    std::ifstream{port_file(what)} >> port;
    return port;
}

}  // namespace bench
