// SPDX-License-Identifier: MIT
// A redis-server of the test's own, on a socket file in a directory of its own.
#pragma once

#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

// A TCP port that nobody listens on just now, and that the system gives to nobody who connects: 10,000 to
// 21,999. The ports 10,000 above those are given to nobody either.
int free_port();
bool is_free(int port);

// Ends with the object, and with the test program however that ends.
class RedisServer {
public:
    // Starts it and waits until it answers. Throws std::runtime_error.
    explicit RedisServer(std::vector<std::string> options = {});
    // The same of another program that speaks the protocol: "valkey-server", "keydb-server".
    static std::unique_ptr<RedisServer> of(std::string const& program, std::vector<std::string> options = {});
    // A sentinel, with these lines in its file.
    static std::unique_ptr<RedisServer> sentinel(std::string const& lines);
    ~RedisServer();
    RedisServer(RedisServer const&) = delete;
    RedisServer& operator=(RedisServer const&) = delete;

    // "redis-server", or what COHORT_REDIS_SERVER in the environment names instead.
    static std::string usual();
    // False where none is installed: such tests are skipped, aloud.
    static bool is_installed(std::string const& program = usual());

    std::string const& socket() const noexcept { return socket_; }
    // Where it keeps its files.
    std::string const& folder() const noexcept { return directory_; }
    std::string url(std::string const& parameters = {}) const {
        return "redis+unix:" + socket_ + (parameters.empty() ? "" : "?" + parameters);
    }
    // The server is gone at once (SIGKILL), and comes back empty, or with what it had written.
    void kill();
    void start();
    bool is_running() const noexcept { return process_ > 0; }
    // SIGSTOP and SIGCONT.
    void freeze();
    void thaw();
    // What the server answers to a command, as redis-cli shows it.
    std::string ask(std::string const& command) const;

private:
    RedisServer(std::string program, std::vector<std::string> options, std::string const& lines);

    std::string program_;

    std::string directory_;
    std::string socket_;
    std::vector<std::string> options_;
    std::string file_;  // of a sentinel
    pid_t process_ = -1;
};

}  // namespace support
