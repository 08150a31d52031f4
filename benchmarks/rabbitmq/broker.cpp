// SPDX-License-Identifier: MIT
// RabbitMQ among the brokers that are measured: one server for the whole run, since it takes ten seconds to
// start; each measurement has a namespace of its own, and leaves no queue behind but those of replies, which
// end by themselves.
#include "rabbitmq/link.hpp"
#include "rabbitmq/raw.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/registry.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace bench {

namespace {

std::string place_file(Case const& what) {
    return what.folder + "/place";
}

class Beam {
public:
    Beam() : pid_{number_in(server_.ctl("eval \"os:getpid().\""))} {}

    std::uint16_t port() const { return server_.port(); }
    // User and system, all its threads.
    double cpu_us() const {
        std::ifstream file{"/proc/" + pid_ + "/stat"};
        std::string line;
        std::getline(file, line);
        std::istringstream words{line.substr(std::min(line.rfind(')') + 1, line.size()))};
        std::string word;
        double sum = 0;
        for (int i = 3; i <= 15 && words >> word; ++i) {
            if (i >= 14) sum += std::stod(word);
        }
        if (sum == 0) throw std::runtime_error{"the server does not tell its CPU time"};
        return 1e6 * sum / static_cast<double>(sysconf(_SC_CLK_TCK));
    }

private:
    static std::string number_in(std::string const& said) {
        auto const begin = said.find_first_of("0123456789");
        if (begin == std::string::npos) throw std::runtime_error{"who is the server? " + said};
        return said.substr(begin, said.find_first_not_of("0123456789", begin) - begin);
    }

    support::RabbitServer server_;
    std::string const pid_;
};

// Only the program that measures starts it; the parts find it in the case's folder.
Beam& beam() {
    static Beam one;
    return one;
}

class Guest : public Server {
public:
    explicit Guest(Case what) : what_{std::move(what)} {}
    ~Guest() override {
        try {
            raw::RabbitLink link{what_};
            std::string const space = raw::rabbitmq_place(what_).space;
            for (char const* queue : {"jobs", "results"})
                link.remove(link.name(queue));
            for (char const* queue : {"jobs:default", "dead:default", "tickets:default"})
                link.remove("cohort:" + space + ":" + queue);
        } catch (std::exception const&) {
            // The next one is a little slower.
        }
    }
    double cpu_us() const override { return beam().cpu_us(); }

private:
    Case const what_;
};

Add const added{BrokerKind{
    .name = "rabbitmq",
    .durabilities = {""},
    .hands_results_over = true,
    .in_one_process = false,
    .url = raw::rabbitmq_url,
    .raw =
        {
            {"enqueue_one", {raw::measure_rabbitmq_enqueue, 1}},
            {"enqueue", {raw::measure_rabbitmq_enqueue, 200}},
            {"enqueue_bulk", {raw::measure_rabbitmq_enqueue, 500}},
            {"drain", {raw::measure_rabbitmq_drain, 100}},
            {"end_to_end", {raw::measure_rabbitmq_calls, 100}},
            {"round_trip", {raw::measure_rabbitmq_ping_pong, 1}},
        },
    .server = raw::start_rabbitmq,
    .waiting = [](Case const& what) -> std::uint64_t {
        raw::RabbitLink link{what};
        return link.depth("cohort:" + raw::rabbitmq_place(what).space + ":jobs:default");
    },
}};

}  // namespace

raw::RabbitPlace raw::rabbitmq_place(Case const& what) {
    RabbitPlace place;
    std::ifstream{place_file(what)} >> place.port >> place.space;
    return place;
}

std::unique_ptr<Server> raw::start_rabbitmq(Case const& what) {
    static int number = 0;
    std::ofstream{place_file(what)} << beam().port() << " bench" << ++number;
    return std::make_unique<Guest>(what);
}

std::string raw::rabbitmq_url(Case const& what) {
    auto const place = rabbitmq_place(what);
    return "amqp://127.0.0.1:" + std::to_string(place.port) + "?namespace=" + place.space;
}

}  // namespace bench
