// SPDX-License-Identifier: MIT
// The transitions, as scripts that the server runs: the files in lua/, whose heads say keys, arguments and
// results.
#pragma once

#include <string_view>

namespace cohort::redis {

struct Script {
    std::string_view sha;
    std::string_view text;
};

extern Script const push_script;
extern Script const claim_script;
extern Script const tidy_script;
extern Script const succeed_script;
extern Script const report_script;
extern Script const cancel_script;
extern Script const forget_script;
extern Script const read_script;
extern Script const enlist_script;
extern Script const renew_script;
extern Script const retire_script;
extern Script const upkeep_script;
extern Script const info_script;
extern Script const scan_script;
extern Script const purge_script;
extern Script const requeue_script;
extern Script const resume_script;
extern Script const audit_script;
extern Script const intake_script;

}  // namespace cohort::redis
