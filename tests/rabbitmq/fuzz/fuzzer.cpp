// SPDX-License-Identifier: MIT
// The entries of libFuzzer. CONTRIBUTING.md says how it is built and run.
#include "rabbitmq/fuzz/target.hpp"
#include "support/fuzz_corpus.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
    support::write_corpus(rabbitmq_fuzz::corpus(), *count, *words);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    rabbitmq_fuzz::read({reinterpret_cast<char const*>(data), size});
    return 0;
}
