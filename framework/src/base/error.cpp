// SPDX-License-Identifier: MIT
// The names of the codes, and the texts of errors.
#include <cohort/error.hpp>

#include <utility>

namespace cohort {
namespace {

class Category final : public std::error_category {
public:
    char const* name() const noexcept override { return "cohort"; }
    std::string message(int value) const override { return std::string{to_string(static_cast<errc>(value))}; }
};

}  // namespace

std::string_view to_string(errc code) noexcept {
    // A switch, so that the compiler names the enumerator that was forgotten.
    switch (code) {
#define COHORT_NAME(name)                                                                                    \
    case errc::name:                                                                                         \
        return #name;
        COHORT_NAME(ok)
        COHORT_NAME(unavailable)
        COHORT_NAME(uncertain)
        COHORT_NAME(timed_out)
        COHORT_NAME(busy)
        COHORT_NAME(closed)
        COHORT_NAME(aborted)
        COHORT_NAME(not_supported)
        COHORT_NAME(auth_failed)
        COHORT_NAME(protocol_error)
        COHORT_NAME(broker_unsupported)
        COHORT_NAME(tls_failed)
        COHORT_NAME(storage_open)
        COHORT_NAME(storage_unsupported_fs)
        COHORT_NAME(storage_corrupt)
        COHORT_NAME(storage_full)
        COHORT_NAME(storage_replaced)
        COHORT_NAME(not_a_queue)
        COHORT_NAME(schema_newer)
        COHORT_NAME(invalid_job_name)
        COHORT_NAME(invalid_queue_name)
        COHORT_NAME(invalid_job_id)
        COHORT_NAME(duplicate_job_id)
        COHORT_NAME(duplicate_handler)
        COHORT_NAME(unknown_job)
        COHORT_NAME(job_not_found)
        COHORT_NAME(queue_full)
        COHORT_NAME(invalid_timeout)
        COHORT_NAME(invalid_delay)
        COHORT_NAME(invalid_expiry)
        COHORT_NAME(invalid_retry_policy)
        COHORT_NAME(invalid_priority)
        COHORT_NAME(invalid_concurrency)
        COHORT_NAME(invalid_lease)
        COHORT_NAME(invalid_url)
        COHORT_NAME(invalid_config)
        COHORT_NAME(invalid_schedule)
        COHORT_NAME(invalid_cron)
        COHORT_NAME(cron_never_fires)
        COHORT_NAME(unknown_timezone)
        COHORT_NAME(no_jobs)
        COHORT_NAME(already_started)
        COHORT_NAME(wrong_thread)
        COHORT_NAME(argument_count)
        COHORT_NAME(argument_type)
        COHORT_NAME(argument_range)
        COHORT_NAME(not_representable)
        COHORT_NAME(invalid_utf8)
        COHORT_NAME(payload_too_deep)
        COHORT_NAME(payload_syntax)
        COHORT_NAME(payload_too_large)
        COHORT_NAME(too_many_elements)
        COHORT_NAME(bad_envelope)
        COHORT_NAME(unsupported_codec)
        COHORT_NAME(result_encoding)
        COHORT_NAME(result_too_large)
#undef COHORT_NAME
    }
    return "unknown";
}

std::error_category const& error_category() noexcept {
    static Category const category;
    return category;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

Error::Error(errc code, std::string detail)
    : std::system_error{make_error_code(code)}, which_{code}, detail_{std::move(detail)},
      what_{to_string(code)} {
    if (!detail_.empty()) what_ += ": " + detail_;
}

}  // namespace cohort
