// SPDX-License-Identifier: MIT
// Pauses within their bounds, and policies that cannot be meant.
#include <cohort/error.hpp>
#include <cohort/retry.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <limits>
#include <random>

using namespace cohort;

namespace {

std::string refusal(errc code, Policy const& policy) {
    try {
        check_policy(policy);
    } catch (Error const& error) {
        CHECK(error.which() == code);
        return error.detail();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("without jitter the pause is the bound") {
    Backoff const backoff{.initial = 1s, .factor = 2.0, .max = 10s, .jitter = false};
    CHECK(pause_before(backoff, 1, 0.7) == 1s);
    CHECK(pause_before(backoff, 2, 0.0) == 2s);
    CHECK(pause_before(backoff, 4, 0.0) == 8s);
    CHECK(pause_before(backoff, 5, 0.0) == 10s);
    CHECK(pause_before(backoff, std::numeric_limits<std::uint32_t>::max(), 0.0) == 10s);
    CHECK(pause_before(backoff, 0, 0.0) == 1s);

    Backoff const constant{.initial = 3s, .factor = 1.0, .max = 1h, .jitter = false};
    CHECK(pause_before(constant, 1000, 0.0) == 3s);
}

TEST_CASE("with jitter the pauses spread evenly between a tenth of the bound and the bound") {
    Backoff const backoff{.initial = 8s, .factor = 2.0, .max = 1h, .jitter = true};
    std::mt19937_64 random{7};
    std::uniform_real_distribution<> share{0.0, 1.0};
    std::array<int, 9> tenths{};
    for (int i = 0; i < 90'000; ++i) {
        Duration const pause = pause_before(backoff, 2, share(random));
        REQUIRE(pause >= 1600ms);
        REQUIRE(pause < 16s);
        ++tenths.at(static_cast<std::size_t>((pause - 1600ms) / 1600ms));
    }
    for (int in_tenth : tenths) {
        CHECK(in_tenth > 9'500);
        CHECK(in_tenth < 10'500);
    }
}

TEST_CASE("odd numbers give a pause within the bounds") {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    double const infinity = std::numeric_limits<double>::infinity();
    Backoff const longest{
        .initial = Duration::max(), .factor = 1e300, .max = Duration::max(), .jitter = true};
    for (double const random : {0.0, 0.5, 0.9999999999999999, 1.0, 2.0, -1.0, infinity}) {
        Duration const pause = pause_before(longest, 9, random);
        CHECK(pause >= Duration::max() / 10);
        CHECK(pause <= Duration::max());
    }
    Backoff const shortest{.initial = 1us, .factor = 1.0, .max = 1us, .jitter = true};
    CHECK(pause_before(shortest, 1, 0.0) == 1us);
    Backoff const broken{.initial = 1s, .factor = nan, .max = 5s, .jitter = false};
    CHECK(pause_before(broken, 2, 0.0) == 5s);
}

TEST_CASE("the pause after a loss grows to a minute") {
    CHECK(pause_after_loss(1) == 0ms);
    CHECK(pause_after_loss(2) == 500ms);
    CHECK(pause_after_loss(8) == 32s);
    CHECK(pause_after_loss(9) == 1min);
    CHECK(pause_after_loss(std::numeric_limits<std::uint32_t>::max()) == 1min);
    CHECK(pause_after_loss(0) == 0ms);
}

TEST_CASE("a job runs once more for each retry, and not again") {
    Policy policy;
    policy.backoff.jitter = false;
    CHECK_FALSE(next_run(policy, 1, std::nullopt, 0.5));
    CHECK_FALSE(next_run(policy, 1, 5s, 0.5));

    policy.max_retries = 2;
    CHECK(next_run(policy, 1, std::nullopt, 0.5) == Duration{1s});
    CHECK(next_run(policy, 2, std::nullopt, 0.5) == Duration{2s});
    CHECK_FALSE(next_run(policy, 3, std::nullopt, 0.5));
}

TEST_CASE("the pause that a job asks for wins") {
    Policy policy;
    policy.max_retries = 2;
    CHECK(next_run(policy, 1, 5h, 0.5) == Duration{5h});
    CHECK(next_run(policy, 1, Duration{0}, 0.5) == Duration{0});
    CHECK(next_run(policy, 1, -5s, 0.5) == Duration{0});
}

TEST_CASE("the default policy is valid, and so are the limits", "[B24][B27]") {
    CHECK_NOTHROW(check_policy({}));
    Policy policy;
    policy.max_retries = 10'000;
    policy.max_lost = 0;
    policy.keep_result = 0s;
    policy.keep_error = Duration::max();
    policy.timeout = 24h * 3650;
    policy.backoff = {.initial = 1us, .factor = 1.0, .max = 1us, .jitter = true};
    CHECK_NOTHROW(check_policy(policy));
}

TEST_CASE("a policy that cannot be meant is refused by the name of its field", "[B24][B27]") {
    auto const with = [](auto change) {
        Policy policy;
        change(policy);
        return policy;
    };
    auto const retry = [&](auto change) { return refusal(errc::invalid_retry_policy, with(change)); };
    auto const timeout = [&](Duration value) {
        return refusal(errc::invalid_timeout, with([&](Policy& policy) { policy.timeout = value; }));
    };

    CHECK(timeout(-5ms) == "timeout is -5ms; must be > 0 and at most ten years, or 0 for none");
    CHECK(timeout(24h * 3654) != "accepted");
    CHECK(timeout(Duration::max()) != "accepted");
    CHECK(timeout(Duration::min()) != "accepted");

    CHECK(retry([](Policy& p) { p.max_retries = 1U << 31; }) ==
          "max_retries is 2147483648; must be in 0..10000");
    CHECK(retry([](Policy& p) { p.max_lost = 101; }) == "max_lost is 101; must be in 0..100");
    CHECK(retry([](Policy& p) { p.backoff.initial = 0s; }) == "backoff.initial is 0s; must be > 0");
    CHECK(retry([](Policy& p) { p.backoff.factor = 0.5; }).starts_with("backoff.factor is 0.5"));
    CHECK(retry([](Policy& p) { p.backoff.factor = std::numeric_limits<double>::quiet_NaN(); }) !=
          "accepted");
    CHECK(retry([](Policy& p) { p.backoff.factor = std::numeric_limits<double>::infinity(); }) != "accepted");
    CHECK(retry([](Policy& p) { p.backoff.max = 500ms; }) ==
          "backoff.max is 500ms; must be >= backoff.initial, 1s");
    CHECK(retry([](Policy& p) { p.keep_result = -1s; }) == "keep_result is -1s; must be >= 0");
    CHECK(retry([](Policy& p) { p.keep_error = -1s; }) == "keep_error is -1s; must be >= 0");
}
