// SPDX-License-Identifier: MIT
#include "redis/link.hpp"

#include "redis/raw.hpp"

#include <hiredis/hiredis.h>
#include <stdexcept>

namespace bench::raw {

namespace {

void free_reply(redisReply* reply) {
    freeReplyObject(reply);
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

}  // namespace bench::raw
