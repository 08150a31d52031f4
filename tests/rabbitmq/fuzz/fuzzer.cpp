// SPDX-License-Identifier: MIT
// The entry of libFuzzer. CONTRIBUTING.md says how it is built and run.
#include "rabbitmq/fuzz/target.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    rabbitmq_fuzz::read({reinterpret_cast<char const*>(data), size});
    return 0;
}
