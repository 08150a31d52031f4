// SPDX-License-Identifier: MIT
// The in-process broker keeps every promise of the contract.
#include "brokers/conformance/suite.hpp"
#include "brokers/conformance/virtual_rig.hpp"
#include "memory/memory.hpp"

#include <cohort/id.hpp>

namespace cohort::conformance {

namespace {

class MemoryRig : public VirtualRig {
public:
    std::shared_ptr<Broker> open(std::string const& space) override {
        std::string const url =
            "memory:" + name_ + "?namespace=" + space + (parameters.empty() ? "" : "&" + parameters);
        return memory::open(parse_url(url), clock());
    }

private:
    std::string const name_ = random_id();
};

AddBackend const added_memory{"memory",
                              []() -> std::unique_ptr<Rig> { return std::make_unique<MemoryRig>(); }};

}  // namespace

}  // namespace cohort::conformance
