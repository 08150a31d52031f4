// SPDX-License-Identifier: MIT
// What is done to each file. Only the worker links this.
#include "files.hpp"

#include <cohort/context.hpp>
#include <cohort/register.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <openssl/evp.h>
#include <string_view>

namespace files {

namespace {

struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    void operator()(EVP_MD_CTX* digest) const noexcept { EVP_MD_CTX_free(digest); }
};

std::string guess_type(std::string_view head, std::string_view path) {
    struct Magic {
        std::string_view bytes;
        char const* type;
    };
    static constexpr Magic magics[] = {{"\x1f\x8b", "gzip"},
                                       {"\x7f"
                                        "ELF",
                                        "elf"},
                                       {"\x89PNG", "png"},
                                       {"%PDF", "pdf"},
                                       {"PK\x03\x04", "zip"},
                                       {"\xfd"
                                        "7zXZ",
                                        "xz"},
                                       {"GIF8", "gif"},
                                       {"\xff\xd8\xff", "jpeg"}};
    for (auto const& magic : magics) {
        if (head.starts_with(magic.bytes)) return magic.type;
    }
    if (head.empty()) return "empty";
    if (head.find('\0') != std::string_view::npos) return "data";
    if (path.ends_with(".html") || path.ends_with(".htm") || head.starts_with("<!DOCTYPE html"))
        return "html";
    if (head.starts_with("#!")) return "script";
    return "text";
}

// Lines and words as wc counts them in the C locale: what is neither space nor printable neither begins nor
// ends a word.
struct Counter {
    std::uint64_t lines = 0;
    std::uint64_t words = 0;
    bool in_word = false;

    void feed(std::string_view bytes) noexcept {
        for (unsigned char const byte : bytes) {
            bool const is_space = byte == ' ' || (byte >= '\t' && byte <= '\r');
            bool const is_printable = byte > ' ' && byte < 0x7f;
            if (byte == '\n') ++lines;
            if (is_space) {
                in_word = false;
            } else if (is_printable && !in_word) {
                in_word = true;
                ++words;
            }
        }
    }
};

std::string hexadecimal(unsigned char const* bytes, unsigned size) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

}  // namespace

Report inspect(cohort::Bytes const& path) {
    std::string const& name = path.str();
    std::unique_ptr<std::FILE, Close> const file{std::fopen(name.c_str(), "rbe")};
    if (!file) throw cohort::Discard{std::string{"cannot open it: "} + std::strerror(errno)};

    std::unique_ptr<EVP_MD_CTX, Close> const digest{EVP_MD_CTX_new()};
    EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
    Report report;
    Counter counter;
    std::array<char, 1 << 16> buffer;
    while (auto const size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        std::string_view const bytes{buffer.data(), size};
        if (report.bytes == 0) report.type = guess_type(bytes.substr(0, 4096), name);
        report.bytes += size;
        counter.feed(bytes);
        EVP_DigestUpdate(digest.get(), bytes.data(), bytes.size());
    }
    if (std::ferror(file.get()) != 0)
        throw std::runtime_error{std::string{"cannot read it: "} + std::strerror(errno)};

    if (report.bytes == 0) report.type = guess_type({}, name);
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum;
    unsigned size = 0;
    EVP_DigestFinal_ex(digest.get(), sum.data(), &size);
    report.lines = counter.lines;
    report.words = counter.words;
    report.sha256 = hexadecimal(sum.data(), size);
    return report;
}

}  // namespace files

COHORT_REGISTER(files::inspect);
