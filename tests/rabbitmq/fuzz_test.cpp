// SPDX-License-Identifier: MIT
// The corpus of the fuzzer and what a few seeded changes make of it: the same in each run.
#include "rabbitmq/fuzz/target.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

namespace fuzz_test {

namespace {

std::string changed(std::string bytes, std::minstd_rand& random) {
    auto const below = [&](std::size_t bound) { return random() % std::max<std::size_t>(bound, 1); };
    for (auto changes = 1 + below(4); changes > 0; --changes) {
        auto const at = below(bytes.size());
        switch (below(5)) {
        case 0:
            bytes[at] = static_cast<char>(random());
            break;
        case 1:
            bytes.erase(at, 1 + below(8));
            break;
        case 2:
            bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(16)));
            break;
        case 3:
            bytes.resize(at + 1);
            break;
        default:
            bytes.insert(at, random() % 3 == 0 ? "\xff\xff\xff\xff" : std::string(3, '\0'));
            break;
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("whatever a RabbitMQ server says, it is an answer or an error that is told", "[F71][F72]") {
    std::minstd_rand random{20260101};
    for (auto const& text : rabbitmq_fuzz::corpus()) {
        CHECK_NOTHROW(rabbitmq_fuzz::read(text));
        for (int i = 0; i < 150; ++i) {
            auto const bytes = changed(text, random);
            std::string shown;
            for (char const c : bytes)
                shown += (c >= ' ' && c <= '~') ? std::string{c} : "\\" + std::to_string(c & 0xff);
            INFO(shown);
            REQUIRE_NOTHROW(rabbitmq_fuzz::read(bytes));
        }
    }
}

}  // namespace fuzz_test
