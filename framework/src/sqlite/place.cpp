// SPDX-License-Identifier: MIT
#include "sqlite/place.hpp"

#include "sqlite/descriptor.hpp"

#include <cohort/error.hpp>

#include <climits>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cohort::sqlite {
namespace {

[[noreturn]] void refuse(std::string const& path, std::string const& why) {
    throw Error{errc::storage_open, "cannot open \"" + path + "\": " + why};
}

std::string reason(int error) {
    switch (error) {
    case ENOENT:
        return "its directory does not exist; create it first";
    case EACCES:
    case EPERM:
        return "permission denied; the file must belong to this user, and its directory must be writable";
    case ELOOP:
        return "its symbolic links form a loop";
    case EROFS:
        return "its file system is read-only";
    case ENOTDIR:
        return "a part of the path is not a directory";
    case ENAMETOOLONG:
        return "the path is too long";
    default:
        return std::strerror(error);
    }
}

std::string resolve(std::string const& path) {
    std::unique_ptr<char, decltype(&std::free)> const real{::realpath(path.c_str(), nullptr), &std::free};
    return real ? real.get() : "";
}

// File systems whose locks or shared memory do not reach everybody who can open the file.
char const* network_name(long type) noexcept {
    switch (static_cast<unsigned long>(type) & 0xffffffffUL) {
    case 0x6969:
        return "NFS";
    case 0x517b:
        return "SMB";
    case 0xfe534d42:
        return "SMB2";
    case 0xff534d42:
        return "CIFS";
    case 0x01021997:
        return "9P";
    case 0x5346414f:
        return "AFS";
    case 0x73757245:
        return "Coda";
    case 0x564c:
        return "NCP";
    case 0x00c36400:
        return "Ceph";
    case 0x0bd00bd0:
        return "Lustre";
    case 0x01161970:
        return "GFS2";
    case 0x7461636f:
        return "OCFS2";
    case 0x47504653:
        return "GPFS";
    default:
        return nullptr;
    }
}

void check_file_system(std::string const& path) {
    struct statfs info{};
    if (::statfs(path.c_str(), &info) != 0) return;
    char const* const name = network_name(static_cast<long>(info.f_type));
    if (name == nullptr) return;
    throw Error{errc::storage_unsupported_fs,
                "\"" + path + "\" is on a network file system (" + name +
                    "), whose locks cannot be trusted; use a local disk, or a broker "
                    "with a server"};
}

// A regular file, empty or with SQLite's header: what sqlite3_open would find out only after it has touched
// it.
void check_content(std::string const& path, int fd) {
    constexpr std::string_view magic{"SQLite format 3\0", 16};
    struct stat info{};
    if (::fstat(fd, &info) != 0) refuse(path, std::strerror(errno));
    if (S_ISDIR(info.st_mode)) refuse(path, "is a directory; name a file in it");
    if (!S_ISREG(info.st_mode)) refuse(path, "is not a regular file");
    if (info.st_nlink > 1) refuse(path, "has several hard links, which SQLite's locks do not survive");
    if (info.st_size == 0) return;
    std::array<char, 100> header{};
    auto const size = ::pread(fd, header.data(), header.size(), 0);
    std::string_view const found{header.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
    if (!found.starts_with(magic)) {
        throw Error{errc::not_a_queue, "\"" + path + "\" is not an SQLite database; choose another path"};
    }
    if (found.size() < header.size()) {
        throw Error{errc::storage_corrupt,
                    "\"" + path + "\" is cut off inside of its header; restore it from a backup"};
    }
}

}  // namespace

std::string prepare_file(std::string const& path) {
    if (path.empty()) refuse(path, "the path is empty; write sqlite:path.db");
    if (path.find('\0') != path.npos) refuse(path, "the path contains a NUL");
    std::string real = resolve(path);
    if (real.empty() && errno != ENOENT) refuse(path, reason(errno));
    if (real.empty()) {
        auto const slash = path.rfind('/');
        std::string const directory = slash == path.npos ? "." : path.substr(0, slash + 1);
        std::string const file = path.substr(slash == path.npos ? 0 : slash + 1);
        if (file.empty() || file == "." || file == "..") refuse(path, "is a directory; name a file in it");
        std::string const parent = resolve(directory);
        if (parent.empty()) refuse(path, reason(errno));
        check_file_system(parent);
        real = parent == "/" ? parent + file : parent + "/" + file;
        // Only for this user, whatever the umask says. EXCL: two processes may be first.
        Descriptor const made{::open(real.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
        if (!made && errno != EEXIST) refuse(path, reason(errno));
    }
    check_file_system(real);
    // Opening a pipe or a device could block or act: look at it first, and open without blocking.
    struct stat info{};
    if (::stat(real.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
        refuse(path, S_ISDIR(info.st_mode) ? "is a directory; name a file in it" : "is not a regular file");
    }
    Descriptor const file{::open(real.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!file) refuse(path, errno == EISDIR ? "is a directory; name a file in it" : reason(errno));
    check_content(real, file.get());
    return real;
}

std::optional<FileIdentity> identify(std::string const& path) noexcept {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    return FileIdentity{info.st_dev, info.st_ino};
}

std::string boot_id() {
    Descriptor const file{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
    std::array<char, 64> text{};
    auto const size = file ? ::read(file.get(), text.data(), text.size()) : 0;
    std::string id{text.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
    while (!id.empty() && id.back() == '\n')
        id.pop_back();
    return id.empty() ? "unknown" : id;
}

}  // namespace cohort::sqlite
