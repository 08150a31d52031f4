// SPDX-License-Identifier: MIT
#include "io/aborted.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace cohort::io {

bool is_aborted(std::exception_ptr const& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (boost::system::system_error const& e) {
        return e.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace cohort::io
