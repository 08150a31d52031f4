// SPDX-License-Identifier: MIT
// Paths that lead to no queue file: each is refused with a text that says why, and nothing is changed.
#include "support.hpp"

#include <cohort/inspector.hpp>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace place_test {

using namespace cohort;
using namespace test;

namespace {

struct Refusal {
    errc code = errc::ok;
    std::string text;
};

Refusal refusal(std::string const& path) {
    try {
        open("sqlite:" + path);
    } catch (Error const& error) {
        return {error.which(), error.what()};
    }
    return {};
}

std::string content(std::string const& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write(std::string const& path, std::string_view text) {
    std::ofstream{path, std::ios::binary} << text;
}

void execute(std::string const& path, std::string const& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    char* text = nullptr;
    int const code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &text);
    INFO((text == nullptr ? "" : text));
    CHECK(code == SQLITE_OK);
    sqlite3_free(text);
    sqlite3_close(handle);
}

// A queue file with a job in it, as it lies on the disk when nobody uses it.
std::string make_queue(TempDirectory const& directory) {
    auto const path = directory.file("q.db");
    auto broker = open("sqlite:" + path);
    run(broker->push({make_job("a")}));
    broker.reset();
    return path;
}

#define CHECK_REFUSED(path, expected_code, words)                                                            \
    do {                                                                                                     \
        auto const refused = refusal(path);                                                                  \
        INFO(refused.text);                                                                                  \
        CHECK(refused.code == (expected_code));                                                              \
        CHECK_THAT(refused.text, Catch::Contains(words));                                                    \
    } while (false)

}  // namespace

TEST_CASE("a path that can be no file is refused and says why", "[F60][B38]") {
    TempDirectory directory;
    CHECK_REFUSED(directory.path(), errc::storage_open, "is a directory");
    CHECK_REFUSED(directory.file("absent/q.db"), errc::storage_open, "directory does not exist");
    CHECK_REFUSED(directory.file(""), errc::storage_open, "is a directory");
    CHECK_REFUSED("/dev/null", errc::storage_open, "is not a regular file");
    CHECK_REFUSED("/proc/version/q.db", errc::storage_open, "not a directory");
    CHECK_REFUSED(directory.file(std::string(300, 'x')), errc::storage_open, "too long");

    auto const pipe = directory.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_REFUSED(pipe, errc::storage_open, "is not a regular file");

    auto const loop = directory.file("loop");
    REQUIRE(::symlink("loop", loop.c_str()) == 0);
    CHECK_REFUSED(loop, errc::storage_open, "form a loop");

    CHECK_THROWS_AS(open("sqlite:"), Error);
}

TEST_CASE("a file that may not be read or written is refused", "[F60][B38]") {
    TempDirectory directory;
    auto const path = make_queue(directory);
    if (::geteuid() == 0) {
        WARN("the superuser may do everything: not tried");
        return;
    }
    REQUIRE(::chmod(path.c_str(), 0000) == 0);
    CHECK_REFUSED(path, errc::storage_open, "permission denied");
    REQUIRE(::chmod(path.c_str(), 0400) == 0);
    CHECK_REFUSED(path, errc::storage_open, "permission denied");
}

TEST_CASE("a file of another program is refused and left as it is", "[F60][B38]") {
    TempDirectory directory;
    auto const text = directory.file("text");
    write(text, "dear diary");
    CHECK_REFUSED(text, errc::not_a_queue, "is not an SQLite database");
    CHECK(content(text) == "dear diary");

    auto const foreign = directory.file("foreign.db");
    execute(foreign, "CREATE TABLE songs (title); PRAGMA user_version = 7");
    auto const before = content(foreign);
    CHECK_REFUSED(foreign, errc::not_a_queue, "of another program");
    CHECK(content(foreign) == before);
    CHECK(::access((foreign + "-wal").c_str(), F_OK) != 0);

    auto const linked = make_queue(directory);
    REQUIRE(::link(linked.c_str(), directory.file("second-name.db").c_str()) == 0);
    CHECK_REFUSED(linked, errc::storage_open, "hard links");
}

TEST_CASE("a damaged file is refused and left as it is", "[F60][B38]") {
    TempDirectory directory;
    auto const path = make_queue(directory);
    auto const whole = content(path);
    REQUIRE(whole.size() > 8192);

    auto damaged = [&](std::string bytes, errc code) {
        write(path, bytes);
        INFO(refusal(path).text);
        CHECK(refusal(path).code == code);
        CHECK(content(path) == bytes);
    };
    damaged(whole.substr(0, 50), errc::storage_corrupt);
    damaged(whole.substr(0, 4096), errc::storage_corrupt);
    auto header = whole;
    header[3] = 'x';
    damaged(header, errc::not_a_queue);
    header = whole;
    header.replace(16, 10, 10, '\xff');  // the size of a page, and what is around it
    damaged(header, errc::storage_corrupt);
    auto schema = whole;
    schema.replace(100, 3000, 3000, '\xa5');
    damaged(schema, errc::storage_corrupt);
}

TEST_CASE("an empty file becomes a queue") {
    TempDirectory directory;
    auto const path = directory.file("q.db");
    write(path, "");
    CHECK(refusal(path).code == errc::ok);
}

TEST_CASE("a file of a later version is refused and left as it is", "[F60]") {
    TempDirectory directory;
    auto const path = make_queue(directory);
    execute(path, "PRAGMA user_version = 99");
    auto const before = content(path);
    CHECK_REFUSED(path, errc::schema_newer, "has schema 99");
    CHECK(content(path) == before);
}

TEST_CASE("all files of a queue are the user's alone, whatever the umask") {
    TempDirectory directory;
    auto const old = ::umask(0);
    auto const path = directory.file("q.db");
    auto broker = open("sqlite:" + path);
    run(broker->enlist(make_worker("w1")));
    auto params = make_claim("w1", 1);
    params.wait = 10ms;
    run(broker->claim(params));
    WatchParams watch{"tester", 0s};
    run(broker->watch(watch));
    ::umask(old);

    int files = 0;
    for (auto const& entry : std::filesystem::recursive_directory_iterator{directory.path()}) {
        struct stat info{};
        REQUIRE(::stat(entry.path().c_str(), &info) == 0);
        INFO(entry.path());
        CHECK((info.st_mode & 077) == 0);
        ++files;
    }
    CHECK(files == 7);  // database, wal, shm, lock, the folder of bells, a queue's and a client's
}

TEST_CASE("no descriptor of a broker outlives exec", "[F23]") {
    TempDirectory directory;
    auto broker = open("sqlite:" + directory.file("q.db"));
    run(broker->enlist(make_worker("w1")));
    run(broker->renew({"w1", {}}));
    run(broker->status({{"default", "a"}}));
    run(broker->inspector()->queues());
    auto params = make_claim("w1", 1);
    params.wait = 10ms;
    run(broker->claim(params));

    for (auto const& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        std::error_code ignored;
        auto const target = std::filesystem::read_symlink(entry.path(), ignored).string();
        if (target.find(directory.path()) == target.npos) continue;
        int const fd = std::stoi(entry.path().filename());
        INFO(target);
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST_CASE("a URL says what it may not") {
    CHECK(code_of([]() -> awaitable<void> {
              open("sqlite:q.db?durability=sometimes");
              co_return;
          }()) == errc::invalid_url);
    CHECK_THROWS_WITH(open("sqlite:q.db?durabilty=full"), Catch::Contains("durability"));
    CHECK_THROWS_WITH(open("sqlite://host/q.db"), Catch::Contains("a file has no host"));
}

}  // namespace place_test
