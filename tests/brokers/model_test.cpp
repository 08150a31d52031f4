// SPDX-License-Identifier: MIT
#include "brokers/conformance/virtual_rig.hpp"
#include "brokers/play.hpp"
#include "memory/memory.hpp"

namespace {

using namespace cohort;

class MemoryRig : public conformance::VirtualRig {
public:
    std::shared_ptr<Broker> open(std::string const&) override {
        return memory::open(parse_url("memory:"), clock());
    }
};

}  // namespace

TEST_CASE("the memory broker does what the model does, step by step", "[model][timeout:120]") {
    model::play_all<MemoryRig>(60);
}
