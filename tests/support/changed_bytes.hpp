// SPDX-License-Identifier: MIT
// What parsers of a server's bytes are held against: a corpus, and what a few seeded changes make of it. The
// same in each run.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace support {

// `insert(random)` is what such bytes are likely to mind.
template<class Insert>
std::string changed(std::string bytes, std::minstd_rand& random, Insert insert) {
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
            bytes.insert(at, insert(random));
            break;
        }
    }
    return bytes;
}

// Each text, and 150 changes of it: read() throws nothing.
template<class Corpus, class Read, class Insert>
void read_changed(Corpus const& corpus, Read read, Insert insert) {
    std::minstd_rand random{20260101};
    for (auto const& text : corpus) {
        CHECK_NOTHROW(read(text));
        for (int i = 0; i < 150; ++i) {
            auto const bytes = changed(std::string{text}, random, insert);
            std::string shown;
            for (char const c : bytes)
                shown += (c >= ' ' && c <= '~') ? std::string{c} : "\\" + std::to_string(c & 0xff);
            INFO(shown);
            REQUIRE_NOTHROW(read(bytes));
        }
    }
}

}  // namespace support
