// SPDX-License-Identifier: MIT
#include "sqlite/doorbell.hpp"

#include "base/failpoint.hpp"
#include "sqlite/notice.hpp"

#include <cohort/log.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <memory>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cohort::sqlite {
namespace {

constexpr std::size_t most_open = 64;  // bells that a ringer keeps at hand
constexpr std::int64_t most_read =
    1 << 20;  // bytes that were read, before the owner gives them back to the disk

// FNV-1a: bells of different names may share a file, which only wakes somebody for nothing.
std::uint64_t hash(std::string_view text, std::uint64_t seed) noexcept {
    std::uint64_t value = seed;
    for (unsigned char const byte : text)
        value = (value ^ byte) * 0x100000001b3;
    return value;
}

bool is_removed(int fd) noexcept {
    struct stat info{};
    return ::fstat(fd, &info) != 0 || info.st_nlink == 0;
}

// Once: it is a matter of the machine, and does not pass soon.
void report_deafness(std::string const& directory, int error) {
    static std::atomic<bool> is_told = false;
    if (is_told.exchange(true)) return;
    log(LogLevel::warn,
        one_line(directory + ": no wake-ups from other processes (" + std::string{strerrordesc_np(error)} +
                 "); jobs and results are looked for once a second instead. Raise the limit with "
                 "sysctl fs.inotify.max_user_instances=1024"));
}

Descriptor make_ear(std::string const& directory) {
    bool const is_refused = failpoint("inotify.none");
    Descriptor events{is_refused ? -1 : ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    if (!events) report_deafness(directory, is_refused ? EMFILE : errno);
    return events;
}

}  // namespace

std::string queue_bell(std::int64_t queue) {
    return "queue-" + std::to_string(queue);
}

std::string client_bell(std::string_view space, std::string_view client) {
    auto const seed = hash(space, 0xcbf29ce484222325);
    std::array<char, 48> name{};
    std::snprintf(name.data(), name.size(), "client-%016" PRIx64 "%016" PRIx64, hash(client, seed),
                  hash(client, ~seed));
    return name.data();
}

int Ringer::find(std::string const& bell) {
    auto const known = open_.find(bell);
    if (known != open_.end()) {
        if (!is_removed(known->second.get())) return known->second.get();
        open_.erase(known);
    }
    // NONBLOCK: somebody may have put a pipe there.
    Descriptor fd{
        ::open((directory_ + "/" + bell).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!fd) return -1;
    if (open_.size() >= most_open) open_.clear();
    return open_.emplace(bell, std::move(fd)).first->second.get();
}

void Ringer::ring_queue(std::int64_t queue) noexcept {
    try {
        int const fd = find(queue_bell(queue));
        if (fd < 0) return;
        // One byte a ring, and none kept: the content means nothing. Truncating is a modification that is
        // heard too, but not of an empty file.
        struct stat info{};
        if (::fstat(fd, &info) == 0 && info.st_size > 4096) [[maybe_unused]]
            auto const cut = ::ftruncate(fd, 0);
        [[maybe_unused]] auto const written = ::write(fd, "!", 1);
    } catch (...) {  // no memory: the waiting ones look by themselves
    }
}

void Ringer::ring_client(std::string_view space, std::string_view client, std::string_view lines) noexcept {
    try {
        int const fd = find(client_bell(space, client));
        if (fd < 0) return;
        [[maybe_unused]] auto const written = ::write(fd, lines.data(), lines.size());
    } catch (...) {  // as above
    }
}

bool Ear::hang(std::string const& name, Bell& bell) {
    std::string const path = directory_ + "/" + name;
    if (!events_) events_ = make_ear(directory_);
    if (!events_) return false;
    // A sweeper may remove the file between open and lock: then it is made once more.
    for (int tries = 0; tries < 10; ++tries) {
        Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
        if (!file && errno == ENOENT) {
            ::mkdir(directory_.c_str(), 0700);
            continue;
        }
        if (!file) return false;
        // Held as long as somebody listens; the system takes it back from the dead.
        if (::flock(file.get(), LOCK_SH | LOCK_NB) != 0 || is_removed(file.get())) continue;
        // By descriptor, so that it is this very file.
        std::string const self = "/proc/self/fd/" + std::to_string(file.get());
        bell.watch = ::inotify_add_watch(events_.get(), self.c_str(), IN_MODIFY);
        if (bell.watch < 0) return false;
        bell.read = bell.freed = ::lseek(file.get(), 0, SEEK_END);
        bell.rest.clear();
        bell.file = std::move(file);
        return true;
    }
    return false;
}

void Ear::listen(std::string const& name) {
    auto const [bell, is_new] = bells_.try_emplace(name);
    if (is_new) hang(name, bell->second);
}

void Ear::stop(std::string const& name) noexcept {
    auto const bell = bells_.find(name);
    if (bell == bells_.end()) return;
    if (bell->second.watch >= 0) ::inotify_rm_watch(events_.get(), bell->second.watch);
    // Unless somebody else listens to it as well.
    if (bell->second.file && ::flock(bell->second.file.get(), LOCK_EX | LOCK_NB) == 0) {
        ::unlink((directory_ + "/" + name).c_str());
    }
    bells_.erase(bell);
}

std::vector<std::string> Ear::heard() {
    std::vector<std::string> names;
    if (!events_) return names;
    constexpr std::size_t largest = sizeof(inotify_event) + NAME_MAX + 1;
    alignas(inotify_event) std::array<char, 4096> buffer{};
    for (std::size_t room = 0; room < largest;) {
        auto const size = ::read(events_.get(), buffer.data(), buffer.size());
        if (size <= 0) return names;
        room = buffer.size() - static_cast<std::size_t>(size);  // another event would have had it
        for (ssize_t at = 0; at < size;) {
            auto const* const event = reinterpret_cast<inotify_event const*>(buffer.data() + at);
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
            bool const overflow = (event->mask & IN_Q_OVERFLOW) != 0;
            for (auto const& [name, bell] : bells_) {
                if (!overflow && bell.watch != event->wd) continue;
                if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
            }
        }
    }
    return names;
}

std::vector<EndedJob> Ear::notices(std::string const& name) {
    std::vector<EndedJob> jobs;
    auto const found = bells_.find(name);
    if (found == bells_.end() || !found->second.file) return jobs;
    Bell& bell = found->second;
    int const fd = bell.file.get();
    std::array<char, 16384> buffer{};
    for (;;) {
        auto const size = ::pread(fd, buffer.data(), buffer.size(), bell.read);
        if (size <= 0) break;
        bell.read += size;
        bell.rest.append(buffer.data(), static_cast<std::size_t>(size));
        if (static_cast<std::size_t>(size) < buffer.size()) break;
    }
    std::size_t at = 0;
    for (auto end = bell.rest.find('\n'); end != bell.rest.npos; end = bell.rest.find('\n', at)) {
        if (auto job = parse_notice(std::string_view{bell.rest}.substr(at, end - at)))
            jobs.push_back(std::move(*job));
        at = end + 1;
    }
    bell.rest.erase(0, at);
    give_back(bell);
    return jobs;
}

// Somebody may be writing at this moment, so the file is not cut but made hollow.
void Ear::give_back(Bell& bell) noexcept {
    if (bell.read - bell.freed < most_read) return;
    int const fd = bell.file.get();
    if (::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, bell.read) != 0 &&
        ::ftruncate(fd, 0) == 0)
        bell.read = 0;
    bell.freed = bell.read;
}

void Ear::check() {
    for (auto& [name, bell] : bells_) {
        if (bell.file && !is_removed(bell.file.get())) continue;
        if (bell.watch >= 0) ::inotify_rm_watch(events_.get(), bell.watch);
        bell = {};
        hang(name, bell);
    }
}

void sweep_bells(std::string const& directory) noexcept {
    struct Close {
        void operator()(DIR* dir) const noexcept { ::closedir(dir); }
    };
    std::unique_ptr<DIR, Close> const dir{::opendir(directory.c_str())};
    if (!dir) return;
    while (dirent const* const entry = ::readdir(dir.get())) {
        std::string_view const name = entry->d_name;
        if (!name.starts_with("queue-") && !name.starts_with("client-")) continue;
        Descriptor const file{
            ::openat(::dirfd(dir.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
        if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
        ::unlinkat(::dirfd(dir.get()), entry->d_name, 0);
    }
}

}  // namespace cohort::sqlite
