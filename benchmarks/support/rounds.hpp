// SPDX-License-Identifier: MIT
// A measurement that ends by itself is repeated until it has taken long enough, each time in a fresh folder.
#pragma once

#include "support/registry.hpp"

namespace bench {

Sample in_rounds(Case const& what, Measure once);

// A fresh folder below this one; removed at the end.
class Folder {
public:
    explicit Folder(std::string const& below);
    ~Folder();
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;

    std::string const& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace bench
