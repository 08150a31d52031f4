// SPDX-License-Identifier: MIT
// Three RabbitMQ servers that are one cluster, of which some die under load. The wall clock is meant: it is
// the servers'.
#include "e2e/rabbitmq_scene.hpp"

#include <cohort/run.hpp>

namespace rabbitmq_cluster_test {

using namespace rabbitmq_scene;
using e2e::twice;

namespace {

struct Cluster {
    support::RabbitServer first;
    support::RabbitServer second{&first};
    support::RabbitServer third{&first};
};

std::string node_of(support::RabbitServer const& server) {
    return "cohort" + std::to_string(server.port()) + "@localhost";
}

// Of the queue of jobs.
std::string leader(support::RabbitServer const& server) {
    auto const leaders = pairs(server, "list_queues name leader");
    auto const found = leaders.find("cohort::jobs:default");
    return found == leaders.end() ? "" : found->second;
}

// A queue is led by the node that it was declared on.
cohort::awaitable<void> declare_on(support::RabbitServer const& server) {
    cohort::Client client{server.url()};
    co_await client.enqueue_job<twice>(1, 0);
}

cohort::awaitable<void> lose_nodes(Cluster& cluster) {
    co_await declare_on(cluster.second);
    std::string const url = cluster.first.url() + "?timeout=1s&heartbeat=2s";
    cohort::Client client{url};
    Crew crew{url, 2};
    Load load{client, 40};
    co_await load.push(1);
    co_await load.collect();
    // RabbitMQ notes a new queue on its disk half a second after it was made (docs/brokers/rabbitmq.md).
    co_await cohort::sleep_for(1500ms);
    CHECK(leader(cluster.first) == node_of(cluster.second));

    // The node that leads the queue dies: another one leads it, and nobody has lost its connection.
    co_await load.push(300);
    cluster.second.kill();
    auto const took = co_await until_one_ends(load);
    CHECK(took < 8s * support::slowness);
    CHECK(leader(cluster.first) != node_of(cluster.second));

    // Without a majority nothing is confirmed, and nothing that was is lost.
    co_await load.push(100);
    cluster.third.kill();
    auto const confirmed = load.jobs.size();
    co_await load.push(3);
    CHECK(load.jobs.size() == confirmed);
    CHECK(load.code == cohort::errc::uncertain);
    CHECK(load.longest < 2s + 500ms * support::slowness);
    cluster.second.revive();
    auto const again = co_await until_one_ends(load);
    CHECK(again < longest_return);

    // The one node that the URL names: all wait for it.
    co_await load.push(100);
    cluster.first.kill();
    co_await load.push(3);
    CHECK(load.code == cohort::errc::unavailable);
    cluster.first.revive();
    auto const last = co_await until_one_ends(load);
    CHECK(last < longest_return);
    CHECK(crew.is_alive());
}

}  // namespace

TEST_CASE("on RabbitMQ, nodes of a cluster die under load: nothing that was confirmed is lost, and all go on",
          "[rabbitmq][F43][F44][.nightly][heavy][timeout:400]") {
    if (is_skipped()) return;
    Cluster cluster;
    cohort::run(lose_nodes(cluster));
}

}  // namespace rabbitmq_cluster_test
