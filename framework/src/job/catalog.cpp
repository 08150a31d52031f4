// SPDX-License-Identifier: MIT
// Jobs by name. Two bodies of one name would make a call's meaning depend on the order of linking: refused.
#include "base/text.hpp"

#include <cohort/catalog.hpp>
#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/register.hpp>

#include <cstdlib>
#include <cxxabi.h>
#include <exception>

namespace cohort {
namespace {

struct Registered {
    Catalog catalog;
    std::exception_ptr problem;  // of the first registration that had one
};

// A local static, since registrations happen before main() in no particular order.
Registered& the_registered() {
    static Registered registered;
    return registered;
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> words;
    for (std::size_t at = list.find_first_not_of(", "); at != std::string_view::npos;) {
        std::size_t const end = list.find_first_of(", ", at);
        words.emplace_back(list.substr(at, end - at));
        at = list.find_first_not_of(", ", end);
    }
    return words;
}

[[noreturn]] void throw_duplicate(std::string_view name, JobEntry const& one, JobEntry const& other) {
    throw Error{errc::duplicate_handler,
                quote(name) + " is defined by " + one.file + " and by " + other.file};
}

// "shop::v1::price" of the type shop::v1::cohort_job_price, as the ABI has it.
std::string full_name(std::type_info const& meta) {
    int status = 0;
    char* const text = abi::__cxa_demangle(meta.name(), nullptr, nullptr, &status);
    std::string name = status == 0 ? text : "";
    std::free(text);
    std::size_t const last = detail::last_component(name);
    if (name.compare(last, detail::meta_prefix.size(), detail::meta_prefix) == 0) {
        name.erase(last, detail::meta_prefix.size());
    }
    return name;
}

std::string with_dots(std::string name) {
    for (std::size_t at = name.find("::"); at != std::string::npos; at = name.find("::")) {
        name.replace(at, 2, ".");
    }
    return name;
}

}  // namespace

std::string_view to_string(BodyKind kind) noexcept {
    switch (kind) {
    case BodyKind::coroutine:
        return "coroutine";
    case BodyKind::plain:
        return "plain";
    case BodyKind::quick:
        return "quick";
    }
    return "?";
}

void Catalog::add(JobEntry entry) {
    check_job_name(entry.name);
    if (JobEntry const* known = find(entry.name)) {
        bool const same = known->name == entry.name && known->body == entry.body;
        if (!same) throw_duplicate(entry.name, *known, entry);
        return;
    }
    for (std::string const& alias : entry.aliases) {
        check_job_name(alias);
        if (JobEntry const* known = find(alias)) throw_duplicate(alias, *known, entry);
    }
    for (std::string const& alias : entry.aliases)
        aliases_.emplace(alias, entry.name);
    std::string name = entry.name;
    entries_.emplace(std::move(name), std::move(entry));
}

void Catalog::add(Catalog const& other) {
    for (auto const& [name, entry] : other.entries_)
        add(entry);
}

JobEntry const* Catalog::find(std::string_view name) const noexcept {
    auto const entry = entries_.find(name);
    if (entry != entries_.end()) return &entry->second;
    auto const alias = aliases_.find(name);
    if (alias == aliases_.end()) return nullptr;
    return &entries_.find(alias->second)->second;
}

std::vector<JobEntry const*> Catalog::entries() const {
    std::vector<JobEntry const*> all;
    all.reserve(entries_.size());
    for (auto const& [name, entry] : entries_)
        all.push_back(&entry);
    return all;
}

Catalog const& Catalog::registered() {
    Registered const& registered = the_registered();
    if (registered.problem) std::rethrow_exception(registered.problem);
    return registered.catalog;
}

namespace detail {

JobEntry describe_entry(JobInfo const& info, std::type_info const& meta, std::string_view file, int line) {
    // Clang leaves inline namespaces out of the name that it gives at compile time, g++ does not; the ABI's
    // name has them.
    if (info.options.name.empty()) {
        std::string const name = full_name(meta);
        if (with_dots(name) != info.name) {
            throw Error{errc::invalid_job_name,
                        name +
                            " is in an inline namespace, which compilers spell differently; "
                            "say .name = \"" +
                            std::string{info.name} + "\""};
        }
    }
    JobEntry entry;
    entry.name = info.name;
    entry.aliases = split(info.options.aliases);
    entry.kind = info.coroutine       ? BodyKind::coroutine
                 : info.options.quick ? BodyKind::quick
                                      : BodyKind::plain;
    entry.options = info.options;
    entry.file = std::string{without_folders(file)} + ':' + std::to_string(line);
    return entry;
}

bool register_job(JobEntry (*entry)(), std::vector<Decorator> (*decorators)()) noexcept {
    Registered& registered = the_registered();
    try {
        JobEntry made = entry();
        made.decorators = decorators();
        registered.catalog.add(std::move(made));
        return true;
    } catch (...) {
        if (!registered.problem) registered.problem = std::current_exception();
        return false;
    }
}

}  // namespace detail
}  // namespace cohort
