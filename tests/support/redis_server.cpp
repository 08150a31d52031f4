// SPDX-License-Identifier: MIT
#include "support/redis_server.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <random>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace support {
namespace {

std::string find_server(std::string const& program) {
    char const* const path = std::getenv("PATH");
    std::string rest = path == nullptr ? "" : path;
    for (rest += ':'; !rest.empty(); rest.erase(0, rest.find(':') + 1)) {
        auto const candidate = std::filesystem::path{rest.substr(0, rest.find(':'))} / program;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

bool answers(std::string const& path) {
    int const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    bool good = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    std::array<char, 256> reply{};
    good = good && ::write(fd, "PING\r\n", 6) == 6 && ::read(fd, reply.data(), reply.size() - 1) > 0 &&
           (std::strncmp(reply.data(), "+PONG", 5) == 0 || std::strncmp(reply.data(), "-NOAUTH", 7) == 0);
    ::close(fd);
    return good;
}

}  // namespace

int free_port() {
    std::random_device seed;
    std::uniform_int_distribution<int> any{10'000, 21'999};
    for (int tries = 0; tries < 1000; ++tries) {
        if (int const port = any(seed); is_free(port)) return port;
    }
    throw std::runtime_error{"no port is free"};
}

bool is_free(int port) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool const is_bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return is_bound;
}

std::string RedisServer::usual() {
    char const* const chosen = std::getenv("COHORT_REDIS_SERVER");
    return chosen == nullptr ? "redis-server" : chosen;
}

bool RedisServer::is_installed(std::string const& program) {
    return !find_server(program).empty();
}

RedisServer::RedisServer(std::vector<std::string> options) : RedisServer{usual(), std::move(options), {}} {}

std::unique_ptr<RedisServer> RedisServer::of(std::string const& program, std::vector<std::string> options) {
    return std::unique_ptr<RedisServer>{new RedisServer{program, std::move(options), {}}};
}

std::unique_ptr<RedisServer> RedisServer::sentinel(std::string const& lines) {
    return std::unique_ptr<RedisServer>{new RedisServer{usual(), {}, lines}};
}

RedisServer::RedisServer(std::string program, std::vector<std::string> options, std::string const& lines)
    : program_{std::move(program)}, options_{std::move(options)} {
    std::string name = (std::filesystem::temp_directory_path() / "cohort-redis-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
    directory_ = name;
    socket_ = directory_ + "/socket";
    if (!lines.empty()) {
        file_ = directory_ + "/sentinel.conf";
        std::ofstream{file_} << "unixsocket " << socket_ << "\ndir " << directory_ << "\nlogfile "
                             << directory_ << "/log\n"
                             << lines;
    }
    start();
}

RedisServer::~RedisServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void RedisServer::start() {
    std::string const program = find_server(program_);
    std::vector<std::string> words{
        program,  "--port", "0",         "--unixsocket",     socket_, "--dir", directory_,
        "--save", "",       "--logfile", directory_ + "/log"};
    words.insert(words.end(), options_.begin(), options_.end());
    if (!file_.empty()) words = {program, file_, "--sentinel"};
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t const parent = ::getpid();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error{"fork failed"};
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        int const null = ::open("/dev/null", O_RDWR);
        ::dup2(null, 0);
        ::dup2(null, 1);
        ::execv(program.c_str(), arguments.data());
        ::_exit(127);
    }
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!answers(socket_)) {
        bool const has_ended = ::waitpid(process_, nullptr, WNOHANG) == process_;
        if (has_ended) process_ = -1;
        if (has_ended || std::chrono::steady_clock::now() > deadline) {
            std::ostringstream log;
            log << std::ifstream{directory_ + "/log"}.rdbuf();
            throw std::runtime_error{program + (has_ended ? " has ended" : " does not answer") + ": " +
                                     log.str()};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
}

void RedisServer::kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
}

void RedisServer::freeze() {
    ::kill(process_, SIGSTOP);
}

void RedisServer::thaw() {
    ::kill(process_, SIGCONT);
}

std::string RedisServer::ask(std::string const& command) const {
    std::string const line = "redis-cli -s " + socket_ + " " + command + " 2>&1";
    FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"redis-cli cannot be started"};
    std::string answer;
    std::array<char, 4096> part{};
    while (std::size_t const size = std::fread(part.data(), 1, part.size(), pipe))
        answer.append(part.data(), size);
    ::pclose(pipe);
    while (!answer.empty() && answer.back() == '\n')
        answer.pop_back();
    return answer;
}

}  // namespace support
