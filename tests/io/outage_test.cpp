// SPDX-License-Identifier: MIT
#include "io/outage.hpp"

#include <catch2/catch.hpp>

namespace outage_test {

using cohort::errc;
using cohort::io::Outage;

TEST_CASE("an outage is one line of the log, and one more for what waiting does not mend", "[F56]") {
    Outage outage;
    CHECK_FALSE(outage.is_on());
    CHECK_FALSE(outage.end());

    CHECK(outage.is_news(errc::unavailable));
    CHECK(outage.is_on());
    CHECK_FALSE(outage.is_news(errc::unavailable));
    CHECK(outage.is_news(errc::auth_failed));
    CHECK_FALSE(outage.is_news(errc::auth_failed));
    // The server is restarted, and the password is what it was.
    CHECK_FALSE(outage.is_news(errc::unavailable));
    CHECK_FALSE(outage.is_news(errc::auth_failed));
    CHECK(outage.is_news(errc::broker_unsupported));

    CHECK(outage.end());
    CHECK_FALSE(outage.end());
    CHECK(outage.is_news(errc::auth_failed));
}

}  // namespace outage_test
