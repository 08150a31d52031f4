// SPDX-License-Identifier: MIT
// Does with the jobs what a client does, at -O0 -g too: clang then describes whatever template argument
// reaches code.
#include "jobs.hpp"

#include <cstdio>

using namespace cohort::detail;

namespace {

// As the entry points of a client are: the function is a template argument here, and the metadata struct from
// here on.
template<auto J, class... A>
COHORT_NODEBUG std::string call(A&&... args) {
    using Meta = meta_of<J>;
    std::string text{info<Meta>().name};
    encode_arguments<Meta>(text, args...);
    return text;
}

template<auto J>
COHORT_NODEBUG auto result(std::string_view json) {
    return decode_result<result_of<meta_of<J>>>(json);
}

bool check(std::string const& text, std::string_view expected) {
    if (text == expected) return true;
    std::printf("%s\n", text.c_str());
    return false;
}

}  // namespace

int main() {
    absent::Order const order{"tea", 2};
    bool good = check(call<absent::add>(1, 2), "absent.add[1,2]");
    good &= check(call<absent::price>(order), R"(absent.price{"order":{"sku":"tea","quantity":2}})");
    good &= check(call<absent::quick>(), "absent.quick[]");
    good &= check(call<absent::resize_px>(1, 2), R"(absent.resize_px{"w":1,"h":2})");
    good &= check(call<absent::scale_double>(1.5), "absent.scale_double[1.5]");
    good &= check(result<absent::price>(R"({"sku":"tea","quantity":3})").sku, "tea");
    good &= result<absent::add>("5") == 5;
    result<absent::quick>("null");
    return good ? 0 : 1;
}
