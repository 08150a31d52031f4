// SPDX-License-Identifier: MIT
// A file that one process touches and another one watches.
#pragma once

#include <string>

namespace bench::raw {

class Doorbell {
public:
    // Makes the file where there is none.
    Doorbell(std::string const& folder, std::string const& name);
    ~Doorbell();
    Doorbell(Doorbell const&) = delete;
    Doorbell& operator=(Doorbell const&) = delete;

    void ring() const;
    // Begins to notice; for the one that waits.
    void watch();
    // Until it has rung since the last wait, or for a second.
    void wait() const;

private:
    std::string const path_;
    int file_ = -1;
    int watch_ = -1;
};

}  // namespace bench::raw
