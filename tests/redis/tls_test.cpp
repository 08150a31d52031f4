// SPDX-License-Identifier: MIT
// TLS to a real server: whom it trusts, whom it refuses, and what it says then.
#include "redis/server.hpp"
#include "support/certificates.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"
#include "support/slowness.hpp"

#include <fstream>

namespace tls_test {

using namespace redis_test;
using support::Certificates;

namespace {

struct TlsServer {
    explicit TlsServer(std::string const& clients = "no") : server{options(clients)} {}
    // With a certificate that counts from one time to another.
    TlsServer(std::string const& from, std::string const& until) : server{dated(from, until)} {}

    std::vector<std::string> options(std::string const& clients) const {
        auto all = certificates.server_options(clients);
        all.insert(all.end(), {"--tls-port", port});
        return all;
    }
    std::vector<std::string> dated(std::string const& from, std::string const& until) const {
        certificates.make_server("dated", from, until);
        auto all = certificates.server_options("no", "dated");
        all.insert(all.end(), {"--tls-port", port});
        return all;
    }
    std::string url(std::string const& parameters = {}, std::string const& host = "localhost") const {
        return "rediss://" + host + ":" + port + "?timeout=2s&ca=" + certificates.file("ca.crt") + parameters;
    }
    std::string client(std::string const& name) const {
        return "&cert=" + certificates.file(name + ".crt") + "&key=" + certificates.file(name + ".key");
    }

