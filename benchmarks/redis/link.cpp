// SPDX-License-Identifier: MIT
#include "redis/link.hpp"

#include "jobs.hpp"
#include "redis/raw.hpp"

#include <charconv>
#include <cstdio>
#include <hiredis/hiredis.h>
#include <stdexcept>

namespace bench::raw {

namespace {

void free_reply(redisReply* reply) {
    freeReplyObject(reply);
}

int number_of(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Link::Link(Case const& what) : context_{redisConnect("127.0.0.1", redis_port(what))} {
    if (context_ == nullptr || context_->err != 0) throw std::runtime_error{"cannot connect to the server"};
}

Link::~Link() {
    redisFree(context_);
}

void Link::send(Words const& words) {
    thread_local std::vector<char const*> texts;
    thread_local std::vector<std::size_t> sizes;
    texts.clear();
    sizes.clear();
    for (auto const word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_, static_cast<int>(words.size()), texts.data(), sizes.data());
}

Link::Reply Link::read() {
    void* reply = nullptr;
    if (redisGetReply(context_, &reply) != REDIS_OK)
        throw std::runtime_error{std::string{"the connection broke: "} + context_->errstr};
    Reply owned{static_cast<redisReply*>(reply), free_reply};
    if (owned->type == REDIS_REPLY_ERROR) throw std::runtime_error{owned->str};
    return owned;
}

std::string Link::load(std::string_view script) {
    return ask({"SCRIPT", "LOAD", script})->str;
}

std::string job(std::uint64_t n) {
    auto const [text, a, b] = arguments(n);
    char line[200];
    int const size = std::snprintf(line, sizeof line, "%026llu [\"%s\",%d,%d]",
                                   static_cast<unsigned long long>(n), text.c_str(), a, b);
    return {line, static_cast<std::size_t>(size)};
}

std::string answer(std::string_view job) {
    // 0…0123 ["xxx…",123456,654321]: the job itself.
    auto const space = job.find(' ');
    auto const quote = job.rfind('"');
    auto const comma = job.rfind(',');
    auto const length = static_cast<int>(quote - space - 3);
    int const sum = length + number_of(job.substr(quote + 2)) + number_of(job.substr(comma + 1));
    return std::string{job.substr(0, space + 1)} + std::to_string(sum);
}

std::uint64_t check_answer(std::string_view answer) {
    auto const space = answer.find(' ');
    std::uint64_t n = 0;
    std::from_chars(answer.data(), answer.data() + space, n);
    check(n, number_of(answer.substr(space + 1)));
    return n;
}

}  // namespace bench::raw
