// SPDX-License-Identifier: MIT
// The way of a scenario to the RabbitMQ server of the run. It has a namespace of its own there.
#pragma once

#include "faults/rabbit_reader.hpp"
#include "faults/stage.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/id.hpp>

#include <cstdio>
#include <string_view>

namespace faults {

class RabbitWay {
public:
    virtual ~RabbitWay() = default;

    // Seconds: whoever is silent for three of them is dead, and that must be seen within
    // WorkerSetup::recovery().
    static constexpr int heartbeat = (20 * slowness + 16) / 30;

    std::string const& space() const noexcept { return space_; }
    RabbitReader const& reader() const noexcept { return reader_; }
    // "jobs", "dead", "tickets": the queue on the server.
    std::string queue(std::string const& kind) const { return "cohort:" + space_ + ":" + kind + ":default"; }
    std::uint16_t port() const {
        return static_cast<std::uint16_t>(std::stoi(server_.substr(server_.rfind(':') + 1)));
    }
    // Clients and workers that come from now on go by this port of this machine: 0 = the server's own.
    void go_by(std::uint16_t port) { port_ = port; }
    // "timeout=1s&poll=5s"
    void set_parameters(std::string parameters) { parameters_ = std::move(parameters); }

protected:
    explicit RabbitWay(std::string parameters) : parameters_{std::move(parameters)} {}

    std::string way() const {
        std::string const place =
            port_ == 0 ? server_ : server_.substr(0, server_.rfind(':') + 1) + std::to_string(port_);
        return place + "?namespace=" + space_ + "&heartbeat=" + std::to_string(heartbeat) + "s&" +
               parameters_;
    }

    // With the jobs at this other address.
    std::string way(std::string_view store) const {
        std::string all = way() + "&store=";
        for (char const c : store) {
            constexpr std::string_view special = "%&?@#";
            char code[4];
            std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
            all += special.find(c) == special.npos ? std::string(1, c) : std::string{code};
        }
        return all;
    }

private:
    std::string const server_ = support::rabbitmq_url();
    RabbitReader const reader_{server_};
    std::string const space_ = cohort::random_id();
    std::uint16_t port_ = 0;
    std::string parameters_;
};

inline RabbitWay& rabbit_way(Stage& stage) {
    return dynamic_cast<RabbitWay&>(stage.store());
}

}  // namespace faults
