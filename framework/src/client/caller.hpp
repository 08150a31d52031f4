// SPDX-License-Identifier: MIT
// The thread on which a blocking client's coroutines run.
#pragma once

#include "io/loop.hpp"

#include <memory>

namespace cohort::detail {

class Caller {
public:
    io::Loop loop{"cohort-blocking"};
};

std::shared_ptr<Caller> make_caller();

}  // namespace cohort::detail
