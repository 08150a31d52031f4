// SPDX-License-Identifier: MIT
#include "io/copy_of.hpp"

#include <cohort/error.hpp>

#include <boost/system/system_error.hpp>

#include <typeinfo>

namespace cohort::io {

std::exception_ptr copy_of(std::exception_ptr const& error) {
    if (!error) return nullptr;
    try {
        std::rethrow_exception(error);
    } catch (Error const& thrown) {
        if (typeid(thrown) == typeid(Error)) return std::make_exception_ptr(Error{thrown});
    } catch (boost::system::system_error const& thrown) {
        if (typeid(thrown) == typeid(boost::system::system_error))
            return std::make_exception_ptr(boost::system::system_error{thrown});
    } catch (...) {
    }
    return error;
}

}  // namespace cohort::io
