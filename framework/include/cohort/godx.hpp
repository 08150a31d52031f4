// SPDX-License-Identifier: MIT
// For who moves over from SchedulerGodX: its words for what Cohort has anyway, and the one thing that Cohort
// has not: services that work for clients which have registered. docs/from-schedulergodx.md has both sides
// beside each other.
//
//   auto const clients = std::make_shared<godx::Clients>(open_broker("sqlite:clients.db"));
//   Worker service{broker, godx::service_options("prices")};
//   godx::serve(service, clients);
//
//   Client client{broker, godx::client_options("shop")};
//   co_await godx::initialize(client, 10s);
#pragma once

#include <cohort/client.hpp>
#include <cohort/rabbitmq.hpp>
#include <cohort/worker.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::godx {

// ---- messages

enum class MessageType : std::uint8_t { initialization = 0, info = 1, error = 2, task = 3 };
enum class InfoStatus : std::uint8_t { ok = 0 };
enum class ErrorCode : std::uint8_t {
    bad_initialization = 0,
    incorrect_type = 1,
    unregistered_client = 2,
    invalid_task = 3,  // unknown, or arguments that do not fit
    error_in_task = 4,
    task_timeout = 5,
};

struct Metadata {
    MessageType type = MessageType::task;
    std::string id = {};        // of the task; a reply has that of what it answers
    std::string client = {};    // who asks, or is answered
    std::string task = {};      // of a task: the name of the job function
    std::string reply_to = {};  // of what asks: the address of its client
    std::uint8_t status = 0;    // of a reply: an InfoStatus or an ErrorCode, by the type

    bool operator==(Metadata const&) const = default;
};

struct Message {
    Metadata metadata;
    std::string arguments = "[]";  // JSON. Of an info: the result; of an error: its text, as a JSON string

    // The typed content. Throws Error where it is of another type.
    template<class T>
    T content() const {
        return detail::typed_value<T>(arguments);
    }
    bool operator==(Message const&) const = default;
};

// The builders. An id that is "" becomes a ULID. Arguments are JSON text.
Message task(std::string client, std::string reply_to, std::string name, std::string arguments = "[]",
             std::string id = {});
Message initialization(std::string client, std::string reply_to, bool enable_overdue = true,
                       std::string id = {});
Message info(std::string client, std::string id, std::string result = "null");
Message error(std::string client, std::string id, ErrorCode code, std::string_view text);

// To what travels and back: assembled tasks and initializations may be sent with rabbitmq::publish(). A
// message that is none of the four throws Error(bad_envelope).
rabbitmq::RawMessage assemble(Message const& message);
Message disassemble(rabbitmq::RawMessage const& raw);

// The reply to a job, as its handle tells it: job.ending(timeout), AsCompleted, …
Message reply_of(std::string client, JobRef const& job, Ending const& ending);
// Of a job that has ended, and not with a result.
ErrorCode code_of(Ending const& ending);
// It was not run because its client is not registered any more.
bool is_orphan(Ending const& ending);
// It was not run because it could not start in time: it has expired, or the service has refused it for a
// client that registered without overdue.
bool is_overdue(Ending const& ending);

// ---- clients and services

// Queue "client-service", replies to "service-client.NAME", so that the name is to be one client's alone; 3 s
// for each run. Without overdue a job that could not start within a second of its time ends as expired.
ClientOptions client_options(std::string name, bool enable_overdue = true);
// Queue "client-service".
WorkerOptions service_options(std::string name);

// What a service answers with an error.
class Refused : public std::runtime_error {
public:
    Refused(ErrorCode code, std::string const& text) : std::runtime_error{text}, code_{code} {}
    ErrorCode code() const noexcept { return code_; }

private:
    ErrorCode code_;
};

// Who may ask. They are kept as jobs that nobody takes, in the queue "godx.clients" of any broker that
// knows its jobs' states: sqlite:, redis:, memory:. Thread-safe.
class Clients {
public:
    // Throws Error(not_supported).
    explicit Clients(std::shared_ptr<Broker> store);

    enum class Standing : std::uint8_t { unknown, registered, removed };
    struct Entry {
        Standing standing = Standing::unknown;
        bool enable_overdue = true;
    };

    // Again, it replaces what was said before. Names are like ids of jobs. Throws Error: invalid_job_id, …
    awaitable<void> add(std::string name, bool enable_overdue = true);
    // Its jobs that have not begun will end as orphans.
    awaitable<void> remove(std::string name);
    awaitable<Entry> find(std::string name);

private:
    std::shared_ptr<Broker> const store_;
};

// The worker answers initializations, and runs the jobs of registered clients only; all others fail with
// unregistered_client. For a client that registered without overdue, no job is begun more than a second
// behind its time: it fails for good, and is_overdue() tells that it did. Before run(). The client's name is
// that of its ClientOptions.
void serve(Worker& worker, std::shared_ptr<Clients> clients);

// Asks the service of the client's queue to register it. Throws Refused, or Error(timed_out).
awaitable<void> initialize(Client& client, Duration timeout, bool enable_overdue = true);

}  // namespace cohort::godx
