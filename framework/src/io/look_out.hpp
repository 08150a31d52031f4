// SPDX-License-Identifier: MIT
// Being told on one's own loop when somebody else's descriptor can be read.
#pragma once

#include <functional>

namespace cohort::io {

// On a thread that runs a loop of ours. From now on `look` is called on that loop whenever `fd` can be read,
// until it returns false. `gone` is the last that is heard: behind that, or when the loop goes. The
// descriptor may be closed meanwhile: then nobody is told, unless it was a socket that was shut down before.
// False, and nothing is called, where the thread runs no loop of ours, or no descriptor is to be had.
bool look_out(int fd, std::function<bool()> look, std::function<void()> gone);

}  // namespace cohort::io
