// SPDX-License-Identifier: MIT
#include "broker/desk.hpp"
#include "broker/sender.hpp"
#include "io/loop.hpp"

#include <cohort/client.hpp>

#include <cerrno>
#include <utility>

namespace cohort {

struct Client::Thread {
    io::Loop loop{"cohort-client"};
};

namespace {

std::shared_ptr<Desk> make_desk(std::shared_ptr<Broker> broker, ClientOptions options, bool owns_broker) {
    if (options.deadline <= 0s)
        throw Error{errc::invalid_timeout,
                    "deadline " + to_string(options.deadline) + "; must be more than 0"};
    if (options.call_timeout <= 0s) {
        throw Error{errc::invalid_timeout,
                    "call_timeout " + to_string(options.call_timeout) + "; must be more than 0"};
    }
    if (options.name.empty()) options.name = program_invocation_short_name;
    DeskOptions desk;
    desk.queue = std::move(options.queue);
    desk.policy = options.policy;
    desk.ids = options.ids ? std::move(options.ids) : ulid();
    desk.sender = sender(options.name);
    desk.name = std::move(options.name);
    desk.reply_to = std::move(options.reply_to);
    desk.overdue = options.overdue;
    desk.deadline = options.deadline;
    desk.owns_broker = owns_broker;
    return std::make_shared<Desk>(std::move(broker), std::move(desk));
}

JobHandle handle_of(std::shared_ptr<Desk> desk, JobRef ref, PushResult const& result) {
    switch (result.verdict) {
    case PushVerdict::stored:
        return JobHandle{std::move(desk), std::move(ref), false};
    case PushVerdict::duplicate:
        return JobHandle{std::move(desk), JobRef{ref.queue, result.existing}, true};
    case PushVerdict::uncertain:
        throw Error{errc::uncertain,
                    "job " + to_string(ref) +
                        " may have been stored; enqueue it again with this id: " + result.detail};
    case PushVerdict::refused:
        break;
    }
    throw Error{result.code, "job " + to_string(ref) + " was not stored: " + result.detail};
}

// What a worker would refuse is refused here.
void check_arguments(std::string const& text) {
    JsonDocument document{JsonRole::arguments};
    auto const kind = document.parse(text).kind();
    if (kind == JsonKind::array || kind == JsonKind::object) return;
    throw Error{errc::argument_type, "the arguments of a job are a JSON array or object"};
}

}  // namespace

Client::Client(std::shared_ptr<Broker> broker, ClientOptions options)
    : thread_{std::make_unique<Thread>()}, call_timeout_{options.call_timeout} {
    desk_ = make_desk(std::move(broker), std::move(options), false);
    desk_->set_executor(thread_->loop.executor());
}

Client::Client(Owned broker, ClientOptions options)
    : thread_{std::make_unique<Thread>()}, call_timeout_{options.call_timeout} {
    desk_ = make_desk(std::move(broker.broker), std::move(options), true);
    desk_->set_executor(thread_->loop.executor());
}

Client::Client(boost::asio::any_io_executor executor, std::shared_ptr<Broker> broker, ClientOptions options)
    : call_timeout_{options.call_timeout} {
    desk_ = make_desk(std::move(broker), std::move(options), false);
    desk_->set_executor(std::move(executor));
}

Client::Client(boost::asio::any_io_executor executor, Owned broker, ClientOptions options)
    : call_timeout_{options.call_timeout} {
    desk_ = make_desk(std::move(broker.broker), std::move(options), true);
    desk_->set_executor(std::move(executor));
}

Client::~Client() {
    close();
}
Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
    if (this == &other) return *this;
    close();
    desk_ = std::move(other.desk_);
    thread_ = std::move(other.thread_);
    call_timeout_ = other.call_timeout_;
    return *this;
}

void Client::close() noexcept {
    if (desk_) desk_->close();
}

Broker& Client::broker() const noexcept {
    return desk_->broker();
}

NewJob Client::prepare(detail::JobInfo const& info, EnqueueOptions const& options) const {
    return desk_->prepare(info.name, info.options, options);
}

std::shared_ptr<NewJob> Client::prepare_one(detail::JobInfo const& info,
                                            EnqueueOptions const& options) const {
    return desk_->prepare_one(info.name, info.options, options);
}

std::vector<UnderWay> Client::under_way() const {
    return desk_->under_way();
}
std::optional<UnderWay> Client::under_way(std::string_view id) const {
    return detail::find_under_way(desk_->under_way(), id);
}

Client::Sending::Sending(std::shared_ptr<Desk> desk, JobRef ref)
    : desk_{std::move(desk)}, ref_{std::move(ref)} {
    operation_.refs = &ref_;
    operation_.count = 1;
    desk_->operations().enter(operation_);
}

awaitable<PushResult> Client::Sending::push(std::shared_ptr<NewJob> job) {
    return desk_->push(std::move(job));
}

JobHandle Client::Sending::handle(PushResult const& result) {
    desk_->operations().leave(operation_);
    // Of a repeat the end may have been told before.
    will_be_heard_of_ = result.verdict == PushVerdict::stored && !result.is_repeat;
    if (will_be_heard_of_) return handle_of(desk_, std::move(ref_), result);  // it is not needed any more
    return handle_of(desk_, ref_, result);
}

Client::Sending::~Sending() {
    desk_->operations().leave(operation_);
    if (!will_be_heard_of_) desk_->forget_push(ref_);
}

awaitable<std::vector<JobHandle>> Client::store_all(std::shared_ptr<Desk> desk, std::vector<NewJob> jobs) {
    std::vector<JobRef> refs;
    refs.reserve(jobs.size());
    for (auto const& job : jobs)
        refs.push_back(job.ref);
    std::vector<PushResult> results;
    {
        Listed const listed{desk->operations(), Doing::enqueue, refs};
        results = co_await desk->push_all(std::move(jobs));
    }
    std::vector<JobHandle> handles;
    handles.reserve(refs.size());
    for (std::size_t i = 0; i < refs.size(); ++i) {
        try {
            handles.push_back(handle_of(desk, std::move(refs[i]), results[i]));
        } catch (Error const& error) {
            if (i == 0) throw;
            throw Error{error.which(), "after " + std::to_string(i) + " of " + std::to_string(refs.size()) +
                                           " jobs: " + error.detail()};
        }
    }
    co_return handles;
}

awaitable<std::vector<JobHandle>> Client::enqueue_batch(Batch const& batch) {
    std::vector<NewJob> jobs;
    jobs.reserve(batch.calls_.size());
    for (auto const& call : batch.calls_) {
        NewJob job = prepare(*call.info, call.options);
        job.arguments = call.arguments;
        jobs.push_back(std::move(job));
    }
    return store_all(desk_, std::move(jobs));
}

awaitable<Job<Json>> Client::enqueue_named(std::string_view name, std::string arguments,
                                           EnqueueOptions options) {
    auto job = desk_->prepare_one(name, JobOptions{}, options);
    check_arguments(arguments);
    job->arguments = std::move(arguments);
    return stored<Json>(desk_, std::move(job));
}

void Batch::keep(detail::JobInfo const& info, EnqueueOptions options, std::string arguments) {
    Call call{&info,
              options,
              {std::string{options.id}, std::string{options.queue}, std::string{options.unique}},
              std::move(arguments)};
    call.options.id = call.texts[0];
    call.options.queue = call.texts[1];
    call.options.unique = call.texts[2];
    calls_.push_back(std::move(call));
}

}  // namespace cohort
