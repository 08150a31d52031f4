// SPDX-License-Identifier: MIT
// The constructors that take a URL: here, because only this room knows the backends.
#include <cohort/blocking_client.hpp>
#include <cohort/client.hpp>
#include <cohort/open.hpp>
#include <cohort/worker.hpp>

namespace cohort {

Client::Client(std::string_view url, ClientOptions options)
    : Client{Owned{open_broker(url)}, std::move(options)} {}

Client::Client(boost::asio::any_io_executor executor, std::string_view url, ClientOptions options)
    : Client{std::move(executor), Owned{open_broker(url)}, std::move(options)} {}

BlockingClient::BlockingClient(std::string_view url, ClientOptions options)
    : BlockingClient{open_broker(url), std::move(options)} {}

Worker::Worker(std::string_view url, WorkerOptions options) : Worker{open_broker(url), std::move(options)} {}

}  // namespace cohort
