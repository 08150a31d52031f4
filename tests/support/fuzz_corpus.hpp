// SPDX-License-Identifier: MIT
// What a fuzzer begins with, where libFuzzer looks for it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace support {

// Into the first folder among the words of its command line; without one it begins with nothing.
template<class Corpus>
void write_corpus(Corpus const& corpus, int count, char const* const* words) {
    for (int i = 1; i < count; ++i) {
        std::filesystem::path const folder{words[i]};
        if (!std::filesystem::is_directory(folder)) continue;
        std::size_t number = 0;
        for (auto const& text : corpus) {
            std::ofstream file{folder / ("seed-" + std::to_string(++number)), std::ios::binary};
            file << text;
        }
        return;
    }
}

}  // namespace support