    Certificates certificates;
    std::string const port = std::to_string(support::free_port());
    RedisServer server;
};

Error fault_of(std::string const& url) {
    try {
        auto const broker = open(url);
        run(broker->push(one("a")));
    } catch (Error const& error) {
        return error;
    }
    return Error{errc::ok, "it was taken"};
}

bool has(Error const& error, std::string const& text) {
    INFO(error.what());
    return std::string{error.what()}.find(text) != std::string::npos;
}

// More than one record of TLS holds, each way.
void run_jobs(std::string const& url) {
    auto const broker = open(url);
    auto const worker = enlist(*broker);
    std::string const large = "[\"" + std::string(200'000, 'x') + "\"]";
    std::vector<NewJob> jobs;
    for (int i = 0; i < 5; ++i)
        jobs.push_back(make_job("j" + std::to_string(i), large));
    run(broker->push(jobs));
    auto const claimed = run(broker->claim(claim_of(worker, 1)));
    REQUIRE(claimed.jobs.size() == 5);
    CHECK(claimed.jobs.back().arguments == large);
    CHECK(run(broker->settle(success(claimed.jobs.front()))) == std::vector{Verdict::accepted});
}

}  // namespace

TEST_CASE("jobs go over TLS to a server whose certificate is for its name or its address", "[tls]") {
    NEED_REDIS
    TlsServer const tls;
    run_jobs(tls.url());
    run_jobs(tls.url("&namespace=b", "127.0.0.1"));
    run_jobs(tls.url("&namespace=c&server_name=localhost", "127.0.0.1"));
}

TEST_CASE("a server that wants a certificate of the client gets it", "[tls]") {
    NEED_REDIS
    TlsServer const tls{"yes"};
    run_jobs(tls.url(tls.client("client")));

    Error const without = fault_of(tls.url());
    CHECK((without.which() == errc::tls_failed || without.which() == errc::unavailable));
    CHECK(has(without, "cert=FILE and key=FILE"));
    Error const stranger = fault_of(tls.url(tls.client("other")));
    CHECK(has(stranger, "not accept our certificate"));
}

TEST_CASE("a server that is not trusted is refused, with the fix and without the password", "[tls][B39]") {
    NEED_REDIS
    TlsServer const tls;
    std::string const place = ":" + tls.port + "?timeout=2s&ca=" + tls.certificates.file("other.crt");
    Error const stranger = fault_of("rediss://ann:open-sesame@localhost" + place);
    CHECK(stranger.which() == errc::tls_failed);
    CHECK(has(stranger, "ca=FILE"));
    CHECK_FALSE(has(stranger, "open-sesame"));
    Error const unknown = fault_of("rediss://localhost:" + tls.port);
    CHECK(unknown.which() == errc::tls_failed);
    CHECK(has(unknown, "ca=FILE"));

    Error const wrong = fault_of(tls.url("&server_name=example.org"));
    CHECK(wrong.which() == errc::tls_failed);
    CHECK(has(wrong, "it is not for example.org"));
    CHECK(has(wrong, "server_name=NAME"));
    CHECK(fault_of(tls.url("&server_name=127.0.0.2")).which() == errc::tls_failed);
}

TEST_CASE("a certificate that has expired, or is not valid yet, is refused, with that", "[tls][B39]") {
    NEED_REDIS
    TlsServer const good{"20200101000000Z", "20990101000000Z"};
    run_jobs(good.url());
    TlsServer const old{"20200101000000Z", "20200201000000Z"};
    Error const expired = fault_of(old.url());
    CHECK(expired.which() == errc::tls_failed);
    CHECK(has(expired, "has expired"));
    CHECK(has(expired, "renew it, or set the clock of this machine"));
    TlsServer const coming{"20980101000000Z", "20990101000000Z"};
    Error const early = fault_of(coming.url());
    CHECK(early.which() == errc::tls_failed);
    CHECK(has(early, "is not yet valid"));
    CHECK(has(early, "set the clock of this machine"));
}

TEST_CASE("who meets a server without TLS, or TLS without asking for it, is told so", "[tls][B39]") {
    NEED_REDIS
    Certificates const certificates;
    std::string const port = std::to_string(support::free_port());
    RedisServer const plain{{"--port", port}};
    // On a busy machine the call's own time may be over first, which says less.
    std::string const patience = std::to_string(2 * support::slowness) + "s";
    CHECK(becomes_true(
        [&] {
            Error const deaf = fault_of("rediss://localhost:" + port + "?timeout=" + patience);
            return deaf.which() == errc::tls_failed && has(deaf, "tls-port");
        },
        60s));

    TlsServer const tls;
    Error const naked = fault_of("redis://localhost:" + tls.port);
    CHECK(naked.which() == errc::unavailable);
    CHECK(has(naked, "use rediss:"));
}

TEST_CASE("files that cannot be used are named when the broker is opened", "[tls]") {
    Certificates const certificates;
    auto const refused = [](std::string const& parameters, std::string const& text) {
        Error const error = fault_of("rediss://localhost?" + parameters);
        CHECK(error.which() == errc::invalid_url);
        return has(error, text);
    };
    CHECK(refused("ca=/nowhere/ca.crt", "ca=/nowhere/ca.crt: there is no such file"));
    CHECK(refused("cert=" + certificates.file("client.crt"), "passphrase"));
    CHECK(refused("key=" + certificates.file("client.key"), "cert=FILE is missing"));
    CHECK(refused("cert=" + certificates.file("client.crt") + "&key=" + certificates.file("ca.key"), "key="));
    std::string const locked = certificates.file("locked.key");
    std::string const lock = "openssl ec -aes128 -passout pass:x -in " + certificates.file("client.key") +
                             " -out " + locked + " 2> /dev/null";
    REQUIRE(std::system(lock.c_str()) == 0);
    CHECK(refused("cert=" + certificates.file("client.crt") + "&key=" + locked, "without a passphrase"));
    Error const misplaced = fault_of("redis://localhost?ca=" + certificates.file("ca.crt"));
    CHECK(has(misplaced, "write rediss:"));
}

TEST_CASE("a cluster is found, asked and followed over TLS alone", "[tls][cluster][F46]") {
    NEED_REDIS
    Certificates const certificates;
    support::RedisCluster cluster{0, certificates.server_options("yes"),
                                  support::RedisCluster::Transport::tls};
    std::string const ca = "?timeout=2s&ca=" + certificates.file("ca.crt");
    std::string const own =
        "&cert=" + certificates.file("client.crt") + "&key=" + certificates.file("client.key");
    auto const broker = open("rediss+cluster://" + cluster.hosts() + ca + own);
    WorkerInfo info;
    info.incarnation = random_id();
    info.queues = {"a", "b", "c", "d", "e", "f"};  // on all nodes
    info.lease = 30s;
    run(broker->enlist(info));
    std::vector<NewJob> jobs;
    for (auto const& queue : info.queues) {
        jobs.push_back(make_job("j-" + queue));
        jobs.back().ref.queue = queue;
    }
    for (auto const& result : run(broker->push(jobs)))
        CHECK(result.verdict == PushVerdict::stored);
    auto params = claim_of(info.incarnation, 1);
    params.queues = info.queues;
    auto const claimed = run(broker->claim(params)).jobs;
    REQUIRE(claimed.size() == jobs.size());
    CHECK(run(broker->settle(success(claimed.front()))) == std::vector{Verdict::accepted});
    for (std::size_t node = 0; node < cluster.size(); ++node)
        CHECK(cluster.node(node).ask("DBSIZE") != "0");
    CHECK(fault_of("rediss+cluster://" + cluster.hosts() + ca).which() != errc::ok);
}

TEST_CASE("sentinels and the servers that they name are asked over TLS alone, also after a fail-over",
          "[tls][sentinel][F43][timeout:120]") {
    NEED_REDIS
    Certificates const certificates;
    support::RedisSentinels sentinels{500, certificates.server_options()};
    auto const url = sentinels.url("timeout=1s&ca=" + certificates.file("ca.crt"));
    REQUIRE(url.starts_with("rediss+sentinel:"));
    auto const broker = open(url);
    auto const old = sentinels.master();
    REQUIRE(run(broker->push(one("a"))).at(0).verdict == PushVerdict::stored);
    sentinels.server(old).kill();
    sentinels.await_master_other_than(old);
    CHECK(
        becomes_true([&] { return code_of(broker->push(one("b"))) == errc::ok; }, std::chrono::seconds{20}));
    auto const worker = enlist(*broker);
    CHECK_FALSE(run(broker->claim(claim_of(worker, 1))).jobs.empty());
    Error const stranger = fault_of(sentinels.url("timeout=1s&ca=" + certificates.file("other.crt")));
    CHECK((stranger.which() == errc::tls_failed || stranger.which() == errc::unavailable));
    CHECK(has(stranger, "certificate"));
}

}  // namespace tls_test
