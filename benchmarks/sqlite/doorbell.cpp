// SPDX-License-Identifier: MIT
#include "sqlite/doorbell.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>

namespace bench::raw {

Doorbell::Doorbell(std::string const& folder, std::string const& name) : path_{folder + "/" + name} {
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::system_error{errno, std::generic_category(), path_};
}

Doorbell::~Doorbell() {
    close(file_);
    if (watch_ >= 0) close(watch_);
}

void Doorbell::ring() const {
    if (pwrite(file_, "!", 1, 0) != 1) throw std::system_error{errno, std::generic_category(), path_};
}

void Doorbell::watch() {
    watch_ = inotify_init1(IN_CLOEXEC);
    if (inotify_add_watch(watch_, path_.c_str(), IN_MODIFY) < 0)
        throw std::system_error{errno, std::generic_category(), path_};
}

void Doorbell::wait() const {
    pollfd readable{watch_, POLLIN, 0};
    if (poll(&readable, 1, 1000) != 1) return;
    alignas(inotify_event) char events[4096];
    if (read(watch_, events, sizeof events) < 0)
        throw std::system_error{errno, std::generic_category(), path_};
}

}  // namespace bench::raw
