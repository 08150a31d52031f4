// SPDX-License-Identifier: MIT
// Where <cohort/json.hpp> meets the views.
#include "job/json_root.hpp"

#include <cohort/json.hpp>

namespace cohort::detail {

boost::json::value const& boost_value(JsonView view) noexcept {
    return JsonRoot::of(view);
}

}  // namespace cohort::detail
