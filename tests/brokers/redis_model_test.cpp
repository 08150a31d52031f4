// SPDX-License-Identifier: MIT
// The scripts agree with the state machine: every transition, in every order that chance finds.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/play.hpp"
#include "redis/redis.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace cohort;

class StillClock : public Clock {
public:
    Instant now() const noexcept override { return Instant{std::chrono::seconds{1'000'000'000}} + passed_; }
    Duration steady() const noexcept override { return passed_; }

    void move(Duration span) noexcept { passed_ += span; }

private:
    Duration passed_{0};
};

class RedisRig : public conformance::RealRig {
public:
    ~RedisRig() override { drop_broker(); }

    std::shared_ptr<Broker> open(std::string const&) override {
        static support::RedisServer server;
        return redis::open(parse_url(server.url("namespace=" + space_)), clock_);
    }
    void advance(Duration span) override { clock_.move(span); }
    bool is_exact() const override { return true; }
    Clock const& clock() const noexcept { return clock_; }

private:
    StillClock clock_;
    std::string const space_ = random_id();
};

}  // namespace

TEST_CASE("the Redis broker does what the model does, step by step", "[redis][model][timeout:120]") {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed\n";
        return;
    }
    model::play_all<RedisRig>(30);
}
